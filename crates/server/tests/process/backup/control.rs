//! `control.sock`: for the owner only, there while a server runs, and of one server.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::{ADA, Site, names};
use crate::support::{Call, Program, notes};

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_private_and_goes_with_the_server() {
    let site = Site::new();
    let program = site.serve("data");
    let server = program.start().await;
    let socket = site.path("data").join("control.sock");
    let metadata = fs::metadata(&socket).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    server.stop().await;
    assert!(!socket.exists());

    program.start().await.kill().await;
    assert!(socket.exists(), "a killed server leaves its socket");
    site.works("data", &["new-epoch"]).await;
    let left = site.path("data").join(".doorward-temp-left");
    fs::create_dir(&left).unwrap();
    let server = program.start().await;
    site.works("data", &["new-epoch"]).await;
    assert!(!left.exists(), "a start removes what a killed backup has left");
    server.stop().await;
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_directory_leaves_the_socket_to_the_first() {
    let site = Site::new();
    let first = site.serve("data").start().await;
    let refused = site.serve("data").run().await;
    assert!(refused.stderr.contains("another server has"), "{refused:?}");
    site.works("data", &["new-epoch"]).await;

    let other = format!("sqlite:{}", site.text("other.sqlite"));
    let second = site.serve("data").with(["--database", &other]).start().await;
    second
        .logs("another server has the control socket of this data directory")
        .await;
    second.register(ADA).await;
    // A command about the database of the second does not reach that of the first.
    let why = site.refused("data", &["new-epoch", "--database", &other]).await;
    assert_eq!(
        why,
        "the server that runs on this data directory has another database open: DIR/data/doorward.sqlite"
    );
    let archive = site.text("backup.tar");
    assert_eq!(
        site.refused("data", &["backup", &archive, "--database", &other]).await,
        why
    );
    let missing = format!("sqlite:{}", site.text("missing.sqlite"));
    assert_eq!(site.refused("data", &["new-epoch", "--database", &missing]).await, why);
    second.stop().await;
    assert!(site.path("data").join("control.sock").exists());
    let own = format!("sqlite:{}", site.text("data/doorward.sqlite"));
    site.works("data", &["backup", &archive, "--database", &own]).await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_answers_errors_in_json_and_bounds_what_it_reads() {
    let site = Site::new();
    let server = site.serve("data").start().await;
    let ask = async |head: &str, body: &str| {
        let mut socket = UnixStream::connect(site.path("data").join("control.sock"))
            .await
            .unwrap();
        let request = format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n{body}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    };
    let (status, body) = ask("POST /users HTTP/1.1\r\ncontent-length: 0", "").await;
    assert_eq!(status, "HTTP/1.1 409 Conflict");
    assert_eq!(
        body,
        r#"{"error":"the server that runs on this data directory is of a version without this command"}"#
    );
    let long = "x".repeat(65 << 10);
    let head = format!(
        "POST /new-epoch HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {}",
        long.len()
    );
    assert_eq!(ask(&head, &long).await.0, "HTTP/1.1 413 Payload Too Large");
    assert_eq!(
        server.ask(&Call::get("/new-epoch")).await.status,
        404,
        "no address leads there"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_holds_up_neither_the_server_nor_its_end() {
    let site = Site::new();
    let program = site.serve("data");
    program.start().await.stop().await;
    // More than the buffers on the way take. JSON may be as long as it likes.
    let ring = site.path("data").join("keys/mail.json");
    let text = fs::read_to_string(&ring).unwrap() + &" ".repeat(8 << 20);
    fs::write(&ring, text).unwrap();
    let server = program.start().await;
    let silent = async || {
        let mut socket = UnixStream::connect(site.path("data").join("control.sock"))
            .await
            .unwrap();
        let request =
            "POST /backup HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.read_exact(&mut [0; 15]).await.unwrap();
        socket
    };

    let first = silent().await;
    server.register(ADA).await;
    let archive = site.text("backup.tar");
    assert_eq!(
        site.refused("data", &["backup", &archive]).await,
        "another backup of this server is being taken"
    );
    drop(first);
    server.logs("a backup was broken off").await;
    site.works("data", &["backup", &archive]).await;

    let _second = silent().await;
    assert_eq!(server.stop().await.status.code(), Some(0));
    let left = names(&site.path("data"));
    assert_eq!(left, ["doorward.sqlite", "doorward.sqlite.lock", "keys"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_find_the_server_by_its_configuration_file() {
    let site = Site::new();
    let config = site.text("doorward.toml");
    let text = format!(
        "data-dir = {:?}\nlisten = \"127.0.0.1:0\"\napps = [{:?}]\n",
        site.text("data"),
        notes()
    );
    fs::write(&config, &text).unwrap();
    let server = Program::new(["serve", "--config", &config]).start().await;
    for command in [
        Program::new(["new-epoch", "--config", &config]),
        Program::new(["new-epoch"]).env("DOORWARD_CONFIG", &config),
        Program::new(["backup", &site.text("backup.tar"), "--config", &config]),
    ] {
        let ended = command.run().await;
        assert!(ended.status.success(), "{ended:?}");
    }
    server.stop().await;

    fs::write(&config, text + "no-option = 1\n").unwrap();
    let ended = Program::new(["new-epoch", "--config", &config]).run().await;
    assert!(ended.stderr.contains("there is no option `no-option`"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_whose_path_is_too_long_for_a_socket_is_served_without_one() {
    let site = Site::new();
    let name = "d".repeat(100);
    let server = site.serve(&name).start().await;
    server.logs("there is no control socket").await;
    assert_eq!(server.ask(&Call::get("/readyz")).await, "200");
    let why = site.refused(&name, &["backup", &site.text("backup.tar")]).await;
    assert!(why.contains("another server has"), "{why}");
    server.stop().await;
}
