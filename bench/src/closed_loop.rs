//! Clients that each send their next request when the last one is answered: how much a server can serve.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;

use crate::connection::Connection;
use crate::requests::Request;
use crate::stats;

/// The answers of a closed loop.
pub(crate) struct Round {
    /// Answers per second, without refusals.
    pub(crate) rate: f64,
    /// Answers that were 429.
    pub(crate) refused: u32,
    latencies: Vec<Duration>,
}

impl Round {
    /// A percentile of the latencies, in milliseconds.
    pub(crate) fn percentile(&self, per_cent: usize) -> f64 {
        stats::percentile(&self.latencies, per_cent).unwrap_or_default()
    }
}

/// Requests that clients take in turn, over and over.
pub(crate) struct Wheel<'a> {
    requests: &'a [Request],
    next: Cell<usize>,
}

impl<'a> Wheel<'a> {
    pub(crate) fn new(requests: &'a [Request]) -> Self {
        Self {
            requests,
            next: Cell::new(0),
        }
    }

    pub(crate) fn next(&self) -> &'a [u8] {
        let number = self.next.get();
        self.next.set((number + 1) % self.requests.len());
        &self.requests[number]
    }
}

/// How long a client waits after a refusal. Not the `Retry-After` of whole seconds, which would leave the server idle
/// where it refused because the machine was busy.
const COME_BACK: Duration = Duration::from_millis(50);

/// Sends requests over and over for this time. Every answer must have this status, or be 429, which is counted apart.
pub(crate) async fn for_a_while(
    clients: &mut [Connection],
    requests: &Wheel<'_>,
    status: u16,
    time: Duration,
) -> Result<Round> {
    let latencies = RefCell::new(Vec::new());
    let refused = Cell::new(0);
    let started = Instant::now();
    let client = async |connection: &mut Connection| {
        loop {
            let sent = Instant::now();
            let answer = connection.send(requests.next()).await?;
            let is_refusal = answer.status == 429;
            if !is_refusal {
                answer.must_be(status)?;
            }
            // An answer after the end is not counted.
            if started.elapsed() > time {
                return anyhow::Ok(());
            }
            if is_refusal {
                refused.set(refused.get() + 1);
                tokio::time::sleep(COME_BACK).await;
                continue;
            }
            latencies.borrow_mut().push(sent.elapsed());
        }
    };
    try_join_all(clients.iter_mut().map(client)).await?;
    round(latencies.into_inner(), refused.get(), time)
}

/// Sends every request once. Every answer must have this status.
pub(crate) async fn until_done(clients: &mut [Connection], requests: &[Request], status: u16) -> Result<Round> {
    let latencies = RefCell::new(Vec::with_capacity(requests.len()));
    let rest = RefCell::new(requests.iter());
    let started = Instant::now();
    let client = async |connection: &mut Connection| {
        loop {
            let Some(request) = rest.borrow_mut().next() else {
                return anyhow::Ok(());
            };
            let sent = Instant::now();
            connection.expect(status, request).await?;
            latencies.borrow_mut().push(sent.elapsed());
        }
    };
    try_join_all(clients.iter_mut().map(client)).await?;
    round(latencies.into_inner(), 0, started.elapsed())
}

fn round(latencies: Vec<Duration>, refused: u32, time: Duration) -> Result<Round> {
    ensure!(!latencies.is_empty(), "the server answered nothing in {time:?}");
    let answers = u32::try_from(latencies.len())?;
    Ok(Round {
        rate: f64::from(answers) / time.as_secs_f64(),
        refused,
        latencies,
    })
}
