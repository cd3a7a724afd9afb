//! Starts that fail: one line on standard error names what is wrong and what to do, and no file has been made.

use std::net::TcpListener;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{AppDir, Program, notes};

/// Fails unless `serve` with these arguments ends with this one line, and without a trace.
async fn refused(arguments: &[&str], expected: &str) {
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("data");
    let program = Program::new(["serve", "--data-dir", data.to_str().unwrap()]).with(arguments.iter().copied());
    let ended = program.in_directory(parent.path()).run().await;
    assert_eq!(ended.stderr, format!("doorward: {expected}\n"), "{arguments:?}");
    assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
    assert_eq!(ended.stdout, "", "{arguments:?}");
    assert!(!data.exists(), "{arguments:?} made a data directory");
}

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_no_export() {
    let fix = "Name the folder that holds root_config.json, realm_config.json, config.json or stitch.json.";
    let expected = format!("failed to find app at /no/such/export: this path does not exist. {fix}");
    refused(&["/no/such/export", LISTEN[0], LISTEN[1]], &expected).await;
    let expected = "say which app to run: doorward serve APP_DIR, a directory exported from App Services";
    refused(&LISTEN, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_json() {
    let app = AppDir::without_confirmation();
    app.write(
        "auth/providers.json",
        "{\n  \"local-userpass\": {\n    \"name\": \"local-userpass\"\n    \"disabled\": false\n  }\n}\n",
    );
    let expected = format!(
        "failed to parse {}/auth/providers.json: expected `,` or `}}` at `/local-userpass`, line 4, column 5. \
         Correct the JSON there, or export the app again.",
        app.path()
    );
    refused(&[app.path()], &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_compile() {
    let app = AppDir::new(
        "notes-abcde",
        &json!({ "runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc" }),
    );
    app.write(
        "functions/confirmFunc.js",
        "exports = () => {\n  return { status: 'success' ;\n};\n",
    );
    let data = TempDir::new().unwrap();
    let ended = Program::serve(app.path(), data.path().to_str().unwrap()).run().await;
    assert!(!ended.status.success());
    let expected = format!("failed to compile {}/functions/confirmFunc.js: ", app.path());
    assert!(
        ended.stderr.contains(&expected) && ended.stderr.contains("line 2"),
        "{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn app_ids_that_are_missing_or_given_twice() {
    let notes = notes();
    let expected = "two directories have the app id `notes-abcde`; give one of them another: APP_ID=APP_DIR";
    refused(&[&notes, &notes], expected).await;
    refused(&[&notes, &format!("notes-abcde={notes}")], expected).await;

    let anonymous = AppDir::without_confirmation();
    anonymous.write(
        "realm_config.json",
        &json!({ "config_version": 20_210_101, "name": "notes" }).to_string(),
    );
    let expected = format!(
        "failed to find the app id of {}. Give the id that is compiled into the apps on the command line: APP_ID=APP_DIR.",
        anonymous.path()
    );
    refused(&[anonymous.path()], &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_go_together() {
    let notes = notes();
    let url = "--public-url";
    let relay = ["--smtp", "smtp://127.0.0.1:1"];
    let from = ["--mail-from", "a@example.com"];
    let mailbox = "--smtp is needed: accounts send mail, and the development mailbox is only for servers that nobody else can reach";
    for (arguments, expected) in [
        (
            vec![LISTEN[0], LISTEN[1], relay[0], relay[1]],
            "--smtp needs --mail-from, the sender of every mail, such as `Notes <accounts@example.com>`",
        ),
        (vec![LISTEN[0], LISTEN[1], url, "https://auth.example.com"], mailbox),
        (vec![LISTEN[0], "0.0.0.0:0", url, "http://localhost:9090"], mailbox),
        (
            vec![LISTEN[0], LISTEN[1], url, "https://auth.example.com/accounts"],
            "--public-url https://auth.example.com/accounts: the public URL must be http:// or https:// with a host and \
             nothing after it, such as https://auth.example.com",
        ),
        (
            vec![
                LISTEN[0],
                LISTEN[1],
                "--smtp",
                "smtp://relay.example.com",
                from[0],
                from[1],
            ],
            "--smtp: smtp:// is not encrypted and so is for a relay on this machine only: use smtp+starttls:// or smtps://, \
             or say ?tls=none if mails with live links may be read on the way",
        ),
        (
            vec![LISTEN[0], LISTEN[1], "--profile", "strict"],
            "the strict profile does not exist yet; leave --profile out, or say --profile compatible",
        ),
        (
            vec![LISTEN[0], LISTEN[1], "--email-token-lifetime", "5s"],
            "--email-token-lifetime is 5s; it must be between 10s and 1day",
        ),
        (
            vec![LISTEN[0], LISTEN[1], "--database", "mysql://127.0.0.1/notes"],
            "--database must be sqlite:PATH or postgres://USER@HOST/NAME",
        ),
    ] {
        refused(&[&[&*notes], &*arguments].concat(), expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_others_can_reach_needs_a_public_url() {
    let parent = TempDir::new().unwrap();
    let program = Program::new(["serve", &notes(), "--listen", "0.0.0.0:0"]).in_directory(parent.path());
    let ended = program.run().await;
    let (before, after) = ended.stderr.split_once("0.0.0.0:").expect("the address is named");
    let after = after.trim_start_matches(|character: char| character.is_ascii_digit());
    assert_eq!(before, "doorward: --public-url is needed to listen on ");
    assert_eq!(after, ": the origin under which clients reach this server\n");
    assert_eq!(ended.status.code(), Some(1));
    assert!(!parent.path().join("doorward-data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let expected = format!("cannot listen on {address}: Address already in use (os error 98)");
    let expected = if cfg!(target_os = "linux") { expected } else { return };
    refused(&[&notes(), "--listen", &address], &expected).await;
}
