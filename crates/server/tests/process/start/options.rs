//! Every option from the command line, from the environment and from the configuration file, and which source wins.

use std::fs;

use tempfile::TempDir;

use crate::support::{AppDir, Call, Ended, PASSWORD, Program};

/// Where an option comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    CommandLine,
    Environment,
    File,
}

const SOURCES: [Source; 3] = [Source::CommandLine, Source::Environment, Source::File];

/// A program with these options from one source, in a directory of its own.
fn program(source: Source, app: &str, options: &[(&str, &str)], directory: &TempDir) -> Program {
    let program = Program::new(["serve"]).in_directory(directory.path());
    match source {
        Source::CommandLine => options.iter().fold(program.with([app]), |program, (name, value)| {
            program.with([format!("--{name}").as_str(), value])
        }),
        Source::Environment => options
            .iter()
            .fold(program.env("DOORWARD_APPS", app), |program, (name, value)| {
                program.env(&format!("DOORWARD_{}", name.to_uppercase().replace('-', "_")), value)
            }),
        Source::File => {
            let line = |(name, value): &(&str, &str)| match value.parse::<u64>() {
                Ok(number) => format!("{name} = {number}\n"),
                Err(_) if name.starts_with("trusted") || name.ends_with("allow") => format!("{name} = [{value:?}]\n"),
                Err(_) => format!("{name} = {value:?}\n"),
            };
            let text: String = options.iter().map(line).collect();
            fs::write(
                directory.path().join("doorward.toml"),
                format!("apps = [{app:?}]\n{text}"),
            )
            .unwrap();
            program.with(["--config", "doorward.toml"])
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_mean_the_same_wherever_they_come_from() {
    let app = AppDir::without_confirmation();
    for source in SOURCES {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("relay"), "smtp://127.0.0.1:9\n").unwrap();
        let options = [
            ("listen", "127.0.0.1:0"),
            ("public-url", "https://auth.example.com"),
            ("data-dir", "kept/here"),
            ("database", "sqlite:accounts.db"),
            ("smtp-file", "relay"),
            ("mail-from", "Notes <a@example.com>"),
            ("email-token-lifetime", "1h"),
            ("refresh-token-lifetime", "30m"),
            ("function-timeout", "5s"),
            ("function-http-allow", "10.0.0.0/8"),
            ("function-workers", "3"),
            ("function-sandbox", "best-effort"),
            ("trusted-proxy", "10.0.0.0/8"),
            ("access-token-algorithm", "HS256"),
            ("metrics-listen", "127.0.0.1:0"),
            ("profile", "compatible"),
            ("password-threads", "1"),
            ("log-format", "json"),
        ];
        let server = program(source, app.path(), &options, &directory).start().await;
        server.register("ada@example.com").await;
        let session = server.ask(&Call::log_in("ada@example.com", PASSWORD)).await.session();
        let [access, refresh] = [session.access_claims(), session.refresh_claims()];
        let lifetime = |claims: &serde_json::Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!((lifetime(&access), lifetime(&refresh)), (1_800, 1_800), "{source:?}");
        let keys = server.ask(&Call::get_of_app(".well-known/jwks.json")).await;
        assert_eq!(
            keys.json()["keys"].as_array().map(Vec::len),
            Some(0),
            "{source:?}: HS256 has no public half"
        );
        server.metrics_url().await;
        assert!(directory.path().join("kept/here/keys").is_dir() && directory.path().join("accounts.db").is_file());

        let Ended { stdout, stderr, .. } = server.stop().await;
        for line in [
            "is ready at https://auth.example.com\n",
            "mail          by SMTP\n",
            "SQLite, accounts.db;",
        ] {
            assert!(stdout.contains(line), "{source:?}: {line:?} is missing in\n{stdout}");
        }
        let lines = stderr
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let complaints: Vec<_> = lines.filter(|line| line["level"] != "INFO").collect();
        assert!(complaints.is_empty(), "{source:?}: {complaints:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_value_is_refused_by_name_wherever_it_comes_from() {
    let app = AppDir::without_confirmation();
    for (name, value) in [
        ("listen", "localhost"),
        ("email-token-lifetime", "2days"),
        ("refresh-token-lifetime", "1m"),
        ("function-timeout", "91s"),
        ("function-workers", "0"),
        ("function-sandbox", "none"),
        ("trusted-proxy", "everybody"),
        ("access-token-algorithm", "none"),
        ("metrics-listen", "here"),
        ("profile", "lax"),
        ("password-threads", "0"),
        ("log-format", "xml"),
        ("database-file", "/no/such/file"),
        ("smtp-file", "/no/such/file"),
    ] {
        for source in SOURCES {
            let directory = TempDir::new().unwrap();
            let ended = program(source, app.path(), &[(name, value)], &directory).run().await;
            assert!(!ended.status.success(), "{source:?} {name}: {ended:?}");
            let named = ended.stderr.contains(name) || ended.stderr.contains(value);
            assert!(named, "{source:?}: {name} is not named in {:?}", ended.stderr);
            assert!(!directory.path().join("doorward-data").exists(), "{source:?} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let app = AppDir::without_confirmation();
    let directory = TempDir::new().unwrap();
    let options = [("listen", "127.0.0.1:0"), ("public-url", "http://file.localhost")];
    let program = program(Source::File, app.path(), &options, &directory);
    let server = program.start().await;
    assert!(
        server
            .stop()
            .await
            .stdout
            .contains("is ready at http://file.localhost\n")
    );
    let program = program.env("DOORWARD_PUBLIC_URL", "http://environment.localhost");
    let server = program.start().await;
    assert!(
        server
            .stop()
            .await
            .stdout
            .contains("is ready at http://environment.localhost\n")
    );
    let server = program.with(["--public-url", "http://command.localhost"]).start().await;
    assert!(
        server
            .stop()
            .await
            .stdout
            .contains("is ready at http://command.localhost\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_cannot_be_used() {
    let directory = TempDir::new().unwrap();
    let program = Program::new(["serve", "--config", "doorward.toml"]).in_directory(directory.path());
    let ended = program.run().await;
    assert_eq!(
        ended.stderr,
        "doorward: cannot read doorward.toml: No such file or directory (os error 2)\n"
    );
    for (text, expected) in [
        (
            "listne = \"127.0.0.1:0\"\n",
            "the configuration at `listne` is not right: there is no option `listne`; the options are apps, ",
        ),
        (
            "listen = 9090\n",
            "the configuration at `listen` is not right: expected ",
        ),
        (
            "apps = []\nsmtp = \"smtps://user:hunter2@relay\nlisten = \"x\"\n",
            "the configuration is not right: TOML parse error at line 2, ",
        ),
    ] {
        fs::write(directory.path().join("doorward.toml"), text).unwrap();
        let ended = program.run().await;
        assert!(
            ended.stderr.starts_with(&format!("doorward: {expected}")),
            "{:?}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("hunter2"), "{:?}", ended.stderr);
        assert_eq!(ended.status.code(), Some(1));
    }
}
