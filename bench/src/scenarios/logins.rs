//! Logins per second as a share of what the machine can hash at all: the server's own pool, saturated in the driver with nothing
//! around it, in turns with the server, because a shared machine is not equally fast from one second to the next.

use std::cell::Cell;
use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::login_clients;
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while};
use crate::connection::Connection;
use crate::cpu::{self, CpuMeter};
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

    let mut ceilings = vec![ceiling(bench).await?];
    let mut refused = 0;
    let (mut rates, mut shares, mut cpu_shares, mut p50) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.scale.rounds {
        let meter = CpuMeter::start(server.id())?;
        let round = for_a_while(&mut clients, &logins, 200, bench.scale.round).await?;
        cpu_shares.push(meter.stop()?);
        let (before, after) = (ceilings[ceilings.len() - 1], ceiling(bench).await?);
        ceilings.push(after);
        shares.push(round.rate / f64::midpoint(before, after));
        rates.push(round.rate);
        refused += round.refused;
        p50.push(round.percentile(50));
    }
    // Refusals mean that other work keeps the pool from its cores: the figures are worth little then.
    let clients_note = match refused {
        0 => format!("{} clients", login_clients()),
        _ => format!("{} clients; {refused} answers were 429", login_clients()),
    };
    let cpu = cpu::in_words(&cpu_shares);
    Ok(vec![
        Row::new("logins/s as a share of the raw hash ceiling", Unit::Times, shares)
            .goal(Goal::AtLeast(0.95))
            .note(cpu),
        Row::new("logins/s", Unit::PerSecond, rates).note(&clients_note),
        Row::new("raw hash ceiling", Unit::PerSecond, ceilings).note("the same pool, alone, in turns with the logins"),
        Row::new("login p50", Unit::Millis, p50).note(&clients_note),
    ])
}

/// Verified passwords per second, with nothing else going on.
async fn ceiling(bench: &Bench) -> Result<f64> {
    let verified = Cell::new(0_u32);
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
    Ok(f64::from(verified.get()) / bench.scale.round.as_secs_f64())
}
