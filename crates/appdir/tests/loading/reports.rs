//! The report, for people and for machines.

use std::path::Path;

use doorward_appdir::{LoadOptions, check, load};
use insta::assert_snapshot;
use serde_json::Value;

use crate::app_dir::{AppDir, fixture, redact};

fn text(dir: &Path) -> String {
    redact(&check(dir, &LoadOptions::default()).to_string(), dir)
}

/// The report for machines, with one entry to a line.
fn json(dir: &Path) -> String {
    let report = serde_json::to_value(check(dir, &LoadOptions::default())).unwrap();
    let mut lines = Vec::new();
    for (key, value) in report.as_object().unwrap() {
        match value {
            Value::Array(items) => lines.extend(items.iter().map(|item| format!("{key}[]: {item}"))),
            Value::Object(entries) => {
                lines.extend(entries.iter().map(|(name, item)| format!("{key}.{name}: {item}")));
            }
            other => lines.push(format!("{key}: {other}")),
        }
    }
    redact(&lines.join("\n"), dir)
}

fn notes() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/notes")
        .canonicalize()
        .unwrap()
}

#[test]
fn the_report_of_a_v1_export() {
    assert_snapshot!(text(&fixture("v1")), @r#"
    shop-abcde (V1 export, shop)
    APP

    Works
      e-mail/password accounts  enabled
      confirmation              by the function "confirmFunc"
      password reset            by e-mail with the built-in subject; the link leads to https://shop.example.com/reset
      values                    twilioToken
      secrets                   __oauth2-google_clientSecret, __twilio_svc_auth_token (secrets.json)
      web origins               only http://localhost:8080
      1 function                confirmFunc
      trigger "onNewUser"       on CREATE of accounts by local-userpass, the function "confirmFunc"

    Warnings
      secrets                   it holds secrets in plain text; move them to --secrets and remove it (secrets.json)

    Ignored
      hosting                   Doorward serves no files of apps (config.json)
      provider "oauth2-google"  enabled, but Doorward does not offer it (auth_providers/oauth2-google.json)
      custom user data          enabled, but Doorward has no data source: users get an empty object (config.json)
      services                  third-party services and incoming webhooks are not offered (services)

    No errors.
    "#);
    assert_snapshot!(json(&fixture("v1")), @r#"
    app.client_app_id: "shop-abcde"
    app.confirmation: {"method":"function","with":"confirmFunc"}
    app.environment: "no-environment"
    app.format: "V1"
    app.functions: ["confirmFunc"]
    app.name: "shop"
    app.reset: {"method":"email","with":{"subject":null,"url":"https://shop.example.com/reset"}}
    app.root: "APP"
    ignored[]: {"path":"config.json","what":"hosting","why":"Doorward serves no files of apps"}
    ignored[]: {"path":"auth_providers/oauth2-google.json","what":"provider \"oauth2-google\"","why":"enabled, but Doorward does not offer it"}
    ignored[]: {"path":"config.json","what":"custom user data","why":"enabled, but Doorward has no data source: users get an empty object"}
    ignored[]: {"path":"services","what":"services","why":"third-party services and incoming webhooks are not offered"}
    warnings[]: {"path":"secrets.json","what":"secrets","why":"it holds secrets in plain text; move them to --secrets and remove it"}
    works[]: {"what":"e-mail/password accounts","why":"enabled"}
    works[]: {"what":"confirmation","why":"by the function \"confirmFunc\""}
    works[]: {"what":"password reset","why":"by e-mail with the built-in subject; the link leads to https://shop.example.com/reset"}
    works[]: {"what":"values","why":"twilioToken"}
    works[]: {"path":"secrets.json","what":"secrets","why":"__oauth2-google_clientSecret, __twilio_svc_auth_token"}
    works[]: {"what":"web origins","why":"only http://localhost:8080"}
    works[]: {"what":"1 function","why":"confirmFunc"}
    works[]: {"what":"trigger \"onNewUser\"","why":"on CREATE of accounts by local-userpass, the function \"confirmFunc\""}
    "#);
}

#[test]
fn the_report_of_a_v2_export() {
    assert_snapshot!(text(&fixture("v2")), @r#"
    tasks-abcde (V2 export, tasks, development)
    APP

    Works
      e-mail/password accounts           enabled
      confirmation                       by e-mail with the subject "Welcome to tasks"; the link leads to http://dev.example.com/confirm
      password reset                     by the function "resetFunc"
      environment                        development, 2 values
      values                             greeting, mailKey
      web origins                        only https://dev.example.com
      3 functions                        resetFunc, utils/add, unlisted
      trigger "onNewUser"                on CREATE, DELETE of accounts by local-userpass, the function "unlisted"

    Warnings
      emailConfirmationUrl               it is plain http: whoever carries the traffic can read the token and use it (auth/providers.json)
      broken file                        trailing comma at line 1, column 20; the file is not used (data_sources/mongodb-atlas/tasks/items/schema.json)

    Ignored
      environment file                   no environment of this name exists (environments/staging.json)
      provider "anon-user"               enabled, but Doorward does not offer it (auth/providers.json)
      provider "api-key"                 disabled (auth/providers.json)
      provider "auth_collection"         it is not an object, so it is no provider (auth/providers.json)
      provider "custom-token"            enabled, but Doorward does not offer it (auth/providers.json)
      config of "local-userpass"         unknown keys: `emailConfirmationURL` (auth/providers.json)
      trigger "nightly"                  Doorward runs no SCHEDULED triggers; the function stays (triggers/nightly.json)
      event processor "AWS_EVENTBRIDGE"  triggers call functions only (triggers/onNewUser.json)
      data sources                       Doorward keeps accounts, not data (data_sources)
      GraphQL                            Doorward keeps accounts, not data (graphql)
      hosting                            Doorward serves no files of apps (hosting)
      HTTPS endpoints                    not offered; if the link of a mail leads to one, clear that link for the page that Doorward hosts (http_endpoints)
      log forwarders                     Doorward writes its own logs (log_forwarders)
      sync                               Doorward keeps accounts, not data (sync)
      data API                           Doorward keeps accounts, not data (http_endpoints/data_api_config.json)

    Missing
      function "gone"                    the manifest names it, but functions/gone.js does not exist (functions/config.json)
      package "axios"                    required by resetFunc; it is not built in, and not in functions/node_modules (functions)
      secret "signingKey"                the provider "custom-token" reads it, and exports hold no secrets; provide it with --secrets (auth/providers.json)
      secret "mailKeySecret"             the value "mailKey" reads it, and exports hold no secrets; provide it with --secrets (values/mailKey.json)

    No errors.
    "#);
    assert_snapshot!(json(&fixture("v2")), @r#"
    app.client_app_id: "tasks-abcde"
    app.confirmation: {"method":"email","with":{"subject":"Welcome to tasks","url":"http://dev.example.com/confirm"}}
    app.environment: "development"
    app.format: "V2"
    app.functions: ["resetFunc","utils/add","unlisted"]
    app.name: "tasks"
    app.reset: {"method":"function","with":"resetFunc"}
    app.root: "APP"
    ignored[]: {"path":"environments/staging.json","what":"environment file","why":"no environment of this name exists"}
    ignored[]: {"path":"auth/providers.json","what":"provider \"anon-user\"","why":"enabled, but Doorward does not offer it"}
    ignored[]: {"path":"auth/providers.json","what":"provider \"api-key\"","why":"disabled"}
    ignored[]: {"path":"auth/providers.json","what":"provider \"auth_collection\"","why":"it is not an object, so it is no provider"}
    ignored[]: {"path":"auth/providers.json","what":"provider \"custom-token\"","why":"enabled, but Doorward does not offer it"}
    ignored[]: {"path":"auth/providers.json","what":"config of \"local-userpass\"","why":"unknown keys: `emailConfirmationURL`"}
    ignored[]: {"path":"triggers/nightly.json","what":"trigger \"nightly\"","why":"Doorward runs no SCHEDULED triggers; the function stays"}
    ignored[]: {"path":"triggers/onNewUser.json","what":"event processor \"AWS_EVENTBRIDGE\"","why":"triggers call functions only"}
    ignored[]: {"path":"data_sources","what":"data sources","why":"Doorward keeps accounts, not data"}
    ignored[]: {"path":"graphql","what":"GraphQL","why":"Doorward keeps accounts, not data"}
    ignored[]: {"path":"hosting","what":"hosting","why":"Doorward serves no files of apps"}
    ignored[]: {"path":"http_endpoints","what":"HTTPS endpoints","why":"not offered; if the link of a mail leads to one, clear that link for the page that Doorward hosts"}
    ignored[]: {"path":"log_forwarders","what":"log forwarders","why":"Doorward writes its own logs"}
    ignored[]: {"path":"sync","what":"sync","why":"Doorward keeps accounts, not data"}
    ignored[]: {"path":"http_endpoints/data_api_config.json","what":"data API","why":"Doorward keeps accounts, not data"}
    missing[]: {"path":"functions/config.json","what":"function \"gone\"","why":"the manifest names it, but functions/gone.js does not exist"}
    missing[]: {"path":"functions","what":"package \"axios\"","why":"required by resetFunc; it is not built in, and not in functions/node_modules"}
    missing[]: {"path":"auth/providers.json","what":"secret \"signingKey\"","why":"the provider \"custom-token\" reads it, and exports hold no secrets; provide it with --secrets"}
    missing[]: {"path":"values/mailKey.json","what":"secret \"mailKeySecret\"","why":"the value \"mailKey\" reads it, and exports hold no secrets; provide it with --secrets"}
    warnings[]: {"path":"auth/providers.json","what":"emailConfirmationUrl","why":"it is plain http: whoever carries the traffic can read the token and use it"}
    warnings[]: {"path":"data_sources/mongodb-atlas/tasks/items/schema.json","what":"broken file","why":"trailing comma at line 1, column 20; the file is not used"}
    works[]: {"what":"e-mail/password accounts","why":"enabled"}
    works[]: {"what":"confirmation","why":"by e-mail with the subject \"Welcome to tasks\"; the link leads to http://dev.example.com/confirm"}
    works[]: {"what":"password reset","why":"by the function \"resetFunc\""}
    works[]: {"what":"environment","why":"development, 2 values"}
    works[]: {"what":"values","why":"greeting, mailKey"}
    works[]: {"what":"web origins","why":"only https://dev.example.com"}
    works[]: {"what":"3 functions","why":"resetFunc, utils/add, unlisted"}
    works[]: {"what":"trigger \"onNewUser\"","why":"on CREATE, DELETE of accounts by local-userpass, the function \"unlisted\""}
    "#);
}

#[test]
fn the_report_of_a_v3_export() {
    assert_snapshot!(text(&fixture("v3")), @r#"
    fitness-abcde (V3 export, fitness, production)
    APP

    Works
      e-mail/password accounts  enabled
      confirmation              automatic: every new address counts as confirmed
      password reset            by e-mail with the subject "Your new password"; the link leads to fitness://reset
      environment               production, 0 values
      2 functions               onUserCreation, hook
      user creation             the function "onUserCreation" is asked before a user is made

    Ignored
      custom user data          enabled, but Doorward has no data source: users get an empty object (auth/custom_user_data.json)
      HTTPS endpoints           not offered; if the link of a mail leads to one, clear that link for the page that Doorward hosts (https_endpoints)

    Missing
      secret "hookSecret"       the function "hook" reads it, and exports hold no secrets; provide it with --secrets (functions/config.json)

    No errors.
    "#);
    assert_snapshot!(json(&fixture("v3")), @r#"
    app.client_app_id: "fitness-abcde"
    app.confirmation: {"method":"automatic"}
    app.environment: "production"
    app.format: "V3"
    app.functions: ["onUserCreation","hook"]
    app.name: "fitness"
    app.reset: {"method":"email","with":{"subject":"Your new password","url":"fitness://reset"}}
    app.root: "APP"
    ignored[]: {"path":"auth/custom_user_data.json","what":"custom user data","why":"enabled, but Doorward has no data source: users get an empty object"}
    ignored[]: {"path":"https_endpoints","what":"HTTPS endpoints","why":"not offered; if the link of a mail leads to one, clear that link for the page that Doorward hosts"}
    missing[]: {"path":"functions/config.json","what":"secret \"hookSecret\"","why":"the function \"hook\" reads it, and exports hold no secrets; provide it with --secrets"}
    works[]: {"what":"e-mail/password accounts","why":"enabled"}
    works[]: {"what":"confirmation","why":"automatic: every new address counts as confirmed"}
    works[]: {"what":"password reset","why":"by e-mail with the subject \"Your new password\"; the link leads to fitness://reset"}
    works[]: {"what":"environment","why":"production, 0 values"}
    works[]: {"what":"2 functions","why":"onUserCreation, hook"}
    works[]: {"what":"user creation","why":"the function \"onUserCreation\" is asked before a user is made"}
    "#);
}

#[test]
fn the_report_of_the_example() {
    assert_snapshot!(text(&notes()), @r#"
    notes-abcde (V2 export, notes, development)
    APP

    Works
      e-mail/password accounts  enabled
      confirmation              by e-mail with the subject "Confirm your address for Notes (development)"; the link leads to the page that Doorward hosts
      password reset            by e-mail with the subject "Choose a new password for Notes (development)"; the link leads to the page that Doorward hosts
      environment               development, 1 value
      values                    supportAddress

    Ignored
      provider "api-key"        disabled (auth/providers.json)

    No errors.
    "#);
    assert_snapshot!(json(&notes()), @r#"
    app.client_app_id: "notes-abcde"
    app.confirmation: {"method":"email","with":{"subject":"Confirm your address for Notes (development)","url":null}}
    app.environment: "development"
    app.format: "V2"
    app.functions: []
    app.name: "notes"
    app.reset: {"method":"email","with":{"subject":"Choose a new password for Notes (development)","url":null}}
    app.root: "APP"
    ignored[]: {"path":"auth/providers.json","what":"provider \"api-key\"","why":"disabled"}
    works[]: {"what":"e-mail/password accounts","why":"enabled"}
    works[]: {"what":"confirmation","why":"by e-mail with the subject \"Confirm your address for Notes (development)\"; the link leads to the page that Doorward hosts"}
    works[]: {"what":"password reset","why":"by e-mail with the subject \"Choose a new password for Notes (development)\"; the link leads to the page that Doorward hosts"}
    works[]: {"what":"environment","why":"development, 1 value"}
    works[]: {"what":"values","why":"supportAddress"}
    "#);
}

#[test]
fn the_report_of_functions_that_the_server_calls() {
    let trigger = |name: &str, providers: &str| {
        format!(
            r#"{{"name":"{name}","type":"AUTHENTICATION","function_name":"f","config":{{"operation_type":["LOGIN","DELETE"],"providers":{providers}}}}}"#
        )
    };
    let dir = AppDir::v2()
        .file(
            "auth/providers.json",
            r#"{"custom-function":{"config":{"authFunctionName":"f"}}}"#,
        )
        .file(
            "auth/custom_user_data.json",
            r#"{"on_user_creation_function_name":"make"}"#,
        )
        .file("functions/f.js", "exports = () => {};")
        .file(
            "functions/make.js",
            "exports = ({ id }) => context.services.get('mongodb-atlas');",
        )
        .file("triggers/a.json", &trigger("a", r#"["custom-function","anon-user"]"#))
        .file("triggers/b.json", &trigger("b", r#"["anon-user"]"#))
        .file("triggers/c.json", &trigger("c", "[]"));
    assert_snapshot!(text(&dir.path()), @r#"
    app-abcde (V2 export, app)
    APP

    Works
      2 functions               f, make
      custom-function logins    by the function "f"
      user creation             the function "make" is asked before a user is made
      trigger "a"               on LOGIN, DELETE of accounts by custom-function, anon-user, the function "f"

    Warnings
      user creation             the function "make" asks for services, and this server has none but e-mail: if it throws for want of them, no new user can log in

    Ignored
      trigger "b"               it is told of accounts by anon-user, and Doorward offers no such
      trigger "c"               it names no provider

    Missing
      e-mail/password accounts  there is no provider "local-userpass"

    No errors.
    "#);
}

#[test]
fn the_report_of_a_directory_without_an_app() {
    let dir = AppDir::empty();
    assert_snapshot!(text(&dir.path()), @r#"
    Errors
      APP
        failed to find app: no root file is there or in the folders above
        Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.

    1 error.
    "#);
    assert_snapshot!(json(&dir.path()), @r#"
    app: null
    errors[]: {"fix":"Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.","path":"APP","problem":"failed to find app: no root file is there or in the folders above"}
    "#);
}

#[test]
fn a_loaded_app_gives_the_same_report_as_the_check() {
    for name in ["v1", "v2", "v3"] {
        let options = LoadOptions::default();
        assert_eq!(
            load(&fixture(name), &options).unwrap().report(),
            check(&fixture(name), &options)
        );
    }
}
