//! Resident memory of an idle server: after its start, and after a load has ended.

use std::time::Duration;

use anyhow::Result;
use doorward_passwords::Parameters;

use super::{READERS, login_clients, sessions};
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while};
use crate::connection::Connection;
use crate::cpu::cores;
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::server::Server;
use crate::{requests, seed};

/// After this time no request holds memory any more.
const QUIET: Duration = Duration::from_secs(1);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let url = database.populated(bench.scale.population).await?;
    let server = bench.serve(&url).await?;
    Connection::open(server.address)
        .await?
        .expect(200, &requests::location())
        .await?;
    tokio::time::sleep(QUIET).await;
    let (fresh, fresh_note) = resident(&server)?;

    let mut clients = Connection::open_many(server.address, READERS).await?;
    let logins: Vec<_> = (1..=bench.scale.population.confirmed)
        .map(|user| requests::log_in(&seed::confirmed(user)))
        .collect();
    for_a_while(
        &mut clients[..login_clients().min(READERS)],
        &Wheel::new(&logins),
        200,
        bench.scale.round,
    )
    .await?;
    let sessions = sessions::open(&server).await?;
    for_a_while(&mut clients, &Wheel::new(&sessions.refreshes), 201, bench.scale.round).await?;
    for_a_while(&mut clients, &Wheel::new(&sessions.profiles), 200, bench.scale.round).await?;
    drop(clients);
    tokio::time::sleep(QUIET).await;
    let (after, after_note) = resident(&server)?;
    let blocks = f64::from(cores()) * f64::from(Parameters::default().memory_kib) * 1024.0 / 1e6;
    let after_note = format!("{after_note}; with the pool's blocks {after:.1} MB");

    let row = |what, megabytes, note| {
        Row::new(what, Unit::Megabytes, vec![megabytes])
            .goal(Goal::Below(20.0))
            .note(note)
    };
    Ok(vec![
        row(
            "idle resident memory, after the start and one request",
            fresh,
            fresh_note,
        ),
        row(
            "idle resident memory, after load, without the pool's blocks",
            after - blocks,
            after_note,
        ),
    ])
}

/// Megabytes, and the parts that they consist of.
fn resident(server: &Server) -> Result<(f64, String)> {
    let [resident, own, file] =
        ["VmRSS", "RssAnon", "RssFile"].map(|line| server.memory(line).map(|bytes| bytes / 1e6));
    Ok((
        resident?,
        format!("{:.1} MB its own, {:.1} MB pages of files", own?, file?),
    ))
}
