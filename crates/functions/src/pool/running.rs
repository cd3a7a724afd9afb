//! What happens around a running call, whether it ends, breaks, or is dropped by its caller.

use std::sync::Arc;

use doorward_core::Causes;

use super::conversation::{self, Broken};
use super::process::Worker;
use super::{CallEnd, CallError, WorkerMetrics, Workers};
use crate::protocol::{Call, Outcome};

/// A worker in a call. If it is dropped with the worker, the worker is killed and replaced.
pub(super) struct Running<'a> {
    workers: &'a Workers,
    worker: Option<Worker>,
}

impl<'a> Running<'a> {
    pub(super) fn new(workers: &'a Workers, worker: Worker) -> Self {
        Self {
            workers,
            worker: Some(worker),
        }
    }

    pub(super) async fn converse(&mut self, call: Call) -> Result<Outcome, Broken> {
        let inner = &self.workers.inner;
        let Some(worker) = &mut self.worker else {
            return Err(Broken::Stopped);
        };
        conversation::run(worker, call, &inner.limits, &inner.stop).await
    }

    /// Keeps the worker for the next call.
    pub(super) fn succeed(mut self) {
        if let Some(worker) = self.worker.take() {
            self.workers.inner.keep(worker);
        }
    }

    /// Kills the worker, starts another, and returns the error for the caller. The log has one line of it.
    pub(super) async fn end(mut self, broken: Broken) -> CallError {
        let Some(worker) = self.worker.take() else {
            return CallError::Crashed;
        };
        self.workers.inner.metrics.kills.inc();
        let app = Arc::clone(&worker.app);
        let ending = worker.kill().await;
        self.workers.replace(app);
        match broken {
            Broken::Stopped => CallError::Stopped,
            Broken::TimedOut => {
                tracing::warn!("a function was killed: its time was over");
                CallError::TimedOut
            }
            Broken::Pipe(_) if ending.is_processor_time() => {
                tracing::warn!("a function was killed: its processor time was over");
                CallError::TimedOut
            }
            Broken::Pipe(error) => {
                tracing::warn!(error = %Causes(&error), %ending, "a worker of functions died or misbehaved");
                CallError::Crashed
            }
            Broken::TooManyRequests => {
                tracing::warn!("a worker of functions asked for more than a call may");
                CallError::Crashed
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            self.workers.inner.metrics.kills.inc();
            // Without a runtime the server is ending, and needs no other worker.
            if tokio::runtime::Handle::try_current().is_ok() {
                self.workers.replace(Arc::clone(&worker.app));
            }
        }
    }
}

/// Counts a worker as busy until it is dropped.
pub(super) struct Busy<'a>(&'a WorkerMetrics);

impl<'a> Busy<'a> {
    pub(super) fn new(metrics: &'a WorkerMetrics) -> Self {
        metrics.busy.inc();
        Self(metrics)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.dec();
    }
}

/// Counts how a call ended when it is dropped, which includes calls whose caller has gone.
pub(super) struct End<'a> {
    metrics: &'a WorkerMetrics,
    end: CallEnd,
}

impl<'a> End<'a> {
    pub(super) fn new(metrics: &'a WorkerMetrics) -> Self {
        Self {
            metrics,
            end: CallEnd::abandoned,
        }
    }

    pub(super) fn set(&mut self, outcome: &Result<Outcome, CallError>) {
        self.end = match outcome {
            Ok(Outcome { result: Ok(_), .. }) => CallEnd::returned,
            Ok(_) => CallEnd::threw,
            Err(CallError::Busy { .. }) => CallEnd::busy,
            Err(CallError::TimedOut) => CallEnd::timed_out,
            Err(CallError::Crashed) => CallEnd::crashed,
            Err(CallError::NoWorker) => CallEnd::no_worker,
            Err(CallError::Stopped) => CallEnd::stopped,
        };
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.metrics.ended(self.end);
    }
}
