//! Twice the logins that the server can serve, arriving whether or not it keeps up. Logins wait or are refused with
//! `Retry-After`; all other requests should keep their latency.

use anyhow::{Result, ensure};
use tokio::task::LocalSet;

use super::{login_clients, sessions};
use crate::bench::Bench;
use crate::closed_loop::{Wheel, for_a_while};
use crate::connection::Connection;
use crate::database::Database;
use crate::open_loop::{Arrivals, Tally};
use crate::report::{Goal, Row, Unit};
use crate::{requests, seed, stats};

/// How many requests each probe sends per second: enough for a 99th percentile, and hardly any load.
const PROBES: f64 = 200.0;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let server = bench.serve(&database.populated(bench.scale.population).await?).await?;
    let sessions = sessions::open(&server).await?;
    let logins: Vec<_> = (1..=bench.scale.population.confirmed)
        .map(|user| requests::log_in(&seed::confirmed(user)))
        .collect();
    let capacity = {
        let mut clients = Connection::open_many(server.address, login_clients()).await?;
        let wheel = Wheel::new(&logins);
        for_a_while(&mut clients, &wheel, 200, bench.scale.warm_up).await?;
        for_a_while(&mut clients, &wheel, 200, bench.scale.round).await?.rate
    };
    let offered = 2.0 * capacity;

    let arrivals = |requests, rate| Arrivals {
        address: server.address,
        requests,
        rate,
        warm_up: bench.scale.crowd_warm_up,
        time: bench.scale.round,
    };
    let probe = |requests| arrivals(requests, PROBES).run();
    let (mut idle, mut busy, mut crowds) = (Probes::default(), Probes::default(), Crowds::default());
    let rounds = async {
        for _ in 0..bench.scale.rounds {
            let (refresh, profile) = tokio::try_join!(probe(&sessions.refreshes), probe(&sessions.profiles))?;
            idle.add(&refresh, &profile)?;
            let crowd = arrivals(&logins, offered).run();
            let (refresh, profile, crowd) =
                tokio::try_join!(probe(&sessions.refreshes), probe(&sessions.profiles), crowd)?;
            busy.add(&refresh, &profile)?;
            crowds.add(&crowd)?;
        }
        anyhow::Ok(())
    };
    LocalSet::new().run_until(rounds).await?;

    let p99 = |what: &str, busy: Percentiles, idle: Percentiles| {
        let median = |samples: &[f64]| stats::median(samples).unwrap_or(f64::NAN);
        let note = format!(
            "p50 {:.2} ms; on the idle server p99 {:.2} ms, p50 {:.2} ms",
            median(&busy.p50),
            median(&idle.p99),
            median(&idle.p50)
        );
        let what = format!("p99 of {what} at twice the login capacity");
        Row::new(what, Unit::Millis, busy.p99)
            .goal(Goal::Below(25.0))
            .note(note)
    };
    let note = format!(
        "of {offered:.0} logins offered per second; median of those let in {:.0} ms",
        crowds.wait()
    );
    Ok(vec![
        p99("refresh", busy.refresh, idle.refresh),
        p99("profile", busy.profile, idle.profile),
        Row::new(
            "logins answered 429 at twice the capacity",
            Unit::Percent,
            crowds.refused,
        )
        .note(note),
        Row::new("429 without Retry-After", Unit::Count, crowds.without_retry_after).goal(Goal::AtMost(0.0)),
        Row::new(
            "logins answered otherwise at twice the capacity",
            Unit::Count,
            crowds.others,
        )
        .goal(Goal::AtMost(0.0))
        .note(format!("neither 200 nor 429; {} logins in all", crowds.logins)),
    ])
}

/// Percentiles of one kind of request, a sample for each round, in milliseconds.
#[derive(Default)]
struct Percentiles {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

#[derive(Default)]
struct Probes {
    refresh: Percentiles,
    profile: Percentiles,
}

impl Probes {
    fn add(&mut self, refresh: &Tally, profile: &Tally) -> Result<()> {
        self.refresh.add(refresh, 201)?;
        self.profile.add(profile, 200)
    }
}

impl Percentiles {
    fn add(&mut self, tally: &Tally, status: u16) -> Result<()> {
        ensure!(
            tally.count(status) == tally.total(),
            "not every probe was answered with {status}"
        );
        self.p50.extend(stats::percentile(tally.of(status), 50));
        self.p99.extend(stats::percentile(tally.of(status), 99));
        Ok(())
    }
}

/// The outcomes of the logins, a sample for each round.
#[derive(Default)]
struct Crowds {
    refused: Vec<f64>,
    without_retry_after: Vec<f64>,
    others: Vec<f64>,
    waits: Vec<f64>,
    logins: usize,
}

impl Crowds {
    fn add(&mut self, tally: &Tally) -> Result<()> {
        let count = |count: usize| u32::try_from(count).map(f64::from);
        let (total, refused) = (tally.total(), tally.count(429));
        self.refused.push(100.0 * count(refused)? / count(total)?);
        self.without_retry_after.push(f64::from(tally.without_retry_after));
        self.others.push(count(total - refused - tally.count(200))?);
        self.waits.extend(stats::percentile(tally.of(200), 50));
        self.logins += total;
        Ok(())
    }

    fn wait(&self) -> f64 {
        stats::median(&self.waits).unwrap_or(f64::NAN)
    }
}
