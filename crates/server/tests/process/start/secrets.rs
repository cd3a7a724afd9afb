//! In failures too, and at every log level: no credential, token, hash or address reaches the terminal.

use std::str::FromStr as _;
use std::time::Duration;

use doorward_testkit::smtp_server::{SmtpOptions, SmtpServer};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use crate::support::{Call, Ended, Letter, PASSWORD, Program, Purpose, notes, unused_port, with_database};

const RELAY_PASSWORD: &str = "sesame-of-the-relay";
const ADA: &str = "ada.lovelace@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn s28_secrets_stay_out_of_the_most_talkative_log() {
    with_database(async |database, mut door| {
        let login = Some(("relay-user".to_owned(), RELAY_PASSWORD.to_owned()));
        let relay = SmtpServer::start(SmtpOptions {
            login,
            ..SmtpOptions::default()
        })
        .await;
        let data = TempDir::new().unwrap();
        let smtp = format!("smtp://relay-user:{RELAY_PASSWORD}@127.0.0.1:{}", relay.port());
        let (database, database_password) = with_password(&database);
        let server = Program::serve(&notes(), data.path().to_str().unwrap())
            .with(["--mail-from", "notes@example.com"])
            .env("DOORWARD_SMTP", &smtp)
            .env("DOORWARD_DATABASE", &database)
            .env("DOORWARD_LOG", "trace")
            .start()
            .await;

        let mut secrets = vec![RELAY_PASSWORD.to_owned(), database_password, "$argon2id$".to_owned()];
        secrets.extend([PASSWORD, "another password", "wrong horse", ADA].map(str::to_owned));
        server.register(ADA).await;
        let confirm = Letter::read(&relay.wait_for(1, Duration::from_secs(10)).await[0]);
        assert_eq!(server.ask(&Call::confirm(&confirm)).await, "200");
        assert_eq!(server.ask(&Call::confirm(&confirm)).await.status, 400);
        let session = server.ask(&Call::log_in(ADA, PASSWORD)).await.session();
        assert_eq!(server.ask(&Call::log_in(ADA, "wrong horse")).await.status, 401);
        assert_eq!(server.ask(&Call::profile(&session)).await, "200");
        assert_eq!(server.ask(&Call::send(Purpose::Reset, ADA)).await, "200");
        let reset = Letter::read(&relay.wait_for(2, Duration::from_secs(10)).await[1]);
        assert_eq!(server.ask(&Call::get(&reset.page())).await, "200");
        assert_eq!(server.ask(&Call::reset(&reset, "another password")).await, "200");
        assert_eq!(server.ask(&Call::refresh(&session)).await.status, 401);
        // Failures are logged with their causes.
        relay.stop().await;
        assert_eq!(server.ask(&Call::send(Purpose::Reset, ADA)).await, "200");
        server.logs("a mail was not sent").await;
        door.shut().await;
        assert_eq!(server.ask(&Call::log_in(ADA, PASSWORD)).await.status, 503);
        secrets.extend([confirm.token, reset.token]);
        secrets.extend([&session.access_token, &session.refresh_token].map(|token| signature(token)));

        let ended = server.stop().await;
        let mut lines = ended.stderr.lines();
        let refusal = |line: &str| line.contains("DEBUG") && line.contains("a request was refused");
        assert!(lines.any(refusal), "the log is talkative");
        assert_silent(&ended, &secrets);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_a_start_that_fails_does_not_repeat_its_secrets() {
    let data = TempDir::new().unwrap();
    let nobody = format!("127.0.0.1:{}", unused_port());
    let secrets = ["sesame".to_owned()];
    for (name, value) in [
        ("DOORWARD_DATABASE", format!("postgres://user:sesame@{nobody}/notes")),
        (
            "DOORWARD_DATABASE",
            format!("postgres://user:sesame@{nobody}:not-a-port/notes"),
        ),
        (
            "DOORWARD_DATABASE",
            format!("postgres://user:sesame@{nobody}/notes?sslmode=sesame"),
        ),
        ("DOORWARD_DATABASE", "mysql://user:sesame@localhost/notes".to_owned()),
        ("DOORWARD_SMTP", "smtps://user:sesame/@relay.example.com".to_owned()),
        (
            "DOORWARD_SMTP",
            "smtps://user:sesame@relay.example.com?what=sesame".to_owned(),
        ),
        ("DOORWARD_SMTP", "smtp://user:sesame@relay.example.com".to_owned()),
        ("DOORWARD_SMTP", "sesame".to_owned()),
    ] {
        let program = Program::serve(&notes(), data.path().to_str().unwrap());
        let program = program
            .with(["--mail-from", "notes@example.com"])
            .env("DOORWARD_LOG", "trace");
        let ended = program.env(name, &value).run().await;
        assert_eq!(ended.status.code(), Some(1), "{name}={value}: {ended:?}");
        assert_silent(&ended, &secrets);
    }
    let help = Program::new(["serve", "--help"])
        .env("DOORWARD_SMTP", "sesame")
        .env("DOORWARD_DATABASE", "sesame");
    assert_silent(&help.run().await, &secrets);
}

/// The URL with a password in it, and the password. Where PostgreSQL trusts every client, the password is made up.
fn with_password(url: &str) -> (String, String) {
    let parsed = url::Url::parse(url).unwrap();
    if let Some(password) = parsed.password() {
        return (url.to_owned(), password.to_owned());
    }
    let password = "sesame-of-the-database";
    let options = PgConnectOptions::from_str(url).unwrap().password(password);
    (options.to_url_lossy().to_string(), password.to_owned())
}

/// The secret part of a token.
fn signature(token: &str) -> String {
    token.rsplit('.').next().unwrap().to_owned()
}

fn assert_silent(ended: &Ended, secrets: &[String]) {
    for line in ended.stdout.lines().chain(ended.stderr.lines()) {
        for secret in secrets {
            assert!(!line.contains(&**secret), "{secret:?} was printed: {line}");
        }
    }
}
