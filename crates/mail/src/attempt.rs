//! One attempt: from a claimed row to a recorded outcome.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use doorward_core::{ClaimedMail, DeliveryOutcome, StoreError};
use futures_util::FutureExt;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::attempts::Claims;
use crate::backoff::next_attempt;
use crate::worker::Post;
use crate::{SendError, compose};

impl Post {
    /// Attempts a claimed mail, tells and records how it ended.
    pub(crate) async fn deliver(&self, claims: &Claims, mail: &ClaimedMail) -> DeliveryOutcome {
        // A panic must neither end the worker nor leave the mail claimed.
        let outcome = AssertUnwindSafe(self.attempt(mail)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| self.retry(mail, "the attempt panicked".to_owned()));
        tell(mail, &outcome);
        self.parts.metrics.count(&outcome, self.now().since(mail.created_at));
        self.record(claims, mail, &outcome).await;
        outcome
    }

    /// Writes a mail and hands it over, unless its link is dead.
    async fn attempt(&self, mail: &ClaimedMail) -> DeliveryOutcome {
        let parts = &self.parts;
        let token = &mail.token;
        if token.used_at.is_some() || token.voided_at.is_some() {
            return DeliveryOutcome::Superseded;
        }
        if token.expires_at <= self.now() {
            return DeliveryOutcome::Expired;
        }
        let Some(app) = (parts.apps)(token.app) else {
            return self.retry(mail, "its app is not served here".to_owned());
        };
        match &app.email_password {
            None => {
                return self.retry(
                    mail,
                    "e-mail and password accounts are switched off in its app".to_owned(),
                );
            }
            Some(accounts) if accounts.methods() != token.methods => return DeliveryOutcome::Superseded,
            Some(_) => {}
        }
        let Some(secret) = parts.token_keys.derive(token) else {
            return self.retry(mail, format!("the key {} of its token is not here", token.key));
        };
        let message = match compose(mail, &app, &parts.links, &secret, &parts.from) {
            Ok(message) => message,
            Err(error) => {
                return DeliveryOutcome::Failed {
                    reason: error.to_string(),
                };
            }
        };
        match timeout(self.patience(mail), parts.transport.send(&message)).await {
            Ok(Ok(())) => DeliveryOutcome::Sent,
            Ok(Err(SendError::Permanent { reason })) => DeliveryOutcome::Failed { reason },
            Ok(Err(SendError::Transient { reason })) => self.retry(mail, reason),
            Err(_) => self.retry(mail, "the relay did not answer in time".to_owned()),
        }
    }

    /// RFC 5321 §4.5.3.2.6 has clients wait ten minutes for the answer to a mail. The first attempts wait less: a relay that hangs
    /// must not hold a mail for so long that its link is half used up.
    fn patience(&self, mail: &ClaimedMail) -> Duration {
        let doublings = mail.attempts.min(10);
        (self.parts.settings.attempt_timeout * 2_u32.pow(doublings)).min(Duration::from_mins(10))
    }

    fn retry(&self, mail: &ClaimedMail, reason: String) -> DeliveryOutcome {
        DeliveryOutcome::Retry {
            at: next_attempt(mail, self.now()),
            reason,
        }
    }

    /// Records an outcome, however long the database takes to come back: a mail that was sent and not recorded would be sent again.
    /// Once its token has expired it would not be, so there it ends.
    async fn record(&self, claims: &Claims, mail: &ClaimedMail, outcome: &DeliveryOutcome) {
        let mut pause = Duration::from_millis(100);
        let mut told = false;
        loop {
            let name = claims.name(mail.id).unwrap_or_else(|| self.name());
            match self.try_record(&name, mail, outcome).await {
                Ok(true) => return,
                // The account was deleted meanwhile, or the claim lapsed and is another worker's now.
                Ok(false) => return debug!(mail = %mail.id, "the outcome of a mail was not ours to record"),
                Err(error) => {
                    if !told {
                        warn!(mail = %mail.id, %error, "the outcome of a mail cannot be recorded yet");
                        told = true;
                    }
                    if self.now() >= mail.token.expires_at {
                        return;
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn try_record(&self, name: &str, mail: &ClaimedMail, outcome: &DeliveryOutcome) -> Result<bool, StoreError> {
        let mut tx = self.parts.store.begin().await?;
        let recorded = tx.record_delivery(name, mail.id, outcome, self.now()).await?;
        tx.commit().await?;
        Ok(recorded)
    }
}

fn tell(mail: &ClaimedMail, outcome: &DeliveryOutcome) {
    let id = mail.id;
    let attempt = mail.attempts.saturating_add(1);
    let reason = match outcome {
        DeliveryOutcome::Sent => return debug!(mail = %id, attempt, "a mail was sent"),
        DeliveryOutcome::Superseded => return debug!(mail = %id, attempt, "a mail is not needed any more"),
        DeliveryOutcome::Expired => "its link expired",
        DeliveryOutcome::Failed { reason } | DeliveryOutcome::Retry { reason, .. } => reason,
    };
    warn!(mail = %id, attempt, reason, "a mail was not sent");
}
