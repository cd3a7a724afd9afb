//! The cool-down after a worker could not be started.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use doorward_core::Backoff;

/// How long it lasts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(12_800));

/// No worker is started while it is active.
#[derive(Default)]
pub(super) struct CoolDown(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    until: Option<Instant>,
}

impl CoolDown {
    pub(super) fn is_active(&self) -> bool {
        self.state().until.is_some_and(|until| Instant::now() < until)
    }

    /// After a failure.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        let length = BACKOFF.pause(state.failures);
        state.failures = state.failures.saturating_add(1);
        state.until = Some(Instant::now() + length);
    }

    /// After a success.
    pub(super) fn end(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
