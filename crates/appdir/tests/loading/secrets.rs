//! Secrets that are needed, provided, or left in the directory.

use std::sync::Arc;

use doorward_appdir::{LoadOptions, SigningSecrets, check};
use insta::assert_snapshot;

use crate::app_dir::AppDir;

fn needing() -> AppDir {
    AppDir::v2()
        .file(
            "values/key.json",
            r#"{"name":"key","value":"mailKey","from_secret":true}"#,
        )
        .file(
            "auth/providers.json",
            r#"{"custom-token":{"disabled":false,"secret_config":{"signingKeys":["one","two"]}},
                "oauth2-google":{"disabled":true,"secret_config":{"clientSecret":"three"}}}"#,
        )
}

#[test]
fn missing_secrets_are_listed_and_do_not_stop_the_start() {
    let dir = needing();
    assert!(dir.load().is_ok());
    assert_snapshot!(dir.lines("secret \"mailKey\"").join("\n"), @r#"missing: the value "key" reads it, and exports hold no secrets; provide it with --secrets (values/key.json)"#);
    assert_eq!(dir.lines("secret \"one\"").len() + dir.lines("secret \"two\"").len(), 2);
    assert!(
        dir.lines("secret \"three\"").is_empty(),
        "a disabled provider needs nothing"
    );
}

#[test]
fn secrets_that_the_operator_provides_are_not_missing() {
    let options = LoadOptions {
        secrets: ["mailKey", "one"].into_iter().collect(),
        ..LoadOptions::default()
    };
    let missing = check(&needing().path(), &options).missing;
    let secrets: Vec<_> = missing.iter().filter(|item| item.what.starts_with("secret")).collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0].what, "secret \"two\"");
}

#[test]
fn legacy_secrets_are_found_by_their_imported_names() {
    let dir = needing()
        .file(
            "secrets.json",
            r#"{"services":{"mail":{"key":"hunter2"}},"auth_providers":null}"#,
        )
        .file(
            "values/key.json",
            r#"{"name":"key","value":"__mail_key","from_secret":true}"#,
        );
    let app = dir.app();
    assert_eq!(app.legacy_secrets.find("__mail_key"), Some("hunter2"));
    assert_eq!(app.legacy_secrets.names().collect::<Vec<_>>(), ["__mail_key"]);
    assert!(dir.lines("secret \"__mail_key\"").is_empty());
    assert_snapshot!(dir.lines("secrets").join("\n"), @r#"
    works: __mail_key (secrets.json)
    warning: it holds secrets in plain text; move them to --secrets and remove it (secrets.json)
    "#);
}

#[test]
fn the_text_of_a_secret_shows_nowhere() {
    let dir = AppDir::v2().file(
        "secrets.json",
        r#"{"services":{"mail":{"key":"hunter2 %(%%nothing.expands)"}}}"#,
    );
    let app = dir.app();
    assert_eq!(
        app.legacy_secrets.find("__mail_key"),
        Some("hunter2 %(%%nothing.expands)")
    );
    let shown = format!(
        "{app:?} {} {}",
        app.report(),
        serde_json::to_string(&app.report()).unwrap()
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_broken_secrets_file_is_an_error_that_quotes_nothing() {
    let error = |text: &str| AppDir::v2().file("secrets.json", text).error();
    assert_snapshot!(error(r#"{"services":{"mail":{"key":12345}}}"#), @"failed to parse APP/secrets.json: expected a string, found a number at `/services/mail/key`, line 1, column 28. Write a string there.");
    assert_snapshot!(error(r#"{"services":{"mail":"hunter2"}}"#), @"failed to parse APP/secrets.json: expected an object, found a string at `/services/mail`, line 1, column 21. Write an object there.");
    assert_snapshot!(error(r#"{"services":{"mail":{"a key":"hunter2"}}}"#), @r#"failed to parse APP/secrets.json: the secret name "__mail_a key" is not valid at `/services/mail/a key`, line 1, column 30. Rename it: 64 ASCII letters, digits, `_` or `-` at most."#);
    let long = error(&format!(r#"{{"services":{{"mail":{{"key":"{}"}}}}}}"#, "x".repeat(501)));
    assert_snapshot!(long, @"failed to parse APP/secrets.json: the secret is longer than 500 characters at `/services/mail/key`, line 1, column 28. Shorten it.");
}

#[test]
fn a_value_from_a_secret_names_it() {
    let dir = AppDir::v2().file("values/v.json", r#"{"name":"v","value":{"a":1},"from_secret":true}"#);
    assert_snapshot!(dir.error(), @"failed to parse APP/values/v.json: expected the name of a secret (a string), found an object at `/value`, line 1, column 21. Write the name of a secret (a string) there.");
}

/// Knows one secret, `weak`, and lets the export have others.
#[derive(Debug)]
struct Known;

impl SigningSecrets for Known {
    fn flaw(&self, app_id: &str, name: &str, in_export: Option<&str>) -> Option<String> {
        assert_eq!(app_id, "app-abcde");
        (name == "weak" || in_export == Some("weak")).then(|| "it is too short".to_owned())
    }
}

#[test]
fn s78_a_secret_that_cannot_sign_is_an_error_and_a_missing_one_is_not() {
    let hook = |name: &str| {
        let manifest = format!(r#"[{{"name":"f","url":"https://a.example/","secret_name":"{name}"}}]"#);
        AppDir::v2().file("functions/config.json", &manifest).file(
            "secrets.json",
            r#"{"services":{"mail":{"key":"weak","good":"strong"}}}"#,
        )
    };
    let options = LoadOptions {
        secrets: ["weak", "strong"].into_iter().collect(),
        signing_secrets: Some(Arc::new(Known)),
        ..LoadOptions::default()
    };
    for name in ["weak", "__mail_key"] {
        let errors = check(&hook(name).path(), &options).errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(
            errors[0].problem,
            format!("the secret {name:?} cannot sign calls: it is too short")
        );
        assert_eq!(errors[0].place.as_ref().unwrap().pointer, "/0/secret_name");
    }
    for name in ["strong", "__mail_good", "missing"] {
        assert!(check(&hook(name).path(), &options).is_ok(), "{name}");
    }
}
