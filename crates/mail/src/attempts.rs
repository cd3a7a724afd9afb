//! The attempts that are in flight.

use std::sync::Arc;

use doorward_core::{Causes, ClaimedMail, DeliveryOutcome, MailId, StoreError};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use crate::boot_time::BootTime;
use crate::claims::Claims;
use crate::post::{Claimed, Post};

/// The attempts that are in flight. Dropping them gives them up.
pub(crate) struct Attempts {
    post: Arc<Post>,
    tasks: JoinSet<(MailId, DeliveryOutcome)>,
    /// What has ended without an attempt.
    ended: Vec<(MailId, DeliveryOutcome)>,
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
            ended: Vec::new(),
            claims,
            _renewal: renewal,
        }
    }

    pub(crate) fn have_room(&self) -> bool {
        self.room() > 0
    }

    /// Claims as many mails as there is room for and starts an attempt of each. Returns `true` if no more mails were
    /// due. Mails with a dead link take no place: they end before the others are claimed, or at once.
    pub(crate) async fn claim(&mut self) -> Result<bool, StoreError> {
        let expired = self.post.expire().await?;
        let expired = expired.into_iter().map(|mail| (mail, DeliveryOutcome::Expired));
        self.ended.extend(expired);
        let room = self.room();
        let kept = self.post.parts.settings.concurrency / 4;
        let (limit, only_new) = if room > kept {
            (room - kept, false)
        } else {
            (room, true)
        };
        let name = self.post.name();
        let Claimed { mails, until } = self.post.claim(&name, limit, only_new).await?;
        let all = mails.len() < limit;
        let mut superseded = Vec::new();
        for mail in mails {
            if self.post.is_superseded(&mail) {
                superseded.push(mail.id);
            } else {
                self.start(mail, Arc::clone(&name), until);
            }
        }
        self.post.supersede(&name, &superseded).await?;
        let superseded = superseded.into_iter().map(|mail| (mail, DeliveryOutcome::Superseded));
        self.ended.extend(superseded);
        Ok(all)
    }

    /// What has ended without an attempt since the last call.
    pub(crate) fn take_ended(&mut self) -> Vec<(MailId, DeliveryOutcome)> {
        std::mem::take(&mut self.ended)
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

    fn start(&mut self, mail: ClaimedMail, name: Arc<str>, until: BootTime) {
        // If an attempt is in flight already, this process was suspended until its own claim lapsed: the attempt goes
        // on under the new claim.
        if self.claims.insert(mail.id, name, until) {
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
            post.renew(&claims, &names).await;
        }
    }
}
