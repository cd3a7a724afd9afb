//! The files that let mailed links open an app.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{AppDir, Call, Program};

/// A server with these files in the directory of `--app-links`.
fn program(files: &[(&str, &str)]) -> (AppDir, TempDir, TempDir, Program) {
    let (app, links, data) = (
        AppDir::without_confirmation(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    for (name, text) in files {
        fs::write(links.path().join(name), text).unwrap();
    }
    let program =
        Program::serve(app.path(), data.path().to_str().unwrap()).with(["--app-links", links.path().to_str().unwrap()]);
    (app, links, data, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_served_as_they_are_and_those_that_are_not_there_are_not_found() {
    let apple = json!({ "applinks": { "details": [{ "appIDs": ["ABCDE12345.com.example.notes"] }] } }).to_string();
    let files = [("apple-app-site-association.json", &*apple), ("assetlinks.json", "[]")];
    let (_app, _links, _data, program) = program(&files);
    let server = program.start().await;
    let reply = reqwest::get(format!("{}/.well-known/apple-app-site-association", server.url()))
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-type"], "application/json");
    assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
    assert_eq!(reply.headers()["cache-control"], "public, max-age=3600");
    assert_eq!(reply.text().await.unwrap(), apple);
    let android = Call::get("/.well-known/assetlinks.json");
    assert_eq!(server.ask(&android).await.body, "[]");
    assert_eq!(server.ask(&android.clone().with_method("HEAD")).await, "200");
    assert_eq!(server.ask(&android.with_method("POST")).await, "405");
    assert_eq!(server.ask(&Call::get("/.well-known/windows-app-web-link")).await, "404");
    assert_eq!(server.ask(&Call::get("/.well-known/other")).await, "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_system_would_understand_is_refused_at_start() {
    for (name, text, said) in [
        (
            "assetlinks.json",
            "[{]",
            "is no JSON: key must be a string at line 1 column 3",
        ),
        (
            "assetlinks.json",
            "",
            "is no JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "robots.txt",
            "",
            "is none of the files that let links open an app: apple-app-site-association, assetlinks.json, windows-app-web-link",
        ),
    ] {
        let (_app, links, _data, program) = program(&[(name, text)]);
        let ended = program.run().await;
        assert_eq!(ended.status.code(), Some(1));
        let path = links.path().join(name);
        assert_eq!(ended.stderr, format!("doorward: {} {said}\n", path.display()));
    }
    let (_app, _links, _data, program) = program(&[("assetlinks.json", "[]"), ("assetlinks.json.json", "[]")]);
    assert!(program.run().await.stderr.contains("assetlinks.json stands twice in "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_not_there_is_said_to_be() {
    let (app, data) = (AppDir::without_confirmation(), TempDir::new().unwrap());
    let program = Program::serve(app.path(), data.path().to_str().unwrap()).with(["--app-links", "/no/such/directory"]);
    let ended = program.run().await;
    assert_eq!(
        ended.stderr,
        "doorward: cannot read the directory of --app-links, /no/such/directory: No such file or directory (os error 2)\n"
    );
}
