//! Which mails have an attempt in flight, and under which name each is claimed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::MailId;

/// The mails of the attempts in flight, each with the name that it is claimed under. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashMap<MailId, Arc<str>>>>);

impl Claims {
    /// Returns `true` if an attempt of this mail was in flight already.
    pub(crate) fn insert(&self, mail: MailId, name: Arc<str>) -> bool {
        self.lock().insert(mail, name).is_some()
    }

    pub(crate) fn remove(&self, mail: MailId) {
        self.lock().remove(&mail);
    }

    pub(crate) fn name(&self, mail: MailId) -> Option<Arc<str>> {
        self.lock().get(&mail).cloned()
    }

    pub(crate) fn names(&self) -> BTreeSet<Arc<str>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailId, Arc<str>>> {
        // Nothing between lock and unlock can leave the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
