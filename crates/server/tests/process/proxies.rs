//! The address of a client through real reverse proxies, whatever the client writes into their header.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::support::{AppDir, Program, unused_port};

/// Where the client connects from. The proxies connect from 127.0.0.1, which alone is trusted.
const CLIENT: &str = "127.0.0.77";

/// The answer to every login names the client.
const LOG_IN: &str = "exports = () => { throw new Error(`<${context.request.remoteIPAddress}>`); };";

const PROVIDERS: &str = r#"{ "custom-function": { "name": "custom-function", "type": "custom-function",
    "disabled": false, "config": { "authFunctionName": "logIn" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn s62_through_haproxy_and_caddy_a_client_cannot_choose_its_address() {
    let app = AppDir::new("notes-abcde", &serde_json::json!({ "autoConfirm": true }));
    app.write("auth/providers.json", PROVIDERS);
    app.write("functions/logIn.js", LOG_IN);
    let data = TempDir::new().unwrap();
    let server = Program::serve(app.path(), data.path().to_str().unwrap())
        .with(["--trusted-proxy", "127.0.0.1/32"])
        .start()
        .await;
    let upstream = server.url().strip_prefix("http://").unwrap().to_owned();
    let (haproxy, caddy) = tokio::join!(Proxy::haproxy(&upstream), Proxy::caddy(&upstream));
    for proxy in [&haproxy, &caddy] {
        for written in [
            b"".as_slice(),
            b"X-Forwarded-For: 203.0.113.5\r\n",
            b"X-Forwarded-For: 127.0.0.1\r\n",
            b"X-Forwarded-For: \xff\r\n",
            b"X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-For: \xc3\x28, 127.0.0.1\r\n",
            b"X-Forwarded-For: 203.0.113.5,,\r\n",
        ] {
            let answer = log_in(proxy.address, written).await;
            let shown = String::from_utf8_lossy(written);
            assert!(
                answer.contains(&format!("<{CLIENT}>")),
                "{} {shown} {answer}",
                proxy.name
            );
        }
        // A proxy in front of a development server shows no mail, even under the name of this machine.
        let mailbox = b"GET /dev/mail/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let answer = ask(proxy.address, mailbox).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{} {answer}", proxy.name);
    }
    // Without a proxy, the header of a client is only a header.
    let answer = log_in(upstream.parse().unwrap(), b"X-Forwarded-For: 203.0.113.5\r\n").await;
    assert!(answer.contains(&format!("<{CLIENT}>")), "{answer}");
}

/// A reverse proxy in front of a server.
struct Proxy {
    name: &'static str,
    address: SocketAddr,
    _process: Child,
    _files: TempDir,
}

impl Proxy {
    /// It adds a line of its own to `X-Forwarded-For`.
    async fn haproxy(upstream: &str) -> Self {
        let config = |port: u16| {
            format!(
                "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n\
                 frontend door\n  bind 127.0.0.1:{port}\n  option forwardfor\n  default_backend doorward\n\
                 backend doorward\n  server one {upstream}\n"
            )
        };
        Self::start("haproxy", &["-db", "-f"], config).await
    }

    /// It appends to the line of a client that it trusts.
    async fn caddy(upstream: &str) -> Self {
        let config = |port: u16| {
            format!(
                "{{\n  admin off\n  auto_https off\n}}\nhttp://:{port} {{\n  bind 127.0.0.1\n  \
                 reverse_proxy {upstream} {{\n    trusted_proxies 127.0.0.0/8\n  }}\n}}\n"
            )
        };
        Self::start("caddy", &["run", "--adapter", "caddyfile", "--config"], config).await
    }

    async fn start(name: &'static str, arguments: &[&str], config: impl Fn(u16) -> String) -> Self {
        let files = TempDir::new().unwrap();
        let port = unused_port();
        let file = files.path().join("config");
        std::fs::write(&file, config(port)).unwrap();
        let process = Command::new(name)
            .args(arguments)
            .arg(&file)
            .env("HOME", files.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started ({error}); ./test installs it"));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{name} does not listen");
            sleep(Duration::from_millis(20)).await;
        }
        Self {
            name,
            address,
            _process: process,
            _files: files,
        }
    }
}

async fn log_in(address: SocketAddr, headers: &[u8]) -> String {
    let path = "/api/client/v2.0/app/notes-abcde/auth/providers/custom-function/login";
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n"
    );
    ask(address, &[head.as_bytes(), headers, b"\r\n{}"].concat()).await
}

/// Sends a request from the client's address, and reads to the end.
async fn ask(address: SocketAddr, request: &[u8]) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{CLIENT}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
