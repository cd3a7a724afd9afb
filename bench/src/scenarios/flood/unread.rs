//! 1,100 clients that send requests and never read an answer, at a server that may open 1,024 files. `/healthz` should
//! answer all the same.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::join_all;
use tokio::net::TcpStream;

use crate::bench::Bench;
use crate::connection::Connection;
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::{requests, stats};

/// How many files the server may open.
const FILES: u32 = 1_024;

/// How long a client goes on sending.
const SENDING: Duration = Duration::from_secs(1);

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Row> {
    let mut launch = bench.launch(&database.populated(bench.scale.population).await?);
    launch.files = Some(FILES);
    let server = launch.start().await?;
    let clients = join_all((0..bench.scale.unread).map(|_| never_read(server.address))).await;
    let held = clients.iter().flatten().count();
    let mut times = Vec::new();
    for _ in 0..bench.scale.rounds * 4 {
        let asked = Instant::now();
        let answer = async {
            Connection::open(server.address)
                .await?
                .expect(200, &requests::healthz())
                .await?;
            anyhow::Ok(())
        };
        let answered = tokio::time::timeout(PATIENCE, answer).await;
        let time = if matches!(answered, Ok(Ok(()))) {
            asked.elapsed()
        } else {
            PATIENCE
        };
        times.push(stats::millis(time));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(Row::new("/healthz while clients never read", Unit::Millis, times)
        .goal(Goal::Below(100.0))
        .note(format!(
            "{held} of {} clients connected; the server may open {FILES} files",
            bench.scale.unread
        )))
}

/// A connection on which requests were sent until the server took no more.
async fn never_read(address: std::net::SocketAddr) -> Option<TcpStream> {
    let connected = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
    let stream = connected.ok()?.ok()?;
    let requests = requests::location().repeat(64);
    let until = Instant::now() + SENDING;
    while Instant::now() < until {
        match stream.try_write(&requests) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(_) => break,
        }
    }
    Some(stream)
}
