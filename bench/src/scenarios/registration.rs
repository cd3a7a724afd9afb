//! How long registering takes while the mail relay is down or hangs: no longer than usual, because mail is sent
//! afterwards.

use anyhow::Result;

use crate::bench::Bench;
use crate::closed_loop::until_done;
use crate::connection::Connection;
use crate::database::Database;
use crate::relay::{Behaviour, Relay};
use crate::report::{Goal, Row, Unit};
use crate::requests;

/// Registrations before those that are measured: the pool allocates its memory at the first.
const WARM_UP: u32 = 10;

const TROUBLES: [(Behaviour, &str); 3] = [
    (Behaviour::Down, "down"),
    (Behaviour::Refusing, "refusing (450)"),
    (Behaviour::Hanging, "hanging"),
];

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let mut normal = Vec::new();
    let mut ratios = TROUBLES.map(|_| Vec::new());
    for _ in 0..bench.scale.rounds {
        let usual = p50(bench, database, Behaviour::Normal).await?;
        normal.push(usual);
        for ((behaviour, _), ratios) in TROUBLES.iter().zip(&mut ratios) {
            ratios.push(p50(bench, database, *behaviour).await? / usual);
        }
    }
    let mut rows = vec![Row::new("registration p50, relay normal", Unit::Millis, normal).note("1 client")];
    for ((_, name), ratios) in TROUBLES.iter().zip(ratios) {
        let what = format!("registration p50, relay {name}, as a multiple of normal");
        rows.push(Row::new(what, Unit::Times, ratios).goal(Goal::AtMost(1.2)));
    }
    Ok(rows)
}

/// Measures one client on a server of its own, so that mails which wait for one relay do not disturb the next
/// measurement.
async fn p50(bench: &Bench, database: &Database, behaviour: Behaviour) -> Result<f64> {
    let relay = Relay::start(behaviour).await?;
    let mut launch = bench.launch(&database.empty().await?);
    launch.relay = Some(relay.address);
    let server = launch.start().await?;
    let mut client = Connection::open_many(server.address, 1).await?;
    let register = |numbers: std::ops::Range<u32>| -> Vec<_> {
        numbers
            .map(|number| requests::register(&format!("new{number:07}@example.com")))
            .collect()
    };
    until_done(&mut client, &register(0..WARM_UP), 201).await?;
    let round = until_done(
        &mut client,
        &register(WARM_UP..WARM_UP + bench.scale.registrations),
        201,
    )
    .await?;
    Ok(round.percentile(50))
}
