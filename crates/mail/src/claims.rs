//! Which mails have an attempt in flight, under which name each is claimed, and how long each claim certainly holds.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::{Causes, MailId, Store};
use tracing::debug;

use crate::SendError;
use crate::boot_time::BootTime;

/// What an attempt checks before it hands a mail over: that no other worker can have claimed the mail meanwhile. A
/// process that was suspended finds out here.
#[derive(Clone)]
pub struct Claim(Option<Held>);

#[derive(Clone)]
struct Held {
    mail: MailId,
    claims: Claims,
    store: Arc<dyn Store>,
}

impl Claim {
    /// The claim on a mail that is in no outbox. It never lapses.
    pub fn unlimited() -> Self {
        Self(None)
    }

    pub(crate) fn new(mail: MailId, claims: Claims, store: Arc<dyn Store>) -> Self {
        Self(Some(Held { mail, claims, store }))
    }

    /// Asks the database whether the claim still stands. A transport calls it before it hands the content over.
    pub async fn check(&self) -> Result<(), SendError> {
        let Some(Held { mail, claims, store }) = &self.0 else {
            return Ok(());
        };
        let Some(name) = claims.name(*mail) else {
            return Err(lapsed());
        };
        let held = async { store.reads().await?.holds_mail(&name, *mail).await };
        match held.await {
            Ok(true) if self.holds() => Ok(()),
            Ok(_) => Err(lapsed()),
            Err(error) => {
                debug!(%mail, error = %Causes(&error), "the claim on a mail cannot be checked");
                Err(SendError::Transient {
                    reason: "the database did not confirm the claim on it".to_owned(),
                })
            }
        }
    }

    /// Whether the claim certainly stands now, by what this process knows. A transport looks before each write, the one
    /// that ends the mail included.
    pub fn holds(&self) -> bool {
        match &self.0 {
            None => true,
            Some(held) => held
                .claims
                .until(held.mail)
                .is_some_and(|until| BootTime::now() < until),
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mail = self.0.as_ref().map(|held| held.mail);
        f.debug_tuple("Claim").field(&mail).finish()
    }
}

pub(crate) fn lapsed() -> SendError {
    SendError::Transient {
        reason: "the claim on it had lapsed".to_owned(),
    }
}

/// The mails of the attempts in flight. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashMap<MailId, Entry>>>);

struct Entry {
    name: Arc<str>,
    until: BootTime,
}

impl Claims {
    /// Returns `true` if an attempt of this mail was in flight already.
    pub(crate) fn insert(&self, mail: MailId, name: Arc<str>, until: BootTime) -> bool {
        self.lock().insert(mail, Entry { name, until }).is_some()
    }

    /// Takes note that these claims, those of them that are in flight, now hold for longer.
    pub(crate) fn extend(&self, mails: &[MailId], until: BootTime) {
        let mut entries = self.lock();
        for mail in mails {
            if let Some(entry) = entries.get_mut(mail) {
                entry.until = until;
            }
        }
    }

    pub(crate) fn remove(&self, mail: MailId) {
        self.lock().remove(&mail);
    }

    pub(crate) fn name(&self, mail: MailId) -> Option<Arc<str>> {
        self.lock().get(&mail).map(|entry| Arc::clone(&entry.name))
    }

    pub(crate) fn names(&self) -> BTreeSet<Arc<str>> {
        self.lock().values().map(|entry| Arc::clone(&entry.name)).collect()
    }

    fn until(&self, mail: MailId) -> Option<BootTime> {
        self.lock().get(&mail).map(|entry| entry.until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailId, Entry>> {
        // Nothing between lock and unlock can leave the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
