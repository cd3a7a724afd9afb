//! The outbox worker: claims mails that are due, attempts them side by side, and records how each attempt ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Causes, DeliveryOutcome, MailId, StoreError};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::WorkerParts;
use crate::attempts::Attempts;
use crate::post::Post;

/// The pause after the database failed, or after another worker claimed a mail that was due.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends the mails of the outbox. Any number of workers, in any number of processes, can share one outbox.
pub struct OutboxWorker(Arc<Post>);

impl OutboxWorker {
    /// A worker of these parts.
    pub fn new(parts: WorkerParts) -> Self {
        Self(Arc::new(Post::new(parts)))
    }

    /// Works until `stop` is cancelled. Then it claims no more mails, and waits for the attempts in flight as long as
    /// its settings allow.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut attempts = Attempts::new(Arc::clone(&self.0));
        let mut poll_at = Instant::now();
        let mut failing = false;
        while !shutdown.is_cancelled() {
            if attempts.have_room() && poll_at <= Instant::now() {
                poll_at = self.poll(&mut attempts, &mut failing).await;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.0.parts.wake.woken() => poll_at = Instant::now(),
                // While all places are taken, only an attempt that ends can make room.
                () = sleep_until(poll_at), if attempts.have_room() => {}
                Some((_, outcome)) = attempts.next() => {
                    if let DeliveryOutcome::Retry { at, .. } = outcome {
                        poll_at = poll_at.min(self.0.instant(at));
                    }
                }
            }
        }
        let grace = self.0.parts.settings.shutdown_grace;
        // The outcome of an attempt that is cut off here is unknown: its claim lapses, and the mail is sent again under
        // the same Message-ID.
        let _ = tokio::time::timeout(grace, async { while attempts.next().await.is_some() {} }).await;
    }

    /// Attempts every mail that is due, and returns the outcomes. Tests call it for a single step.
    pub async fn deliver_due(&self) -> Result<Vec<(MailId, DeliveryOutcome)>, StoreError> {
        let mut attempts = Attempts::new(Arc::clone(&self.0));
        let mut ended = Vec::new();
        let mut claimed = Ok(false);
        loop {
            if claimed.is_ok() && attempts.have_room() {
                claimed = attempts.claim().await;
                ended.extend(attempts.take_ended());
            }
            match attempts.next().await {
                Some(attempt) => ended.push(attempt),
                // All that were claimed had ended already, and more are due.
                None if matches!(claimed, Ok(false)) => {}
                None => return claimed.map(|_| ended),
            }
        }
    }

    /// Claims mails that are due, and returns when to poll again. A database that is down is logged once, not at every
    /// poll.
    async fn poll(&self, attempts: &mut Attempts, failing: &mut bool) -> Instant {
        let now = self.0.now();
        let found = async {
            let all = attempts.claim().await?;
            let mut reads = self.0.parts.store.reads().await?;
            Ok::<_, StoreError>((all, reads.next_mail_due(self.0.now()).await?))
        };
        let found = found.await.inspect_err(|error| {
            if !*failing {
                warn!(error = %Causes(error), "the outbox cannot be read; trying again every second");
            }
        });
        attempts.take_ended();
        *failing = found.is_err();
        let longest = self.0.parts.settings.longest_sleep;
        let wait = match found {
            // More mails may be due than there was room for: poll again as soon as an attempt ends.
            Ok((false, _)) => Duration::ZERO,
            Ok((true, None)) => longest,
            // A mail is due, but another worker holds its claim.
            Ok((true, Some(due))) if due <= now => PAUSE,
            Ok((true, Some(due))) => due.since(self.0.now()),
            Err(_) => PAUSE,
        };
        Instant::now() + wait.min(longest)
    }
}

impl fmt::Debug for OutboxWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutboxWorker").field(&self.0.name).finish()
    }
}
