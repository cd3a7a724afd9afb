//! The usual requests of signed-in users: session refreshes and profiles.

use anyhow::Result;

use super::{READERS, sessions};
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while};
use crate::connection::Connection;
use crate::cpu::{self, CpuMeter};
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::stats;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let server = bench.serve(&database.populated(bench.scale.population).await?).await?;
    let sessions = sessions::open(&server).await?;
    let mut clients = Connection::open_many(server.address, READERS).await?;
    let calls = [
        (Wheel::new(&sessions.refreshes), 201),
        (Wheel::new(&sessions.profiles), 200),
    ];
    for (requests, status) in &calls {
        for_a_while(&mut clients, requests, *status, bench.scale.warm_up).await?;
    }
    let mut rates = [Vec::new(), Vec::new()];
    let mut cpu_shares = [Vec::new(), Vec::new()];
    let mut per_core_second = [Vec::new(), Vec::new()];
    for _ in 0..bench.scale.rounds {
        for (index, (requests, status)) in calls.iter().enumerate() {
            let meter = CpuMeter::start(server.id())?;
            let round = for_a_while(&mut clients, requests, *status, bench.scale.round).await?;
            let cpu = meter.stop()?;
            rates[index].push(round.rate);
            per_core_second[index].push(round.rate * bench.scale.round.as_secs_f64() / cpu.server_seconds);
            cpu_shares[index].push(cpu);
        }
    }
    let note = |index: usize| {
        let per_core_second = stats::median(&per_core_second[index]).unwrap_or(f64::NAN);
        format!(
            "{}; {per_core_second:.0} per core-second of the server",
            cpu::in_words(&cpu_shares[index])
        )
    };
    let (refresh_note, profile_note) = (note(0), note(1));
    let [refreshes, profiles] = rates;
    Ok(vec![
        Row::new("session refresh/s", Unit::PerSecond, refreshes)
            .goal(Goal::AtLeast(10_000.0))
            .note(refresh_note),
        Row::new("profile/s", Unit::PerSecond, profiles).note(profile_note),
    ])
}
