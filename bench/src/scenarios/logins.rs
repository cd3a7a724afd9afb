//! Logins per second as a share of the hashes that the machine can compute: the server's own pool, saturated in the
//! driver with no server around it, in turns with the server, because the speed of a shared machine changes from one
//! second to the next.

use std::cell::Cell;
use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::login_clients;
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while};
use crate::connection::Connection;
use crate::cpu::{self, CpuMeter, ThreadTimes};
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::requests::PASSWORD;
use crate::{requests, seed};

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let server = bench.serve(&database.populated(bench.scale.population).await?).await?;
    let logins: Vec<_> = (1..=bench.scale.population.confirmed)
        .map(|user| requests::log_in(&seed::confirmed(user)))
        .collect();
    let logins = Wheel::new(&logins);
    let mut clients = Connection::open_many(server.address, login_clients()).await?;
    for_a_while(&mut clients, &logins, 200, bench.scale.warm_up).await?;

    let mut before = ceiling(bench, server.id()).await?;
    let (mut rates, mut ceilings, mut shares) = (Vec::new(), vec![before.rate], Vec::new());
    let (mut cpu_shares, mut hash_shares, mut p50) = (Vec::new(), Vec::new(), Vec::new());
    let mut others = Vec::new();
    let mut refused = 0;
    for _ in 0..bench.scale.rounds {
        let meter = CpuMeter::start(server.id())?;
        let threads = ThreadTimes::read(server.id())?;
        let round = for_a_while(&mut clients, &logins, 200, bench.scale.round).await?;
        others.push(100.0 * ThreadTimes::read(server.id())?.others_over_hashing(threads));
        let cpu = meter.stop()?;
        let after = ceiling(bench, server.id()).await?;
        shares.push(round.rate / f64::midpoint(before.rate, after.rate));
        let hash_seconds = f64::midpoint(before.hash_seconds, after.hash_seconds);
        hash_shares.push(hash_seconds * round.rate * bench.scale.round.as_secs_f64() / cpu.server_seconds);
        rates.push(round.rate);
        ceilings.push(after.rate);
        cpu_shares.push(cpu);
        p50.push(round.percentile(50));
        refused += round.refused;
        before = after;
    }
    let mut clients_note = format!("{} clients", login_clients());
    if refused > 0 {
        // Other processes keep the pool from its cores.
        clients_note = format!("{clients_note}; {refused} answers were 429");
    }
    let cpu = cpu::in_words(&cpu_shares);
    Ok(vec![
        Row::new("logins/s as a share of the raw hash ceiling", Unit::Times, shares)
            .goal(Goal::AtLeast(0.95))
            .note(cpu),
        Row::new("logins/s", Unit::PerSecond, rates).note(&clients_note),
        Row::new("raw hash ceiling", Unit::PerSecond, ceilings).note("the same pool, alone, in turns with the logins"),
        Row::new(
            "CPU time of a raw hash as a share of a login's",
            Unit::Times,
            hash_shares,
        )
        .note("other work on the machine moves it less than the rates"),
        Row::new(
            "CPU time of the server's other threads over that of its password threads",
            Unit::Percent,
            others,
        )
        .note("what a change makes of a login beside its hash: steadier than any share"),
        Row::new("login p50", Unit::Millis, p50).note(&clients_note),
    ])
}

/// How many hashes the machine can compute while the server is idle.
struct Ceiling {
    /// Verified passwords per second.
    rate: f64,
    /// CPU time of each verification.
    hash_seconds: f64,
}

async fn ceiling(bench: &Bench, server: u32) -> Result<Ceiling> {
    let verified = Cell::new(0_u32);
    let meter = CpuMeter::start(server)?;
    let started = Instant::now();
    let client = async || {
        loop {
            bench.pool.verify(PASSWORD.as_bytes(), &bench.hash).await?;
            if started.elapsed() > bench.scale.round {
                return anyhow::Ok(());
            }
            verified.set(verified.get() + 1);
        }
    };
    try_join_all((0..login_clients()).map(|_| client())).await?;
    let verified = f64::from(verified.get());
    Ok(Ceiling {
        rate: verified / bench.scale.round.as_secs_f64(),
        hash_seconds: meter.stop()?.driver_seconds / verified,
    })
}
