//! The scenarios, one file each. A scenario starts servers of its own and returns lines of the table.

mod binary;
mod confirm;
mod flood;
mod functions;
mod logins;
mod memory;
mod overload;
mod reads;
mod registration;
mod sessions;
mod start_up;

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;

use crate::bench::Bench;
use crate::cpu::cores;
use crate::machine::Machine;
use crate::options::Scenario;
use crate::report::{Report, Row};

/// Clients that keep a server busy with requests that hash nothing.
const READERS: usize = 32;

/// Clients that keep every thread of the password pool busy and stay far from its queue deadline,
/// even on a machine with other work.
fn login_clients() -> usize {
    4 * usize::try_from(cores()).unwrap_or(1)
}

/// Runs the chosen scenarios, in the order of the table.
pub(crate) async fn run(bench: &Bench) -> Result<Report> {
    let machine = Machine::describe(bench).await?;
    let mut rows = Vec::new();
    if bench.wants(Scenario::Binary) {
        rows.push(binary::run(bench)?);
    }
    for database in &bench.databases {
        for scenario in [
            Scenario::StartUp,
            Scenario::Memory,
            Scenario::Logins,
            Scenario::Reads,
            Scenario::Confirm,
            Scenario::Overload,
            Scenario::Registration,
            Scenario::Functions,
            Scenario::Flood,
        ] {
            if !bench.wants(scenario) {
                continue;
            }
            let started = Instant::now();
            let measured = match scenario {
                Scenario::Binary => continue,
                Scenario::StartUp => start_up::run(bench, database).await,
                Scenario::Memory => memory::run(bench, database).await,
                Scenario::Logins => logins::run(bench, database).await,
                Scenario::Reads => reads::run(bench, database).await,
                Scenario::Confirm => confirm::run(bench, database).await,
                Scenario::Overload => overload::run(bench, database).await,
                Scenario::Registration => registration::run(bench, database).await,
                Scenario::Functions => functions::run(bench, database).await,
                Scenario::Flood => flood::run(bench, database).await,
            };
            // A scenario that fails does not invalidate the figures of the others.
            let measured = measured.unwrap_or_else(|error| vec![Row::failed(format!("{scenario:?}"), &error)]);
            rows.extend(measured.into_iter().map(|row| row.on(database.kind)));
            let seconds = started.elapsed().as_secs();
            let _ = writeln!(
                std::io::stderr(),
                "bench: {scenario:?} on {}: {seconds} s",
                database.kind
            );
        }
    }
    Ok(Report {
        machine,
        rows,
        smoke: bench.options.smoke,
    })
}
