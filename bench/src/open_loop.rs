//! Requests that arrive at a fixed rate, whether or not earlier ones have been answered: how a server behaves under
//! more load than it can serve, and what that does to other requests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;
use crate::requests::Request;

/// More requests in flight than this mean that something hangs.
const MOST_AT_ONCE: usize = 4_000;

/// How long an answer may take: more than any deadline of the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open loop.
pub(crate) struct Arrivals<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) requests: &'a [Request],
    /// Requests per second.
    pub(crate) rate: f64,
    /// Requests that are due in this time are sent but not counted.
    pub(crate) warm_up: Duration,
    /// How long requests go on arriving after the warm-up.
    pub(crate) time: Duration,
}

/// The answers of an open loop. A request that gets no answer makes the whole loop fail.
#[derive(Default)]
pub(crate) struct Tally {
    /// Latencies by status, from the moment when the request was due to the end of the answer.
    pub(crate) latencies: BTreeMap<u16, Vec<Duration>>,
    /// Refusals without `Retry-After`.
    pub(crate) without_retry_after: u32,
}

impl Tally {
    pub(crate) fn count(&self, status: u16) -> usize {
        self.latencies.get(&status).map_or(0, Vec::len)
    }

    pub(crate) fn total(&self) -> usize {
        self.latencies.values().map(Vec::len).sum()
    }

    pub(crate) fn of(&self, status: u16) -> &[Duration] {
        self.latencies.get(&status).map_or(&[], Vec::as_slice)
    }
}

impl Arrivals<'_> {
    /// Sends all requests and waits for the answers. Must run within a [`tokio::task::LocalSet`].
    pub(crate) async fn run(self) -> Result<Tally> {
        ensure!(self.rate > 0.0, "nothing would arrive");
        let gap = Duration::from_secs_f64(1.0 / self.rate);
        let idle = Rc::<RefCell<Vec<Connection>>>::default();
        let mut in_flight = JoinSet::new();
        let mut tally = Tally::default();
        let started = Instant::now();
        let mut due = started;
        for request in self.requests.iter().cycle() {
            if due.duration_since(started) >= self.warm_up + self.time {
                break;
            }
            sleep_until(due).await;
            while let Some(answered) = in_flight.try_join_next() {
                tally.add(&answered??);
            }
            if in_flight.len() >= MOST_AT_ONCE {
                bail!("{MOST_AT_ONCE} requests are unanswered");
            }
            let counts = due.duration_since(started) >= self.warm_up;
            in_flight.spawn_local(arrive(self.address, Rc::clone(&idle), request.clone(), due, counts));
            due += gap;
        }
        while let Some(answered) = in_flight.join_next().await {
            tally.add(&answered??);
        }
        Ok(tally)
    }
}

/// The answer to one request.
struct Answered {
    status: u16,
    latency: Duration,
    has_retry_after: bool,
    counts: bool,
}

impl Tally {
    fn add(&mut self, answered: &Answered) {
        if !answered.counts {
            // Any other status counts even during the warm-up.
            if answered.status < 300 || answered.status == 429 {
                return;
            }
        }
        if answered.status == 429 && !answered.has_retry_after {
            self.without_retry_after += 1;
        }
        self.latencies
            .entry(answered.status)
            .or_default()
            .push(answered.latency);
    }
}

async fn arrive(
    address: SocketAddr,
    idle: Rc<RefCell<Vec<Connection>>>,
    request: Request,
    due: Instant,
    counts: bool,
) -> Result<Answered> {
    let exchange = async {
        let waiting = idle.borrow_mut().pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => Connection::open(address).await?,
        };
        let answer = connection.send(&request).await?;
        let answered = Answered {
            status: answer.status,
            latency: due.elapsed(),
            has_retry_after: answer.retry_after.is_some(),
            counts,
        };
        idle.borrow_mut().push(connection);
        anyhow::Ok(answered)
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answered) => answered,
        Err(_) => bail!("a request was not answered within {PATIENCE:?}"),
    }
}
