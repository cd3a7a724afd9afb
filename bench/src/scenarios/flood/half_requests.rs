//! 2,000 connections that each send half a request and wait: how much memory they hold, and whether the server gives it
//! back when they are gone. A third each sends half a head, half the body of a login, and half the largest body that a
//! client without a token may send.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::bench::Bench;
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::requests;
use crate::server::Server;

/// How long a server may take over what it has received.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let server = bench.serve(&database.populated(bench.scale.population).await?).await?;
    tokio::time::sleep(SETTLE).await;
    let before = resident(&server)?;
    let halves = [
        requests::half_head(),
        requests::half_body("login", 16 << 10),
        requests::half_body("reset/call", 1 << 20),
    ];
    let mut held = Vec::new();
    for number in 0..bench.scale.half_requests {
        let Ok(mut stream) = TcpStream::connect(server.address).await else {
            continue;
        };
        // The server may have refused already, and then it reads no more.
        let half = halves[number % halves.len()].clone();
        held.push(tokio::spawn(async move {
            let _ = tokio::time::timeout(SETTLE, stream.write_all(&half)).await;
            stream
        }));
    }
    let mut streams = Vec::new();
    for stream in held {
        streams.push(stream.await?);
    }
    let mut most = resident(&server)?;
    let until = Instant::now() + SETTLE;
    while Instant::now() < until {
        most = most.max(resident(&server)?);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let connections = streams.len();
    drop(streams);
    let (gone, mut after) = (Instant::now(), most);
    let mut took = bench.scale.give_back;
    while gone.elapsed() < bench.scale.give_back {
        after = resident(&server)?;
        if after < before + 30.0 {
            took = gone.elapsed();
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(vec![
        Row::new(
            "memory while connections send half requests",
            Unit::Megabytes,
            vec![most],
        )
        .goal(Goal::Below(150.0))
        .note(format!("{connections} connections; {before:.1} MB before them")),
        Row::new("memory that they leave behind", Unit::Megabytes, vec![after - before])
            .goal(Goal::Below(30.0))
            .note(format!("{:.0} s after they are gone", took.as_secs_f64())),
    ])
}

fn resident(server: &Server) -> Result<f64> {
    Ok(server.memory("VmRSS")? / 1e6)
}
