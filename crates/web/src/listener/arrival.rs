//! Whose turn it is on a connection: the client's, whose request is to arrive, or the server's, which has it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

/// The server's turn.
const ARRIVED: u64 = u64::MAX;

/// Since when the server waits for the client of a connection. The time runs from the first byte of a request that may
/// come to the last byte of its body, however slowly they trickle in, and while an answer is read.
pub(super) struct Arrival {
    epoch: Instant,
    waiting_since: AtomicU64,
}

impl Arrival {
    /// The server waits for the client from now on. All times are counted from `epoch`.
    pub(super) fn new(epoch: Instant) -> Self {
        let arrival = Self {
            epoch,
            waiting_since: AtomicU64::default(),
        };
        arrival.wait_for_client();
        arrival
    }

    /// The request was answered: the client has to read the answer, and to send another one.
    pub(super) fn wait_for_client(&self) {
        let since = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(0);
        self.waiting_since.store(since, Ordering::Relaxed);
    }

    /// Since when the server waits, in microseconds after the epoch; `None` while it has a whole request to answer.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        Some(self.waiting_since.load(Ordering::Relaxed)).filter(|since| *since != ARRIVED)
    }

    /// A request whose body notes its own end.
    pub(super) fn watch(self: &Arc<Self>, body: Incoming) -> WatchedBody {
        if body.is_end_stream() {
            self.arrived();
        }
        WatchedBody {
            body,
            arrival: Arc::clone(self),
        }
    }

    /// The whole request is here.
    pub(super) fn arrived(&self) {
        self.waiting_since.store(ARRIVED, Ordering::Relaxed);
    }
}

/// A body that notes when it has arrived.
pub(super) struct WatchedBody {
    body: Incoming,
    arrival: Arc<Arrival>,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && self.body.is_end_stream()) {
            self.arrival.arrived();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
