//! Confirmations by one client, and by 64 in parallel: concurrent small writes share commits, so many clients do far
//! better than one. The links are real ones, mailed by the server to a relay in the driver before the measurement
//! begins.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::bench::Bench;
use crate::closed_loop::until_done;
use crate::connection::Connection;
use crate::cpu::{self, CpuMeter};
use crate::database::{Database, Kind};
use crate::relay::{Behaviour, Relay};
use crate::report::{Goal, Row, Unit};
use crate::requests::{self, Request};
use crate::server::Server;
use crate::{seed, stats};

const MANY: usize = 64;

pub(super) async fn run(bench: &Bench, database: &Database) -> Result<Vec<Row>> {
    let relay = Relay::start(Behaviour::Normal).await?;
    let mut launch = bench.launch(&database.populated(bench.scale.population).await?);
    launch.relay = Some(relay.address);
    let server = launch.start().await?;
    let (of_one, of_many) = (bench.scale.confirms_of_one, bench.scale.confirms_of_many);
    let mut people = (1..=bench.scale.population.pending).map(seed::pending);

    let (mut rates_of_one, mut rates_of_many, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut mails, mut per_commit, mut cpu_shares) = (Vec::new(), Vec::new(), Vec::new());
    // The first round only warms up.
    for number in 0..=bench.scale.rounds {
        let asked: Vec<_> = people.by_ref().take(of_one + of_many).collect();
        let (confirms, mails_per_second) = mailed_links(&server, &relay, &asked).await?;
        settle(&server).await?;
        let (for_one, for_many) = confirms.split_at(of_one);

        let mut clients = Connection::open_many(server.address, MANY).await?;
        let one = until_done(&mut clients[..1], for_one, 200).await?;
        let before = commits(&server, database.kind).await?;
        let meter = CpuMeter::start(server.id())?;
        let together = until_done(&mut clients, for_many, 200).await?;
        let cpu_share = meter.stop()?;
        let after = commits(&server, database.kind).await?;
        if number == 0 {
            continue;
        }
        mails.push(mails_per_second);
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
        let shared = stats::median(&per_commit).unwrap_or(f64::NAN);
        ratio = ratio
            .goal(Goal::AtLeast(3.0))
            .note(format!("{shared:.1} transactions to a commit"));
    }
    let burst = format!(
        "a burst of {}, from the first request to the last mail at the relay",
        of_one + of_many
    );
    Ok(vec![
        ratio,
        Row::new("confirm/s, 1 client", Unit::PerSecond, rates_of_one),
        Row::new("confirm/s, 64 clients", Unit::PerSecond, rates_of_many).note(cpu::in_words(&cpu_shares)),
        Row::new("mails handed to the relay/s", Unit::PerSecond, mails).note(burst),
    ])
}

/// Has the server mail links to these users and makes requests of them. Also returns how many mails arrived per second.
async fn mailed_links(server: &Server, relay: &Relay, people: &[String]) -> Result<(Vec<Request>, f64)> {
    let mut clients = Connection::open_many(server.address, MANY).await?;
    let resends: Vec<_> = people
        .iter()
        .map(|email| requests::resend_confirmation(email))
        .collect();
    let started = Instant::now();
    until_done(&mut clients, &resends, 200).await?;
    let links = relay.take_links(people.len()).await?;
    let rate = f64::from(u32::try_from(links.len())?) / started.elapsed().as_secs_f64();
    Ok((links.iter().map(requests::confirm).collect(), rate))
}

/// Waits until the server has recorded every mail as sent, because that is load too.
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

/// The server's counters since its start.
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
