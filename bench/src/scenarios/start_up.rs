//! Time from starting the process to its first answer, and to the first answer to a request that a client would send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::server::Launch;
use crate::{cpu, requests, stats};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let mut first_starts = Starts::default();
    for _ in 0..bench.scale.starts {
        first_starts.add(&bench.launch(&database.empty().await?))?;
    }

    let small = bench.launch(&database.empty().await?);
    let mut small_starts = Starts::default();
    // The first start makes keys and schema, as in the figure above.
    Starts::default().add(&small)?;
    for _ in 0..bench.scale.starts {
        small_starts.add(&small)?;
    }

    let large = bench.launch(&database.shared(bench.scale.large).await?);
    let mut large_starts = Starts::default();
    Starts::default().add(&large)?;
    for _ in 0..bench.scale.starts {
        large_starts.add(&large)?;
    }

    let users = bench.scale.large.confirmed;
    Ok(vec![
        first_starts.row("start to first answer, very first start (makes keys and schema)", 50.0),
        small_starts.row("start to first answer, empty database", 50.0),
        large_starts.row(&format!("start to first answer, {users} users"), 100.0),
    ])
}

/// The times of several starts, in milliseconds.
#[derive(Default)]
struct Starts {
    healthz: Vec<f64>,
    location: Vec<f64>,
    cpu: Vec<f64>,
}

impl Starts {
    /// Starts a server, sends it requests, and ends it.
    fn add(&mut self, launch: &Launch) -> Result<()> {
        let mut server = launch.spawn()?;
        let mut stream = loop {
            // The listener comes up before the rest of the server; until then a request waits in its queue.
            match TcpStream::connect(server.address) {
                Ok(stream) => break stream,
                Err(_) if server.started.elapsed() < PATIENCE => {
                    server.check_alive()?;
                    std::thread::sleep(Duration::from_micros(100));
                }
                Err(error) => return Err(error.into()),
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        ask(&mut stream, &requests::healthz())?;
        self.healthz.push(since(server.started));
        ask(&mut stream, &requests::location())?;
        self.location.push(since(server.started));
        self.cpu.push(stats::millis(cpu::of_threads(server.id())?));
        Ok(())
    }

    fn row(self, what: &str, goal: f64) -> Row {
        let [location, cpu] = [&self.location, &self.cpu].map(|samples| stats::median(samples).unwrap_or(f64::NAN));
        let note = format!("`/healthz`; `location` after {location:.1} ms; CPU time {cpu:.1} ms");
        Row::new(what, Unit::Millis, self.healthz)
            .goal(Goal::Below(goal))
            .note(note)
    }
}

/// Blocks without the runtime, whose timer has a resolution of a millisecond.
fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<()> {
    stream.write_all(request)?;
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    ensure!(
        answer[..length].starts_with(b"HTTP/1.1 200 "),
        "the first answer is not 200"
    );
    Ok(())
}

fn since(started: Instant) -> f64 {
    stats::millis(started.elapsed())
}
