//! One attempt: from a claimed row to a recorded outcome.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use doorward_core::{ClaimedMail, DeliveryOutcome, EmailAddress, MailContent, MailToken, SealedMail, StoreError};
use futures_util::FutureExt;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::attempts::Claims;
use crate::backoff::next_attempt;
use crate::worker::Post;
use crate::{Message, MessageHeader, SendError, compose, compose_function_mail};

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

    /// Writes a mail and hands it over, unless it is of no more use.
    async fn attempt(&self, mail: &ClaimedMail) -> DeliveryOutcome {
        let written = match &mail.content {
            MailContent::Link { token, to } => self.write_link(mail, token, to),
            MailContent::Sealed(sealed) => self.write_sealed(mail, sealed),
        };
        let message = match written {
            Ok(message) => message,
            Err(outcome) => return outcome,
        };
        match timeout(self.patience(mail), self.parts.transport.send(&message)).await {
            Ok(Ok(())) => DeliveryOutcome::Sent,
            Ok(Err(SendError::Permanent { reason })) => DeliveryOutcome::Failed { reason },
            Ok(Err(SendError::Transient { reason })) => self.retry(mail, reason),
            Err(_) => self.retry(mail, "the relay did not answer in time".to_owned()),
        }
    }

    /// Our words around a link, unless the link is dead.
    fn write_link(&self, mail: &ClaimedMail, token: &MailToken, to: &EmailAddress) -> Result<Message, DeliveryOutcome> {
        let parts = &self.parts;
        if token.used_at.is_some() || token.voided_at.is_some() {
            return Err(DeliveryOutcome::Superseded);
        }
        if token.expires_at <= self.now() {
            return Err(DeliveryOutcome::Expired);
        }
        let Some(app) = (parts.apps)(token.app) else {
            return Err(self.retry(mail, "its app is not served here".to_owned()));
        };
        match &app.email_password {
            None => {
                let reason = "e-mail and password accounts are switched off in its app";
                return Err(self.retry(mail, reason.to_owned()));
            }
            Some(accounts) if accounts.methods() != token.methods => return Err(DeliveryOutcome::Superseded),
            Some(_) => {}
        }
        let Some(secret) = parts.token_keys.derive(token) else {
            return Err(self.retry(mail, format!("the key {} of its token is not here", token.key)));
        };
        let header = self.header(mail, to);
        compose(header, token, &app, &parts.links, &secret).map_err(|error| DeliveryOutcome::Failed {
            reason: error.to_string(),
        })
    }

    /// A function's words, as they are.
    fn write_sealed(&self, mail: &ClaimedMail, sealed: &SealedMail) -> Result<Message, DeliveryOutcome> {
        if sealed.expires_at <= self.now() {
            return Err(DeliveryOutcome::Expired);
        }
        match self.parts.token_keys.open(mail.id, &sealed.key, &sealed.sealed) {
            Some(written) => Ok(compose_function_mail(self.header(mail, &written.to), &written)),
            None => Err(self.retry(mail, format!("the key {} that opens it is not here", sealed.key))),
        }
    }

    fn header(&self, mail: &ClaimedMail, to: &EmailAddress) -> MessageHeader {
        MessageHeader {
            id: mail.id,
            from: self.parts.from.clone(),
            to: to.clone(),
            created_at: mail.created_at,
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
    /// Once it is of no more use it would not be, so there it ends.
    async fn record(&self, claims: &Claims, mail: &ClaimedMail, outcome: &DeliveryOutcome) {
        let mut pause = Duration::from_millis(100);
        let mut delivery = false;
        loop {
            let name = claims.name(mail.id).unwrap_or_else(|| self.name());
            match self.try_record(&name, mail, outcome).await {
                Ok(true) => return,
                // The account was deleted meanwhile, or the claim lapsed and is another worker's now.
                Ok(false) => return debug!(mail = %mail.id, "the outcome of a mail was not ours to record"),
                Err(error) => {
                    if !delivery {
                        warn!(mail = %mail.id, %error, "the outcome of a mail cannot be recorded yet");
                        delivery = true;
                    }
                    if self.now() >= mail.expires_at() {
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
        DeliveryOutcome::Expired => "it waited for too long",
        DeliveryOutcome::Failed { reason } | DeliveryOutcome::Retry { reason, .. } => reason,
    };
    warn!(mail = %id, attempt, reason, "a mail was not sent");
}
