//! Confirmations by one client and by 64 at once: concurrent small writes share commits, so the many do far better than the one.
//! The links are real ones, mailed by the server to a relay in the driver before anything is measured.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::bench::Bench;
use crate::closed_loop::until_done;
use crate::connection::Connection;
use crate::cpu::{self, CpuMeter};
use crate::database::{Database, Kind};
use crate::relay::{Behaviour, Relay};
use crate::report::{Goal, Row, Unit};
use crate::requests::{self, Request};
use crate::seed;
use crate::server::Server;

const MANY: usize = 64;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let relay = Relay::start(Behaviour::Normal).await?;
    let mut launch = bench.launch(&database.populated(bench.scale.population).await?);
    launch.relay = Some(relay.address);
    let server = launch.start().await?;
    let mut many = Connection::open_many(server.address, MANY).await?;
    let (of_one, of_many) = (bench.scale.confirms_of_one, bench.scale.confirms_of_many);
    // One round more than is counted, to warm up.
    let rounds = usize::try_from(bench.scale.rounds)? + 1;
    let mut confirms = mailed_links(&relay, &mut many, rounds * (of_one + of_many)).await?;
    settle(&server).await?;

    let (mut rates_of_one, mut rates_of_many, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut per_commit, mut cpu_shares) = (Vec::new(), Vec::new());
    for number in 0..rounds {
        let batch = confirms.split_off(confirms.len() - of_one);
        let one = until_done(&mut many[..1], &batch, 200).await?;

        let batch = confirms.split_off(confirms.len() - of_many);
        let before = commits(&server, database.kind).await?;
        let meter = CpuMeter::start(server.id())?;
        let together = until_done(&mut many, &batch, 200).await?;
        let cpu_share = meter.stop()?;
        let after = commits(&server, database.kind).await?;
        if number == 0 {
            continue;
        }
        cpu_shares.push(cpu_share);
        rates_of_one.push(one.rate);
        rates_of_many.push(together.rate);
        times.push(together.rate / one.rate);
        if let (Some(before), Some(after)) = (before, after) {
            per_commit.push((after.transactions - before.transactions) / (after.commits - before.commits));
        }
    }
    let mut ratio = Row::new(
        "confirm/s with 64 clients, as a multiple of one client's",
        Unit::Times,
        times,
    );
    if database.kind == Kind::Sqlite {
        let shared = crate::stats::median(&per_commit).unwrap_or(f64::NAN);
        ratio = ratio
            .goal(Goal::AtLeast(3.0))
            .note(format!("{shared:.1} transactions to a commit"));
    }
    Ok(vec![
        ratio,
        Row::new("confirm/s, 1 client", Unit::PerSecond, rates_of_one),
        Row::new("confirm/s, 64 clients", Unit::PerSecond, rates_of_many).note(cpu::in_words(&cpu_shares)),
    ])
}

/// Has the server mail links to this many pending registrations, and makes requests of them.
async fn mailed_links(relay: &Relay, clients: &mut [Connection], count: usize) -> Result<Vec<Request>> {
    let resends: Vec<_> = (1..=u32::try_from(count)?)
        .map(|number| requests::resend_confirmation(&seed::pending(number)))
        .collect();
    until_done(clients, &resends, 200).await?;
    let links = relay.take_links(count).await?;
    Ok(links.iter().map(requests::confirm).collect())
}

/// Waits until the server has written down that every mail is sent: that is work too.
async fn settle(server: &Server) -> Result<()> {
    for _ in 0..100 {
        if server
            .metric("outbox_mails", "waiting")
            .await
            .is_ok_and(|waiting| waiting < 0.5)
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the outbox does not become empty");
}

/// So far.
struct Commits {
    transactions: f64,
    commits: f64,
}

/// Only SQLite's writers share commits.
async fn commits(server: &Server, kind: Kind) -> Result<Option<Commits>> {
    if kind != Kind::Sqlite {
        return Ok(None);
    }
    let transactions = server.metric("store_transactions_per_commit_sum", "").await?;
    let commits = server.metric("store_transactions_per_commit_count", "").await?;
    Ok(Some(Commits { transactions, commits }))
}
