//! More connections than the process may have files.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Call, Figures, Program, notes};

const PLACES: &str = "doorward_connection_places";

fn program(data: &TempDir) -> Program {
    Program::serve(&notes(), data.path().to_str().unwrap()).with(["--metrics-listen", "127.0.0.1:0"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_takes_as_many_files_as_it_may() {
    let data = TempDir::new().unwrap();
    let server = program(&data).under_limits("-Sn 256 && ulimit -Hn 4096").start().await;
    let limits = server.proc_file("limits");
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let columns: Vec<_> = open_files.split_whitespace().collect();
    assert_eq!(columns[3..5], ["4096", "4096"], "{open_files}");
    let places = Figures::read(&server.metrics_url().await).await.get(PLACES);
    assert!((3_000..3_841).contains(&places), "{places}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_never_read_do_not_stop_a_server_with_few_files() {
    let data = TempDir::new().unwrap();
    let server = program(&data).under_limits("-n 160").start().await;
    let metrics = server.metrics_url().await;
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let mut unread = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // The server may have closed it already.
        let _ = stream.write_all(request.as_bytes()).await;
        unread.push(stream);
    }
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(server.ask(&Call::get("/healthz")).await.status, 200);
        // Usual is a millisecond.
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }
    let figures = Figures::read(&metrics).await;
    assert_eq!(figures.get(PLACES), 80);
    assert!(figures.get("doorward_connections") <= 80);
    assert!(figures.get("doorward_connections_refused_total{reason=\"places\"}") >= 120);
    assert_eq!(
        figures.get("doorward_connections_refused_total{reason=\"not_accepted\"}"),
        0
    );
    server.logs("every place for a connection is taken").await;
}
