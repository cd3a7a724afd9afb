//! Eight clients, each from an address of its own, ask for links as fast as the server answers. A user who registers
//! meanwhile, or afterwards, should not wait for the mail. A trusted proxy, played by the driver, names the addresses.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;

use crate::bench::Bench;
use crate::closed_loop::Wheel;
use crate::connection::Connection;
use crate::database::Database;
use crate::relay::{Behaviour, Relay};
use crate::report::{Goal, Row, Unit};
use crate::{requests, seed, stats};

use super::{PROXY, address};

const CLIENTS: usize = 8;

/// The time between two honest registrations.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let relay = Relay::start(Behaviour::Normal).await?;
    let mut launch = bench.launch(&database.populated(bench.scale.population).await?);
    launch.relay = Some(relay.address);
    launch.options.extend(PROXY.map(str::to_owned));
    let server = launch.start().await?;
    let resets = (1..=bench.scale.population.confirmed).map(|user| requests::send_reset(&seed::confirmed(user)));
    let confirms = (1..=bench.scale.population.pending).map(|user| requests::resend_confirmation(&seed::pending(user)));
    let flood: Vec<_> = resets.chain(confirms).collect();
    let flood = Wheel::new(&flood);

    let (answered, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let started = Instant::now();
    let is_over = || started.elapsed() > bench.scale.flood;
    let client = async |(number, mut connection): (usize, Connection)| {
        let address = format!("198.51.100.{number}");
        while !is_over() {
            let answer = connection.send(&requests::forwarded(flood.next(), &address)).await?;
            if answer.status == 429 {
                refused.set(refused.get() + 1);
            } else {
                answer.must_be(200)?;
            }
            answered.set(answered.get() + 1);
        }
        anyhow::Ok(())
    };
    let mut honest = Honest {
        relay: &relay,
        connection: Connection::open(server.address).await?,
        registered: 0,
    };
    let clients = Connection::open_many(server.address, CLIENTS).await?;
    let flooding = try_join_all(clients.into_iter().enumerate().map(client));
    let (_, during) = tokio::try_join!(flooding, async {
        let mut times = Vec::new();
        while !is_over() {
            times.push(honest.wait_for_mail().await?);
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(times)
    })?;
    let mut after = Vec::new();
    for _ in 0..bench.scale.rounds {
        after.push(honest.wait_for_mail().await?);
        tokio::time::sleep(PAUSE).await;
    }

    let note = format!(
        "{} requests for links in {} s, {} of them refused; p99 of the mails {:.0} ms",
        answered.get(),
        bench.scale.flood.as_secs(),
        refused.get(),
        stats::percentile(&during, 99).unwrap_or(f64::NAN),
    );
    let row = |what, times: Vec<Duration>| {
        let times = times.into_iter().map(stats::millis).collect();
        Row::new(what, Unit::Millis, times).goal(Goal::Below(1_000.0))
    };
    Ok(vec![
        row("mail of a registration during a flood of requests for links", during).note(note),
        row("mail of a registration after it", after),
    ])
}

/// A user who registers and looks for the mail.
struct Honest<'a> {
    relay: &'a Relay,
    connection: Connection,
    registered: u32,
}

impl Honest<'_> {
    /// The time from the request to the mail at the relay.
    async fn wait_for_mail(&mut self) -> Result<Duration> {
        self.registered += 1;
        let email = format!("honest{}@example.com", self.registered);
        let asked = Instant::now();
        let request = requests::forwarded(&requests::register(&email), &address(self.registered));
        self.connection.expect(201, &request).await?;
        Ok(self.relay.arrival(&email).await?.duration_since(asked))
    }
}
