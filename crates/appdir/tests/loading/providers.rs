//! Authentication providers.

use doorward_appdir::{ConfirmationMethod, ResetMethod};
use insta::assert_snapshot;
use serde_json::json;

use crate::app_dir::AppDir;

fn confirmation(config: &str) -> ConfirmationMethod {
    AppDir::userpass(config)
        .file("functions/f.js", "")
        .app()
        .userpass
        .unwrap()
        .confirmation()
}

#[test]
fn auto_confirm_wins_over_a_function_and_that_over_mail() {
    let keys = r#""confirmationFunctionName":"f","emailConfirmationUrl":"https://a.example/""#;
    assert_eq!(
        confirmation(&format!(
            r#"{{"autoConfirm":true,"runConfirmationFunction":true,{keys}}}"#
        )),
        ConfirmationMethod::Automatic
    );
    assert_eq!(
        confirmation(&format!(r#"{{"runConfirmationFunction":true,{keys}}}"#)),
        ConfirmationMethod::Function("f".to_owned())
    );
    let url = Some("https://a.example/".to_owned());
    assert_eq!(
        confirmation(&format!("{{{keys}}}")),
        ConfirmationMethod::Email { url, subject: None }
    );
    assert_eq!(
        confirmation("{}"),
        ConfirmationMethod::Email {
            url: None,
            subject: None
        }
    );
}

#[test]
fn empty_links_and_subjects_are_absent() {
    let dir = AppDir::userpass(
        r#"{"emailConfirmationUrl":"","confirmEmailSubject":"","resetPasswordUrl":"","resetPasswordSubject":""}"#,
    );
    let userpass = dir.app().userpass.unwrap();
    assert_eq!(
        userpass.confirmation(),
        ConfirmationMethod::Email {
            url: None,
            subject: None
        }
    );
    assert_eq!(
        userpass.reset(),
        ResetMethod::Email {
            url: None,
            subject: None
        }
    );
}

#[test]
fn inactive_keys_are_never_a_conflict() {
    let dir = AppDir::userpass(
        r#"{"autoConfirm":true,"runConfirmationFunction":true,"confirmationFunctionName":"gone",
            "emailConfirmationUrl":"no link","confirmEmailSubject":"a\nb",
            "runResetFunction":true,"resetFunctionName":"f","resetPasswordUrl":"javascript:alert(1)"}"#,
    );
    let userpass = dir.file("functions/f.js", "").app().userpass.unwrap();
    assert_eq!(userpass.reset(), ResetMethod::Function("f".to_owned()));
    assert_eq!(userpass.keys.email_confirmation_url.as_deref(), Some("no link"));
}

#[test]
fn links_may_have_any_scheme_of_an_app() {
    for link in [
        "https://a.example/confirm?x=1#y",
        "myapp://confirm",
        "myapp:confirm",
        "http://localhost:3000/c",
    ] {
        let dir = AppDir::userpass(&json!({ "emailConfirmationUrl": link }).to_string());
        let url = Some(link.to_owned());
        assert_eq!(
            dir.app().userpass.unwrap().confirmation(),
            ConfirmationMethod::Email { url, subject: None }
        );
        assert!(dir.report().warnings.is_empty(), "{link}");
    }
}

#[test]
fn links_that_are_not_addresses_are_refused() {
    let error = |link: &str| AppDir::userpass(&json!({ "resetPasswordUrl": link }).to_string()).error();
    assert_snapshot!(error("/reset"), @r#"failed to parse APP/auth/providers.json: the link "/reset" is not an absolute URL at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts."#);
    assert_snapshot!(error("https://a.example/re set"), @r#"failed to parse APP/auth/providers.json: the link "https://a.example/re set" holds white space or a control character at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts."#);
    assert_snapshot!(error("java\tscript:alert(1)"), @r#"failed to parse APP/auth/providers.json: the link "java\tscript:alert(1)" holds white space or a control character at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts."#);
    assert!(error("myapp://a/\u{7f}").contains("holds white space or a control character"));
    assert_snapshot!(error("JavaScript:alert(1)"), @r#"failed to parse APP/auth/providers.json: the link "JavaScript:alert(1)" is a script, not an address at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts."#);
    assert_snapshot!(error("data:text/html,x"), @r#"failed to parse APP/auth/providers.json: the link "data:text/html,x" is a script, not an address at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts."#);
    let with_password = error("https://ada:hunter2@a.example/");
    assert_snapshot!(with_password, @"failed to parse APP/auth/providers.json: the link carries a user name or password at `/local-userpass/config/resetPasswordUrl`, line 1, column 49. Write an absolute URL such as https://www.example.com/confirm or myapp://confirm, or an empty string for the page that Doorward hosts.");
    assert!(!with_password.contains("hunter2"));
}

#[test]
fn links_that_may_not_be_meant_are_warned_about() {
    let dir = AppDir::userpass(
        r#"{"emailConfirmationUrl":"http://a.example/c",
            "resetPasswordUrl":"https://eu-west-1.aws.data.mongodb-api.com/app/x/endpoint/reset"}"#,
    );
    assert_snapshot!(dir.lines("emailConfirmationUrl").join("\n"), @"warning: it is plain http: whoever carries the traffic can read the token and use it (auth/providers.json)");
    assert_snapshot!(dir.lines("resetPasswordUrl").join("\n"), @"warning: it leads to App Services, which is switched off; empty it for the page that Doorward hosts (auth/providers.json)");
    assert!(dir.load().is_ok());
}

#[test]
fn a_subject_is_one_line_of_256_characters_at_most() {
    let dir = |subject: &str| AppDir::userpass(&json!({ "confirmEmailSubject": subject }).to_string());
    assert!(dir(&"é".repeat(256)).load().is_ok());
    assert_snapshot!(dir(&"é".repeat(257)).error(), @"failed to parse APP/auth/providers.json: the subject is longer than 256 characters at `/local-userpass/config/confirmEmailSubject`, line 1, column 52. Write one line of 256 characters at most.");
    assert_snapshot!(dir("Hello\r\nBcc: x@y.z").error(), @"failed to parse APP/auth/providers.json: the subject holds a control character at `/local-userpass/config/confirmEmailSubject`, line 1, column 52. Write one line of 256 characters at most.");
}

#[test]
fn a_disabled_provider_configures_nothing_and_stops_nothing() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"local-userpass":{"disabled":true,"config":{"runConfirmationFunction":true,"runResetFunction":true,"resetFunctionName":"gone"}}}"#,
    );
    let app = dir.app();
    assert!(app.userpass.is_none());
    assert!(app.providers[0].disabled);
    assert_snapshot!(dir.lines("provider \"local-userpass\"").join("\n"), @r#"
    warning: the confirmation runs a function, but `confirmationFunctionName` is empty; no error while it is disabled (auth/providers.json)
    warning: password reset calls the function "gone", which does not exist; no error while it is disabled (auth/providers.json)
    "#);
    assert_snapshot!(dir.lines("e-mail/password accounts").join("\n"), @r#"missing: the provider "local-userpass" is disabled"#);
}

#[test]
fn key_name_and_type_are_the_same() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"local-userpass":{"name":"local-userpass","type":"api-key"}}"#,
    );
    assert_snapshot!(dir.error(), @r#"failed to parse APP/auth/providers.json: the provider "local-userpass" has the type "api-key" at `/local-userpass/type`, line 1, column 51. Write "local-userpass" there: key, name and type of a provider are the same."#);
}

#[test]
fn unknown_keys_are_kept_and_named() {
    let dir = AppDir::v2().file(
        "auth/providers.json",
        r#"{"api-key":{"disabled":true,"extra":{"a":1}}}"#,
    );
    assert_eq!(dir.app().providers[0].unknown["extra"], json!({"a": 1}));
    assert_eq!(
        dir.lines("provider \"api-key\""),
        [
            "ignored: unknown keys: `extra` (auth/providers.json)",
            "ignored: disabled (auth/providers.json)"
        ]
    );
}
