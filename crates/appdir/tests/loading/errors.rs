//! Errors name the file, the position and the fix.

use insta::assert_snapshot;

use crate::app_dir::{AppDir, redact};

#[test]
fn a_broken_root_file_is_an_app_config_error() {
    let dir = AppDir::empty().file("realm_config.json", "{\n  \"app_id\": oops\n}");
    assert_snapshot!(dir.error(), @"failed to parse app config at APP/realm_config.json: expected value at `/app_id`, line 2, column 13. Correct the JSON there, or export the app again.");
    let dir = AppDir::v2().file("realm_config.json", "{\"config_version\": 1,\n \"app_id\": 7}");
    assert_snapshot!(dir.error(), @"failed to parse app config at APP/realm_config.json: expected a string, found a number at `/app_id`, line 2, column 12. Write a string there.");
    let dir = AppDir::v2().file(
        "realm_config.json",
        r#"{"config_version":1,"app_id":"a","environment":"staging"}"#,
    );
    assert_snapshot!(dir.error(), @r#"failed to parse app config at APP/realm_config.json: there is no environment "staging" at `/environment`, line 1, column 48. Write development, testing, qa or production, or an empty string for none."#);
    let dir = AppDir::empty().file("root_config.json", r#"{"app_id":"a"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse app config at APP/root_config.json: `name` is missing at line 1, column 1. Add the name of the app, such as "name": "notes"."#);
    let dir = AppDir::empty().file("root_config.json", "[]");
    assert_snapshot!(dir.error(), @"failed to parse app config at APP/root_config.json: expected an object, found an array at line 1, column 1. Write an object there.");
}

#[test]
fn a_broken_file_in_mdb_is_an_app_meta_error() {
    let dir = AppDir::v2().file(".mdb/app_meta.json", "{");
    assert_snapshot!(dir.error(), @"failed to parse app meta at APP/.mdb/app_meta.json: EOF while parsing an object at line 1, column 1. Correct the JSON there, or export the app again.");
    let dir = AppDir::v2().file(".mdb/meta.json", r#"{"app_id":"not an id"}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse app meta at APP/.mdb/meta.json: "not an id" is not an id at `/app_id`, line 1, column 11. Write 24 hexadecimal digits, or remove the key."#);
    let dir = AppDir::v2().file(".mdb/meta.json", "[]");
    assert_snapshot!(dir.error(), @"failed to parse app meta at APP/.mdb/meta.json: expected an object, found an array at line 1, column 1. Write an object there.");
}

#[test]
fn a_wrong_type_is_named_with_its_pointer_line_and_column() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        "{\n  \"local-userpass\": {\n    \"config\": {\n      \"autoConfirm\": \"yes\"\n    }\n  }\n}\n",
    );
    assert_snapshot!(dir.error(), @"failed to parse APP/auth/providers.json: expected a boolean, found a string at `/local-userpass/config/autoConfirm`, line 4, column 22. Write a boolean there.");
    let error = dir.load().unwrap_err();
    let place = error.place().unwrap();
    assert_eq!(
        (place.pointer.as_str(), place.line, place.column),
        ("/local-userpass/config/autoConfirm", 4, 22)
    );
}

#[test]
fn arrays_do_not_pass_for_objects() {
    let dir = AppDir::v2().file("auth/providers.json", r#"{"local-userpass":{"config":[true]}}"#);
    assert_snapshot!(dir.error(), @"failed to parse APP/auth/providers.json: expected an object, found an array at `/local-userpass/config`, line 1, column 29. Write an object there.");
    let dir = AppDir::v2().file("functions/config.json", "{}");
    assert_snapshot!(dir.error(), @"failed to parse APP/functions/config.json: expected an array of functions, found an object at line 1, column 1. Write an array of functions there.");
}

#[test]
fn a_key_that_is_there_twice_is_an_error_at_any_depth() {
    let dir = AppDir::v2().file("auth/providers.json", "{\"api-key\":{},\n\"api-key\":{}}");
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/providers.json: duplicate key "api-key" at line 2, column 9. Keep one of the two entries and remove the other."#);
    let dir = AppDir::v2().file("values/v.json", r#"{"name":"v","value":{"list":[{"a":1,"a":2}]}}"#);
    assert_snapshot!(dir.error(), @r#"failed to parse APP/values/v.json: duplicate key "a" at `/value/list/0`, line 1, column 39. Keep one of the two entries and remove the other."#);
}

#[test]
fn a_message_never_quotes_a_value_of_the_wrong_type() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"oauth2-google":{"disabled":"hunter2, expected hunter3","config":{}}}"#,
    );
    let error = dir.error();
    assert!(!error.contains("hunter"), "{error}");
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"oauth2-google":{"secret_config":{"clientSecret":{"x":"hunter2"}}}}"#,
    );
    assert_snapshot!(dir.error(), @"failed to parse APP/auth/providers.json: expected a string or an array of strings, found an object at `/oauth2-google/secret_config/clientSecret`, line 1, column 51. Write a string or an array of strings there.");
}

#[test]
fn the_report_lists_the_errors_of_all_files() {
    let dir = AppDir::empty()
        .file("realm_config.json", r#"{"config_version":1,"app_id":"a/b","allowed_request_origins":["*","nope"]}"#)
        .file("auth/providers.json", r#"{"api-key":{"disabled":1},"local-userpass":{"config":{"runConfirmationFunction":true,"runResetFunction":true,"resetFunctionName":"gone"}}}"#)
        .file("functions/config.json", r#"[{"name":"a b"},{"private":true},7]"#)
        .file("environments/production.json", "[")
        .file("values/v.json", "");
    let report = dir.report();
    assert!(!report.is_ok());
    assert_snapshot!(redact(&report.to_string(), &dir.path()), @r#"
    (no app id) (V2 export)
    APP

    Errors
      environments/production.json, line 1, column 1
        EOF while parsing a list
        Correct the JSON there, or export the app again.
      realm_config.json, `/allowed_request_origins/0`, line 1, column 63
        "*" is not an origin (scheme://host[:port])
        Write it like https://www.example.com or http://localhost:8080.
      realm_config.json, `/allowed_request_origins/1`, line 1, column 67
        "nope" is not an origin (scheme://host[:port])
        Write it like https://www.example.com or http://localhost:8080.
      realm_config.json, `/app_id`, line 1, column 30
        the app id "a/b" is not valid
        Write 1 to 64 ASCII letters, digits, `_` or `-`, such as `notes-abcde`.
      functions/config.json, `/0/name`, line 1, column 10
        the function name "a b" is not valid
        Write ASCII letters, digits, `_` and `-`, with `/` for folders.
      functions/config.json, `/1`, line 1, column 17
        `name` is missing
        Write ASCII letters, digits, `_` and `-`, with `/` for folders.
      functions/config.json, `/2`, line 1, column 34
        expected an object, found a number
        Write an object there.
      auth/providers.json, `/api-key/disabled`, line 1, column 24
        expected a boolean, found a number
        Write a boolean there.
      auth/providers.json, `/local-userpass/config/confirmationFunctionName`, line 1, column 54
        the confirmation runs a function, but `confirmationFunctionName` is empty
        Write the name of the function in `confirmationFunctionName`, or switch to e-mail.
      auth/providers.json, `/local-userpass/config/resetFunctionName`, line 1, column 130
        password reset calls the function "gone", which does not exist
        Add the function "gone" to the functions folder, or correct the name.
      values/v.json, line 1, column 1
        EOF while parsing a value
        Correct the JSON there, or export the app again.

    11 errors.
    "#);
}

#[test]
fn an_error_for_machines_has_its_parts_apart() {
    let dir = AppDir::v2().file("auth/providers.json", r#"{"api-key":{"disabled":1}}"#);
    assert_snapshot!(serde_json::to_string_pretty(&dir.report().errors).unwrap(), @r#"
    [
      {
        "path": "auth/providers.json",
        "pointer": "/api-key/disabled",
        "line": 1,
        "column": 24,
        "problem": "expected a boolean, found a number",
        "fix": "Write a boolean there."
      }
    ]
    "#);
}

#[test]
fn a_missing_function_in_the_root_file_is_an_app_config_error() {
    let dir = AppDir::empty().file(
        "stitch.json",
        r#"{"config_version":1,"app_id":"a","custom_user_data_config":{"on_user_creation_function_name":"gone"}}"#,
    );
    assert!(
        dir.error()
            .starts_with("failed to parse app config at APP/stitch.json: user creation calls")
    );
}

#[test]
fn names_from_files_cannot_write_to_the_terminal() {
    let dir = AppDir::v2()
        .file("auth/providers.json", r#"{"\u001b[2Jx\n":{}}"#)
        .file("graphql/\u{1b}[2Jy.json", "{");
    let text = dir.report().to_string();
    assert!(text.contains("[2Jx") && text.contains("[2Jy"), "{text}");
    assert!(!text.contains('\u{1b}'));
}
