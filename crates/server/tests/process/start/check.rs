//! `doorward check`: the report for people, the report for machines, and the exit code for scripts.

use crate::support::{AppDir, Program, notes};

#[tokio::test(flavor = "multi_thread")]
async fn a_good_export() {
    let notes = notes();
    let ended = Program::new(["check", &notes]).run().await;
    let expected = format!(
        "notes-abcde (V2 export, notes, development)
{notes}

Works
  e-mail/password accounts  enabled
  confirmation              by e-mail with the subject \"Confirm your address for Notes (development)\"; the link leads to the page that Doorward hosts
  password reset            by e-mail with the subject \"Choose a new password for Notes (development)\"; the link leads to the page that Doorward hosts
  environment               development, 1 value
  values                    supportAddress

Ignored
  provider \"api-key\"        disabled (auth/providers.json)

No errors.
"
    );
    assert_eq!(ended.stdout, expected);
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), ""));

    let ended = Program::new(["check", &format!("diary-fghij={notes}"), "--json"])
        .run()
        .await;
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["app"]["client_app_id"], "diary-fghij");
    assert_eq!(report["app"]["confirmation"]["method"], "email");
    assert_eq!(report["ignored"][0]["what"], "provider \"api-key\"");
    assert_eq!(report["errors"], serde_json::json!([]));
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_with_errors() {
    let app = AppDir::without_confirmation();
    app.write(
        "auth/providers.json",
        "{\n  \"local-userpass\": []\n  \"api-key\": {}\n}\n",
    );
    let ended = Program::new(["check", app.path()]).run().await;
    let errors = "
Errors
  auth/providers.json, line 3, column 3
    expected `,` or `}`
    Correct the JSON there, or export the app again.

1 error.
";
    assert!(ended.stdout.ends_with(errors), "{}", ended.stdout);
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(1), ""));

    let ended = Program::new(["check", app.path(), "--json"]).run().await;
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let error = &report["errors"][0];
    assert_eq!(
        (&error["path"], &error["line"], &error["column"]),
        (&"auth/providers.json".into(), &3.into(), &3.into())
    );
    assert_eq!(error["fix"], "Correct the JSON there, or export the app again.");
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(1), ""));

    let ended = Program::new(["check", "/no/such/export"]).run().await;
    assert!(
        ended
            .stdout
            .starts_with("Errors\n  /no/such/export\n    failed to find app: this path does not exist\n"),
        "{ended:?}"
    );
    assert_eq!(ended.status.code(), Some(1));
}
