//! The attempts that are in flight.

use std::sync::Arc;

use doorward_core::{Causes, ClaimedMail, DeliveryOutcome, MailId, StoreError};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use crate::claims::Claims;
use crate::post::Post;

/// The attempts that are in flight. Dropping them gives them up.
pub(crate) struct Attempts {
    post: Arc<Post>,
    tasks: JoinSet<(MailId, DeliveryOutcome)>,
    claims: Claims,
    _renewal: AbortOnDropHandle<()>,
}

impl Attempts {
    pub(crate) fn new(post: Arc<Post>) -> Self {
        let claims = Claims::default();
        // Claims are prolonged by a task of its own, so that nothing that the worker waits for can delay it.
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

    /// Claims as many mails as there is room for and starts an attempt of each. Returns `true` if no more mails were
    /// due.
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

    /// Waits for an attempt to end; `None` if none is in flight. Cancel safe: dropping the future loses no outcome.
    pub(crate) async fn next(&mut self) -> Option<(MailId, DeliveryOutcome)> {
        loop {
            match self.tasks.join_next().await? {
                Ok((mail, outcome)) => {
                    self.claims.remove(mail);
                    return Some((mail, outcome));
                }
                // Attempts catch their panics, and are cancelled only all together, by dropping the set.
                Err(error) => warn!(error = %Causes(&error), "an attempt ended without an outcome"),
            }
        }
    }

    fn room(&self) -> usize {
        self.post.parts.settings.concurrency.saturating_sub(self.tasks.len())
    }

    fn start(&mut self, mail: ClaimedMail, name: Arc<str>) {
        // If an attempt is in flight already, this process was suspended until its own claim lapsed: the attempt goes
        // on under the new claim.
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

async fn renew(post: Arc<Post>, claims: Claims) {
    loop {
        sleep(post.parts.settings.claim_lifetime / 3).await;
        let names = claims.names();
        if !names.is_empty() {
            post.renew(&names).await;
        }
    }
}
