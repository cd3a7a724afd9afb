//! The attempts that are under way.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::{ClaimedMail, DeliveryOutcome, MailId, StoreError};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use crate::worker::Post;

/// The attempts that are under way. Dropping them gives them up.
pub(crate) struct Attempts {
    post: Arc<Post>,
    tasks: JoinSet<(MailId, DeliveryOutcome)>,
    claims: Claims,
    _renewal: AbortOnDropHandle<()>,
}

impl Attempts {
    pub(crate) fn new(post: Arc<Post>) -> Self {
        let claims = Claims::default();
        // A task of its own, so that nothing that the worker waits for or gives up keeps claims from being prolonged.
        let renewal = AbortOnDropHandle::new(tokio::spawn(renew(Arc::clone(&post), claims.clone())));
        Self {
            post,
            tasks: JoinSet::new(),
            claims,
            _renewal: renewal,
        }
    }

    pub(crate) fn have_room(&self) -> bool {
        self.room() > 0
    }

    /// Claims as many mails as there is room for and starts an attempt of each. `true`: there were no more.
    pub(crate) async fn claim(&mut self) -> Result<bool, StoreError> {
        let room = self.room();
        let kept = self.post.parts.settings.concurrency / 4;
        let (limit, only_new) = if room > kept {
            (room - kept, false)
        } else {
            (room, true)
        };
        let name = self.post.name();
        let mails = self.post.claim(&name, limit, only_new).await?;
        let all = mails.len() < limit;
        for mail in mails {
            self.start(mail, Arc::clone(&name));
        }
        Ok(all)
    }

    /// Waits for an attempt to end. Nothing: none is under way. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Option<(MailId, DeliveryOutcome)> {
        loop {
            match self.tasks.join_next().await? {
                Ok((mail, outcome)) => {
                    self.claims.remove(mail);
                    return Some((mail, outcome));
                }
                // Panics are caught inside, and tasks are cancelled only by dropping them all.
                Err(error) => warn!(%error, "an attempt ended without an outcome"),
            }
        }
    }

    fn room(&self) -> usize {
        self.post.parts.settings.concurrency.saturating_sub(self.tasks.len())
    }

    fn start(&mut self, mail: ClaimedMail, name: Arc<str>) {
        // If it is under way already, this process stood still until its own claim lapsed: the attempt goes on under the new claim.
        if self.claims.insert(mail.id, name) {
            return;
        }
        let post = Arc::clone(&self.post);
        let claims = self.claims.clone();
        self.tasks.spawn(async move {
            let outcome = post.deliver(&claims, &mail).await;
            (mail.id, outcome)
        });
    }
}

/// The mails of the attempts under way, each with the name that it is claimed under. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashMap<MailId, Arc<str>>>>);

impl Claims {
    /// `true`: the mail was there already.
    fn insert(&self, mail: MailId, name: Arc<str>) -> bool {
        self.lock().insert(mail, name).is_some()
    }

    fn remove(&self, mail: MailId) {
        self.lock().remove(&mail);
    }

    pub(crate) fn name(&self, mail: MailId) -> Option<Arc<str>> {
        self.lock().get(&mail).cloned()
    }

    fn names(&self) -> BTreeSet<Arc<str>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailId, Arc<str>>> {
        // Nothing between lock and unlock can leave the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn renew(post: Arc<Post>, claims: Claims) {
    loop {
        sleep(post.parts.settings.claim_lifetime / 3).await;
        let names = claims.names();
        if !names.is_empty() {
            post.renew(&names).await;
        }
    }
}
