//! Logins whose password is being checked. The permit that such a login holds comes back if the password is right, so
//! another login of the same account waits for it: many devices may log in at the same moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::LimitKey;

/// How many logins of one account wait for others at most. Each of them asks the database again whenever one ends.
const MOST_WAITING: usize = 32;

/// The buckets that logins on this node hold permits of.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<LimitKey, Holders>>>);

#[derive(Default)]
struct Holders {
    count: usize,
    /// Tells of each login that ends. Dropped with the last one.
    ended: watch::Sender<()>,
}

/// A login holds a permit while this lives.
pub(super) struct Held {
    in_flight: InFlight,
    key: LimitKey,
}

impl InFlight {
    /// From now on one more login holds a permit of this bucket.
    pub(super) fn hold(&self, key: &LimitKey) -> Held {
        self.lock().entry(key.clone()).or_default().count += 1;
        Held {
            in_flight: self.clone(),
            key: key.clone(),
        }
    }

    /// Tells when the next login that holds a permit of this bucket ends. `None`: none does, or too many wait already.
    pub(super) fn next_end(&self, key: &LimitKey) -> Option<watch::Receiver<()>> {
        let in_flight = self.lock();
        let ended = &in_flight.get(key)?.ended;
        (ended.receiver_count() < MOST_WAITING).then(|| ended.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LimitKey, Holders>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut in_flight = self.in_flight.lock();
        let Some(holders) = in_flight.get_mut(&self.key) else {
            return;
        };
        holders.count -= 1;
        if holders.count == 0 {
            in_flight.remove(&self.key);
        } else {
            holders.ended.send_replace(());
        }
    }
}
