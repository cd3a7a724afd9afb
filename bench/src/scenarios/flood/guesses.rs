//! 256 clients from one address guess passwords, each as fast as it is answered. Users from other addresses should
//! still log in. A trusted proxy, played by the driver, names the addresses.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;

use crate::bench::Bench;
use crate::closed_loop::Wheel;
use crate::connection::Connection;
use crate::database::Database;
use crate::report::{Goal, Row, Unit};
use crate::scenarios::login_clients;
use crate::{requests, seed, stats};

use super::{PROXY, address};

/// How long a user waits before another try.
const COME_BACK: Duration = Duration::from_millis(200);

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let mut launch = bench.launch(&database.populated(bench.scale.population).await?);
    launch.options.extend(PROXY.map(str::to_owned));
    let server = launch.start().await?;
    let users = 1..=bench.scale.population.confirmed;
    let logins: Vec<_> = users
        .clone()
        .map(|user| requests::forwarded(&requests::log_in(&seed::confirmed(user)), &address(user)))
        .collect();
    let logins = Wheel::new(&logins);
    let guesses: Vec<_> = users
        .map(|user| requests::forwarded(&requests::guess(&seed::confirmed(user)), "198.51.100.1"))
        .collect();
    let guesses = Wheel::new(&guesses);

    let (tried, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let over = Cell::new(false);
    let attacker = async |mut connection: Connection| {
        while !over.get() {
            let answer = connection.send(guesses.next()).await?;
            if answer.status == 429 {
                refused.set(refused.get() + 1);
            } else {
                answer.must_be(401)?;
                tried.set(tried.get() + 1);
            }
        }
        anyhow::Ok(())
    };
    let mut users = Connection::open_many(server.address, login_clients()).await?;
    let mut quiet = Vec::new();
    for _ in 0..bench.scale.rounds {
        let round = Logins::of(&mut users, &logins, bench.scale.round).await?;
        quiet.push(round.rate(bench.scale.round));
    }
    let attackers = Connection::open_many(server.address, bench.scale.guessers).await?;
    let attack = try_join_all(attackers.into_iter().map(attacker));
    let honest = async {
        let (mut succeeded, mut rates) = (Vec::new(), Vec::new());
        tokio::time::sleep(bench.scale.warm_up).await;
        for _ in 0..bench.scale.rounds {
            let round = Logins::of(&mut users, &logins, bench.scale.round).await?;
            succeeded.push(round.share());
            rates.push(round.rate(bench.scale.round));
        }
        over.set(true);
        anyhow::Ok((succeeded, rates))
    };
    let (_, (succeeded, rates)) = tokio::try_join!(attack, honest)?;

    let quiet = stats::median(&quiet).unwrap_or(f64::NAN);
    let note = format!(
        "{} guesses were tried and {} refused, by {} clients of one address",
        tried.get(),
        refused.get(),
        bench.scale.guessers
    );
    Ok(vec![
        Row::new(
            "honest logins that succeed during a flood of guesses",
            Unit::Percent,
            succeeded,
        )
        .goal(Goal::AtLeast(95.0))
        .note(note),
        Row::new(
            "their rate, as a share of that without the flood",
            Unit::Times,
            rates.iter().map(|rate| rate / quiet).collect(),
        )
        .goal(Goal::AtLeast(0.5))
        .note(format!("{quiet:.0} logins/s without it")),
    ])
}

/// How honest logins ended.
#[derive(Clone, Copy, Default)]
struct Logins {
    succeeded: u32,
    refused: u32,
}

impl Logins {
    async fn of(clients: &mut [Connection], logins: &Wheel<'_>, time: Duration) -> Result<Self> {
        let ended = Cell::new(Self::default());
        let started = Instant::now();
        let client = async |connection: &mut Connection| {
            while started.elapsed() < time {
                let answer = connection.send(logins.next()).await?;
                let mut so_far = ended.get();
                if answer.status == 429 {
                    so_far.refused += 1;
                    ended.set(so_far);
                    tokio::time::sleep(COME_BACK).await;
                } else {
                    answer.must_be(200)?;
                    so_far.succeeded += 1;
                    ended.set(so_far);
                }
            }
            anyhow::Ok(())
        };
        try_join_all(clients.iter_mut().map(client)).await?;
        Ok(ended.get())
    }

    fn rate(self, time: Duration) -> f64 {
        f64::from(self.succeeded) / time.as_secs_f64()
    }

    fn share(self) -> f64 {
        100.0 * f64::from(self.succeeded) / f64::from(self.succeeded + self.refused)
    }
}
