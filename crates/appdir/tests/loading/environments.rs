//! Environments and template expansions.

use doorward_appdir::{ConfirmationMethod, Environment, ValueContent};
use insta::assert_snapshot;
use serde_json::json;

use crate::app_dir::AppDir;

fn with_value(value: &str) -> AppDir {
    AppDir::v2()
        .file("environments/no-environment.json", r#"{"values":{"host":"a.example","port":8080,"on":true,"list":[1],"tricky":"%(%%environment.values.host)"}}"#)
        .file("values/v.json", &json!({ "name": "v", "value": value }).to_string())
}

#[test]
fn the_empty_tag_selects_no_environment() {
    let dir = AppDir::v2()
        .file("environments/no-environment.json", r#"{"values":{"a":1}}"#)
        .file("environments/development.json", r#"{"values":{"a":2}}"#);
    assert_eq!(dir.app().environment_values["a"], 1);
    let dir = dir.file(
        "realm_config.json",
        r#"{"config_version":1,"app_id":"a","environment":"development"}"#,
    );
    let app = dir.app();
    assert_eq!(
        (app.environment, &app.environment_values["a"]),
        (Environment::Development, &json!(2))
    );
}

#[test]
fn expansions_are_resolved_once_in_any_string() {
    let value = |text| with_value(text).app().values[0].content.clone();
    let plain = |text: &str| ValueContent::Plain(json!(text));
    let text = "https://%(%%environment.values.host):%(%%environment.values.port)/%(%%environment.values.on)";
    assert_eq!(value(text), plain("https://a.example:8080/true"));
    assert_eq!(
        value("%(%%environment.values.tricky)"),
        plain("%(%%environment.values.host)")
    );
    assert_eq!(value("100%(of all)"), plain("100%(of all)"), "other text is left alone");
}

#[test]
fn an_expansion_that_cannot_be_resolved_is_an_error() {
    assert_snapshot!(with_value("x%(%%environment.values.gone)").error(), @r#"failed to parse APP/values/v.json: the environment value "gone" does not exist at `/value`, line 1, column 21. Add the value to the file of this environment in `environments`, or write the text itself."#);
    assert_snapshot!(with_value("%(%%environment.values.list)").error(), @r#"failed to parse APP/values/v.json: the environment value "list" is not a text at `/value`, line 1, column 21. Add the value to the file of this environment in `environments`, or write the text itself."#);
    assert_snapshot!(with_value("%(%%user.id)").error(), @r#"failed to parse APP/values/v.json: the expansion of "user.id" is unknown; only environment.values.NAME is at `/value`, line 1, column 21. Add the value to the file of this environment in `environments`, or write the text itself."#);
    assert_snapshot!(with_value("%(%%environment.values.host").error(), @"failed to parse APP/values/v.json: the expansion `%(%%` is not closed with `)` at `/value`, line 1, column 21. Add the value to the file of this environment in `environments`, or write the text itself.");
}

#[test]
fn an_expansion_cannot_stand_for_a_boolean() {
    let dir = AppDir::userpass(r#"{"autoConfirm":"%(%%environment.values.on)"}"#)
        .file("environments/no-environment.json", r#"{"values":{"on":true}}"#);
    assert_snapshot!(dir.error(), @"failed to parse APP/auth/providers.json: expected a boolean, found a string at `/local-userpass/config/autoConfirm`, line 1, column 44. Write a boolean there.");
}

#[test]
fn expansions_reach_the_root_file_and_the_providers() {
    let dir = AppDir::userpass(r#"{"emailConfirmationUrl":"https://%(%%environment.values.host)/c"}"#)
        .file(
            "realm_config.json",
            r#"{"config_version":1,"app_id":"%(%%environment.values.id)","environment":"qa"}"#,
        )
        .file(
            "environments/qa.json",
            r#"{"values":{"host":"qa.example","id":"qa-abcde"}}"#,
        );
    let app = dir.app();
    assert_eq!(app.client_app_id, "qa-abcde");
    let url = Some("https://qa.example/c".to_owned());
    assert_eq!(
        app.userpass.unwrap().confirmation(),
        ConfirmationMethod::Email { url, subject: None }
    );
}

#[test]
fn an_unknown_environment_file_is_ignored_and_a_broken_known_one_is_an_error() {
    let dir = AppDir::v2().file("environments/staging.json", "broken");
    assert!(dir.load().is_ok());
    assert_eq!(
        dir.lines("environment file"),
        ["ignored: no environment of this name exists (environments/staging.json)"]
    );
    assert_snapshot!(dir.file("environments/qa.json", r#"{"values":[]}"#).error(), @"failed to parse APP/environments/qa.json: expected an object, found an array at `/values`, line 1, column 11. Write an object there.");
}
