//! The workers that wait for a call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::AppProgram;
use super::process::Worker;
use crate::Confinement;

/// As many idle workers as calls can run at once, so that together with the busy ones there are at most twice as many
/// processes.
pub(super) struct IdleWorkers {
    capacity: usize,
    state: Mutex<State>,
}

struct State {
    /// In the order in which they were used, the latest at the end.
    workers: Vec<Worker>,
    /// Workers that are being started in advance.
    reserved: usize,
}

/// A place for a worker that is being started in advance.
#[must_use]
pub(super) struct Reservation(());

impl IdleWorkers {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            workers: Vec::new(),
            reserved: 0,
        };
        Self {
            capacity,
            state: Mutex::new(state),
        }
    }

    /// Adds a worker. If there are too many, the one that was used longest ago goes.
    pub(super) fn put(&self, worker: Worker) {
        let mut state = self.state();
        if state.workers.len() >= self.capacity {
            // Dropped, it is killed.
            state.workers.remove(0);
        }
        state.workers.push(worker);
    }

    /// Takes the worker of the app that was used last.
    pub(super) fn take(&self, app: &Arc<AppProgram>) -> Option<Worker> {
        let mut state = self.state();
        let place = state.workers.iter().rposition(|worker| Arc::ptr_eq(&worker.app, app))?;
        Some(state.workers.remove(place))
    }

    pub(super) fn take_all_of(&self, app: &Arc<AppProgram>) -> Vec<Worker> {
        let workers = &mut self.state().workers;
        workers.extract_if(.., |worker| Arc::ptr_eq(&worker.app, app)).collect()
    }

    pub(super) fn take_all(&self) -> Vec<Worker> {
        std::mem::take(&mut self.state().workers)
    }

    /// What confines the idle workers of the app, if it has one.
    pub(super) fn confinement_for(&self, app: &Arc<AppProgram>) -> Option<Confinement> {
        let state = self.state();
        let worker = state.workers.iter().find(|worker| Arc::ptr_eq(&worker.app, app))?;
        Some(worker.confinement)
    }

    /// Reserves a place for a worker that is started in advance. `None`: there are enough of them.
    pub(super) fn reserve(&self) -> Option<Reservation> {
        let mut state = self.state();
        if state.workers.len() + state.reserved >= self.capacity {
            return None;
        }
        state.reserved += 1;
        Some(Reservation(()))
    }

    /// Gives a place back when the start has ended.
    pub(super) fn release(&self, Reservation(()): Reservation) {
        self.state().reserved -= 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that could panic half-way through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
