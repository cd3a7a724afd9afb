//! A start as the operator sees it: what the server prints, which files it makes, and what it keeps of an earlier run.

mod app_links;
mod check;
mod keys;
mod options;
mod refused;
mod secrets;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use doorward_client::{App, Credentials, User};
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::support::{AppDir, Call, PASSWORD, Program, Server, notes, refusal, signing_key};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_lines_say_what_runs_and_where() {
    let data = TempDir::new().unwrap();
    let data = data.path().to_str().unwrap();
    let server = Program::serve(&notes(), data).start().await;
    let (url, notes) = (server.url().to_owned(), notes());
    let ended = server.stop().await;
    let expected = format!(
        "Doorward {} is ready at {url}
  app           notes-abcde ({notes}), confirmed and reset by e-mail
  mail          development mailbox at {url}/dev/mail
  accounts      SQLite, {data}/doorward.sqlite; passwords by Argon2id ({})
  notes-abcde: parts of the export that are ignored or missing: 1; see doorward check {notes}
",
        env!("CARGO_PKG_VERSION"),
        engine(&ended.stdout),
    );
    assert_eq!(ended.stdout, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_lines_say_what_is_unusual() {
    let app = AppDir::without_confirmation();
    let data = TempDir::new().unwrap();
    let data = data.path().to_str().unwrap();
    let program = Program::serve(app.path(), data).with_smtp(9);
    let program = program.with([
        "--public-url",
        "https://auth.example.com/",
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    let server = program.start().await;
    let (bound, metrics) = (
        server.url().trim_start_matches("http://").to_owned(),
        server.metrics_url().await,
    );
    let ended = server.stop().await;
    let expected = format!(
        "Doorward {} is ready at https://auth.example.com
  listening on  {bound}
  app           notes-abcde ({}), confirmed at once, reset by e-mail
  mail          by SMTP
  accounts      SQLite, {data}/doorward.sqlite; passwords by Argon2id ({})
  metrics       {metrics}
  notes-abcde: anybody can register any address, because autoConfirm is true
",
        env!("CARGO_PKG_VERSION"),
        app.path(),
        engine(&ended.stdout),
    );
    assert_eq!(ended.stdout, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_private_and_sessions_outlive_a_restart() {
    let app = AppDir::without_confirmation();
    let parent = TempDir::new().unwrap();
    let data = parent.path().join("accounts/of/notes");
    let program = Program::serve(app.path(), data.to_str().unwrap());
    let server = program.start().await;
    server.register("ada@example.com").await;
    let session = server.ask(&Call::log_in("ada@example.com", PASSWORD)).await.session();
    assert_private(&data);
    let keys = keys_in(&data);
    assert_eq!(keys.len(), 3, "keys for mails, access tokens and refresh tokens");
    assert!(server.stop().await.status.success());

    let server = program.start().await;
    assert_eq!(server.ask(&Call::profile(&session)).await, "200");
    assert_eq!(server.ask(&Call::refresh(&session)).await, "201");
    assert_private(&data);
    assert!(keys_in(&data) == keys, "keys are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused() {
    let data = TempDir::new().unwrap();
    let data = data.path().to_str().unwrap();
    let program = Program::serve(&notes(), data);
    let server = program.start().await;
    let ended = program.run().await;
    let expected = format!(
        "doorward: cannot open the database {data}/doorward.sqlite: the database is unavailable: \
         another server has {data}/doorward.sqlite open\n"
    );
    assert_eq!((ended.status.code(), ended.stderr), (Some(1), expected));
    assert_eq!(
        server.ask(&Call::get("/readyz")).await,
        "200",
        "the first is not disturbed"
    );
    assert!(server.stop().await.status.success());
    program.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_runs_several_apps_that_know_nothing_of_each_other() {
    let app = AppDir::without_confirmation();
    let data = TempDir::new().unwrap();
    let renamed = format!("diary-fghij={}", app.path());
    let program = Program::serve(app.path(), data.path().to_str().unwrap()).with([renamed.as_str()]);
    let server = program.start().await;
    for (id, status) in [("notes-abcde", "200"), ("diary-fghij", "200"), ("other-klmno", "404")] {
        assert_eq!(
            server.ask(&Call::get_of_app("location").in_app(id)).await,
            status,
            "{id}"
        );
    }
    assert!(
        server
            .stdout()
            .contains(&format!("  app           diary-fghij ({}), ", app.path())),
        "{}",
        server.stdout()
    );

    let (notes, diary) = (server.app_of("notes-abcde"), server.app_of("diary-fghij"));
    let ada = "ada@example.com";
    let credentials = || Credentials::email_password(ada, PASSWORD);
    let register = async |app: &App| app.email_password_auth().register_user(ada, PASSWORD).await;
    register(&notes).await.unwrap();
    assert_eq!(
        refusal(diary.log_in(credentials()).await),
        "401 InvalidPassword unauthorized"
    );
    register(&diary).await.unwrap();
    let here = notes.log_in(credentials()).await.unwrap();
    let elsewhere = diary.log_in(credentials()).await.unwrap();
    assert_ne!(here.id(), elsewhere.id());
    let key = |user: &User| signing_key(&user.access_token().unwrap());
    assert_ne!(key(&here), key(&elsewhere));
}

/// The engine is chosen at the start, by what this machine can do.
fn engine(stdout: &str) -> &'static str {
    if stdout.contains("(argon2-rust)") {
        "argon2-rust"
    } else {
        "argon2"
    }
}

fn assert_private(data: &Path) {
    for entry in WalkDir::new(data) {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let expected = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}: {mode:o}", entry.path().display());
    }
}

/// Each key file with its content.
fn keys_in(data: &Path) -> Vec<(String, Vec<u8>)> {
    let files = WalkDir::new(data.join("keys"))
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| (file.path().display().to_string(), fs::read(file.path()).unwrap()))
        .collect()
}

/// The links in the development mailbox, oldest first.
pub(crate) async fn development_links(server: &Server) -> Vec<String> {
    let mails = server.ask(&Call::get("/dev/mail/messages")).await.json();
    let links = mails
        .as_array()
        .expect("a list of mails")
        .iter()
        .map(|mail| mail["links"][0].as_str());
    links.map(|link| link.expect("a mail has a link").to_owned()).collect()
}
