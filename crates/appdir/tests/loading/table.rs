//! The table of what is loaded, ignored or refused, row by row, where no other file has the row.

use insta::assert_snapshot;

use crate::app_dir::AppDir;

#[test]
fn other_providers_are_kept_and_named_once() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"anon-user":{},"oauth2-apple":{"disabled":false},"oauth2-facebook":{"disabled":true}}"#,
    );
    assert_eq!(dir.app().providers.len(), 3);
    let enabled = "ignored: enabled, but Doorward does not offer it (auth/providers.json)";
    assert_eq!(dir.lines("provider \"anon-user\""), [enabled]);
    assert_eq!(dir.lines("provider \"oauth2-apple\""), [enabled]);
    assert_eq!(
        dir.lines("provider \"oauth2-facebook\""),
        ["ignored: disabled (auth/providers.json)"]
    );
}

#[test]
fn a_provider_whose_function_does_not_exist_is_an_error() {
    let dir = AppDir::userpass(r#"{"runConfirmationFunction":true,"confirmationFunctionName":"gone"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/providers.json: confirmation calls the function "gone", which does not exist, at `/local-userpass/config/confirmationFunctionName`, line 1, column 88. Add the function "gone" to the functions folder, or correct the name."#);
    let dir = AppDir::userpass(r#"{"runResetFunction":true,"resetFunctionId":"5f60207f14dfb25d23101102"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/providers.json: password reset calls the function "5f60207f14dfb25d23101102", which does not exist, at `/local-userpass/config/resetFunctionId`, line 1, column 72. Add the function "5f60207f14dfb25d23101102" to the functions folder, or correct the name."#);
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"custom-function":{"config":{"authFunctionName":"gone"}}}"#,
    );
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/providers.json: provider "custom-function" calls the function "gone", which does not exist, at `/custom-function/config/authFunctionName`, line 1, column 50. Add the function "gone" to the functions folder, or correct the name."#);
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"custom-function":{"disabled":true,"config":{"authFunctionName":"gone"}}}"#,
    );
    assert!(dir.load().is_ok());
}

#[test]
fn a_login_function_must_be_named_where_it_is_offered() {
    let with = |provider: &str| {
        AppDir::v2()
            .file("auth/providers.json", provider)
            .file("functions/f.js", "")
    };
    assert_snapshot!(with(r#"{"custom-function":{"config":{"authFunctionName":""}}}"#).error(), @r#"failed to parse APP/auth/providers.json: provider "custom-function" has no `authFunctionName` at `/custom-function/config`, line 1, column 30. Add `authFunctionName`: the function that says who somebody is."#);
    assert_snapshot!(with(r#"{"custom-function":{"disabled":false}}"#).error(), @r#"failed to parse APP/auth/providers.json: provider "custom-function" has no `authFunctionName` at `/custom-function/config`, line 1, column 20. Add `authFunctionName`: the function that says who somebody is."#);
    let named = r#"{"custom-function":{"config":{"authFunctionName":"f"}}}"#;
    assert_eq!(with(named).app().login_function.as_deref(), Some("f"));
    let disabled = r#"{"custom-function":{"disabled":true,"config":{"authFunctionName":"f"}}}"#;
    assert_eq!(with(disabled).app().login_function, None);
    let silent = r#"{"custom-function":{"disabled":true}}"#;
    assert_eq!(with(silent).app().login_function, None);
}

#[test]
fn a_function_method_without_a_name_is_an_error() {
    assert_snapshot!(AppDir::userpass(r#"{"runConfirmationFunction":true,"confirmationFunctionName":""}"#).error(), @"failed to parse APP/auth/providers.json: the confirmation runs a function, but `confirmationFunctionName` is empty at `/local-userpass/config/confirmationFunctionName`, line 1, column 88. Write the name of the function in `confirmationFunctionName`, or switch to e-mail.");
    assert_snapshot!(AppDir::userpass(r#"{"runResetFunction":true}"#).error(), @"failed to parse APP/auth/providers.json: the password reset runs a function, but `resetFunctionName` is empty at `/local-userpass/config/resetFunctionName`, line 1, column 29. Write the name of the function in `resetFunctionName`, or switch to e-mail.");
}

#[test]
fn two_things_of_one_name_are_an_error() {
    let dir = AppDir::v2()
        .file("values/a.json", r#"{"name":"v","value":1}"#)
        .file("values/b.json", r#"{"name":"v","value":2}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse APP/values/b.json: a second value is called "v" at `/name`, line 1, column 9. Rename or remove one of the two."#);
    let dir = AppDir::empty()
        .file("config.json", r#"{"config_version":1,"app_id":"a"}"#)
        .file("auth_providers/a.json", r#"{"name":"api-key","type":"api-key"}"#)
        .file("auth_providers/b.json", r#"{"name":"api-key","type":"api-key"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth_providers/b.json: a second provider is called "api-key" at `/name`, line 1, column 9. Remove one of the two."#);
}

#[test]
fn features_that_doorward_lacks_take_one_line_each() {
    for (file, what) in [
        ("data_sources/m/config.json", "data sources"),
        ("graphql/custom_resolvers/r.json", "GraphQL"),
        ("hosting/metadata.json", "hosting"),
        ("http_endpoints/config.json", "HTTPS endpoints"),
        ("https_endpoints/config.json", "HTTPS endpoints"),
        ("log_forwarders/l.json", "log forwarders"),
        ("services/s/incoming_webhooks/w/config.json", "services"),
        ("sync/config.json", "sync"),
        ("data_api_config.json", "data API"),
        ("https_endpoints/data_api_config.json", "data API"),
    ] {
        let dir = AppDir::v2()
            .file(file, "{}")
            .file(&file.replace(".json", "2.json"), "{}");
        let lines = dir.lines(what);
        assert!(
            lines.len() == 1 && lines[0].starts_with("ignored: "),
            "{file}: {lines:?}"
        );
        assert!(dir.load().is_ok());
    }
}

#[test]
fn other_triggers_are_ignored_and_their_functions_stay() {
    let dir = AppDir::v2()
        .file("functions/f.js", "")
        .file(
            "triggers/d.json",
            r#"{"name":"d","type":"DATABASE","function_name":"gone"}"#,
        )
        .file(
            "triggers/s.json",
            r#"{"name":"s","type":"SCHEDULED","function_name":"f"}"#,
        )
        .file("triggers/x.json", r#"{"name":"x"}"#);
    assert_eq!(dir.app().functions.len(), 1);
    assert_snapshot!(dir.lines("trigger \"d\"").join("\n"), @"ignored: Doorward runs no DATABASE triggers; the function stays (triggers/d.json)");
    assert_snapshot!(dir.lines("trigger \"s\"").join("\n"), @"ignored: Doorward runs no SCHEDULED triggers; the function stays (triggers/s.json)");
    assert_snapshot!(dir.lines("trigger \"x\"").join("\n"), @"ignored: it has no `type` (triggers/x.json)");
}

#[test]
fn custom_user_data_is_kept_and_has_no_effect() {
    let dir = AppDir::v2().file(
        "auth/custom_user_data.json",
        r#"{"enabled":true,"mongo_service_id":"m"}"#,
    );
    assert_eq!(dir.app().custom_user_data.unwrap().service_name.as_deref(), Some("m"));
    assert_snapshot!(dir.lines("custom user data").join("\n"), @"ignored: enabled, but Doorward has no data source: users get an empty object (auth/custom_user_data.json)");
}

#[test]
fn service_names_come_from_the_file_or_the_folder() {
    let dir = AppDir::v2()
        .file("data_sources/a/config.json", r#"{"name":"mongodb-atlas"}"#)
        .file("data_sources/a/db/coll/schema.json", "{}")
        .file("services/b/config.json", "broken");
    let names: Vec<_> = dir.app().service_names.into_iter().collect();
    assert_eq!(names, ["b", "mongodb-atlas"]);
}

#[test]
fn broken_json_is_an_error_only_where_it_is_loaded() {
    for file in [
        "auth/providers.json",
        "functions/config.json",
        "triggers/t.json",
        "values/v.json",
        "secrets.json",
    ] {
        let error = AppDir::v2().file(file, "{").error();
        assert!(
            error.starts_with(&format!("failed to parse APP/{file}: EOF while parsing")),
            "{error}"
        );
    }
    let dir = AppDir::v2()
        .file("graphql/config.json", "{\"a\":}")
        .file("README.md", "{")
        .file("notes.json", "{");
    assert!(dir.load().is_ok());
    assert_eq!(
        dir.lines("broken file"),
        ["warning: expected value at `/a`, line 1, column 6; the file is not used (graphql/config.json)"]
    );
    assert_eq!(dir.report().warnings.len(), 1);
}

#[test]
fn files_of_another_format_are_named() {
    let dir = AppDir::v2()
        .file("auth/providers.json", "{}")
        .file("auth_providers/api-key.json", "{}");
    assert_snapshot!(dir.lines("providers of another format").join("\n"), @"ignored: providers are read from auth/providers.json (auth_providers/api-key.json)");
}
