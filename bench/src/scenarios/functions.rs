//! The cost of a function call, and what slow and hostile functions cost other requests.
//!
//! A call by a signed-in user does the work of a profile request (check the token, read the user) and then runs the
//! function: the difference of the two is the cost of the function, which a hook adds to a registration or a reset.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio::task::LocalSet;

use super::sessions;
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while, until_done};
use crate::connection::Connection;
use crate::cpu::{CpuMeter, cores, in_words};
use crate::database::Database;
use crate::open_loop::{Arrivals, Tally};
use crate::report::{Goal, Row, Unit};
use crate::requests::{self, Request};
use crate::server::Server;
use crate::stats;

/// How many profiles a probe requests per second.
const PROBES: f64 = 200.0;

/// How many calls that wait run side by side.
const SLOW_CALLS: usize = 50;

/// How many clients call the same function.
const CLIENTS: usize = 8;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let server = bench.serve(&database.populated(bench.scale.population).await?).await?;
    let sessions = sessions::open(&server).await?;
    let call = |name: &str| -> Vec<Request> {
        let argument = json!({ "token": "0".repeat(128), "tokenId": "0".repeat(24), "username": "ada@example.com" });
        let one = |token: &String| requests::call_function(token, name, &json!([argument]));
        sessions.access_tokens.iter().map(one).collect()
    };
    let (profiles, calls) = (Wheel::new(&sessions.profiles), call("confirmation"));
    let calls_wheel = Wheel::new(&calls);
    let mut one = Connection::open_many(server.address, 1).await?;
    let mut many = Connection::open_many(server.address, CLIENTS).await?;
    for_a_while(&mut one, &calls_wheel, 200, bench.scale.warm_up).await?;

    let (mut costs, mut plain, mut rates, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.scale.rounds {
        let without = for_a_while(&mut one, &profiles, 200, bench.scale.round)
            .await?
            .percentile(50);
        let with = for_a_while(&mut one, &calls_wheel, 200, bench.scale.round)
            .await?
            .percentile(50);
        costs.push(with - without);
        plain.push(without);
        let meter = CpuMeter::start(server.id())?;
        rates.push(for_a_while(&mut many, &calls_wheel, 200, bench.scale.round).await?.rate);
        cpu.push(meter.stop()?);
    }

    let before = with_workers(&server)?;
    let turns = bench.scale.function_calls / calls.len() + 1;
    let total: Vec<Request> = calls.iter().cycle().take(turns * calls.len()).cloned().collect();
    until_done(&mut many, &total, 200).await?;
    let after = with_workers(&server)?;

    let waiting = unharmed(bench, &server, &sessions.profiles, &call("wait"), SLOW_CALLS).await?;
    let spinning = unharmed(bench, &server, &sessions.profiles, &call("spin"), 2 * cores() as usize).await?;

    let p50_note = format!(
        "a profile alone: p50 {:.2} ms",
        stats::median(&plain).unwrap_or(f64::NAN)
    );
    let grown = format!(
        "{:.1} MB before, {:.1} MB after, server and workers together",
        before / 1e6,
        after / 1e6
    );
    Ok(vec![
        Row::new(
            "p50 of a function of 30 lines beyond a request without it",
            Unit::Millis,
            costs,
        )
        .goal(Goal::Below(0.5))
        .note(p50_note),
        Row::new("calls of it by 8 clients", Unit::PerSecond, rates)
            .note(format!("{} (workers not counted)", in_words(&cpu))),
        Row::new(
            format!("memory after {} calls", total.len()),
            Unit::Megabytes,
            vec![(after - before) / 1e6],
        )
        .goal(Goal::Below(10.0))
        .note(grown),
        waiting.row(&format!("p99 of profile while {SLOW_CALLS} calls wait"))?,
        spinning.row("p99 of profile while every worker spins")?,
    ])
}

/// Samples of the p99 of a profile request, on the idle server and under load.
struct Unharmed {
    idle: Vec<f64>,
    beside: Vec<f64>,
    answers: String,
}

impl Unharmed {
    fn row(self, what: &str) -> Result<Row> {
        let idle = stats::median(&self.idle).context("nothing was measured")?;
        let note = format!("idle {idle:.2} ms; the calls: {}", self.answers);
        Ok(Row::new(what, Unit::Millis, self.beside)
            .goal(Goal::Below(25.0_f64.max(2.0 * idle)))
            .note(note))
    }
}

/// Requests profiles at a fixed rate, on the idle server and while some clients call a function over and over.
async fn unharmed(
    bench: &Bench,
    server: &Server,
    profiles: &[Request],
    calls: &[Request],
    clients: usize,
) -> Result<Unharmed> {
    let probe = || {
        Arrivals {
            address: server.address,
            requests: profiles,
            rate: PROBES,
            warm_up: bench.scale.warm_up,
            time: bench.scale.round,
        }
        .run()
    };
    let (mut idle, mut beside, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let rounds = async {
        for _ in 0..bench.scale.rounds {
            idle.push(p99(&probe().await?)?);
            let crowd = calls_over_and_over(server, calls, clients, bench.scale.warm_up + bench.scale.round);
            let (probed, crowd) = tokio::try_join!(probe(), crowd)?;
            beside.push(p99(&probed)?);
            answers.extend(crowd);
        }
        anyhow::Ok(())
    };
    LocalSet::new().run_until(rounds).await?;
    let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    let answers = format!("{} × 200, {} × 400, {} × 429", count(200), count(400), count(429));
    Ok(Unharmed { idle, beside, answers })
}

/// The status of every answer. Waits for calls that are in flight when the time is over.
async fn calls_over_and_over(server: &Server, calls: &[Request], clients: usize, time: Duration) -> Result<Vec<u16>> {
    let until = tokio::time::Instant::now() + time;
    let client = async |number: usize| {
        let mut connection = Connection::open(server.address).await?;
        let mut answers = Vec::new();
        while tokio::time::Instant::now() < until {
            let answer = connection.send(&calls[number % calls.len()]).await?;
            ensure!(
                matches!(answer.status, 200 | 400 | 429),
                "a call was answered with {}",
                answer.status
            );
            answers.push(answer.status);
            if answer.status == 429 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        anyhow::Ok(answers)
    };
    let all = futures_util::future::try_join_all((0..clients).map(client)).await?;
    Ok(all.concat())
}

fn p99(tally: &Tally) -> Result<f64> {
    ensure!(
        tally.count(200) == tally.total(),
        "not every probe was answered with 200"
    );
    stats::percentile(tally.of(200), 99).context("no probe was sent")
}

/// Resident memory of the server and of its workers, in bytes.
fn with_workers(server: &Server) -> Result<f64> {
    let mut bytes = server.memory("VmRSS")?;
    for process in fs::read_dir("/proc")? {
        // A process may end meanwhile.
        let status = fs::read_to_string(process?.path().join("status")).unwrap_or_default();
        let value = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
                .trim()
        };
        if value("PPid:").parse() == Ok(server.id()) {
            let kilobytes: f64 = value("VmRSS:")
                .trim_end_matches(" kB")
                .trim()
                .parse()
                .unwrap_or_default();
            bytes += kilobytes * 1_024.0;
        }
    }
    Ok(bytes)
}
