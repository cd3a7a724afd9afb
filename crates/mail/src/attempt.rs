//! One attempt: from a claimed row to a recorded outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{
    Backoff, Causes, ClaimedMail, DeliveryOutcome, EmailAddress, MailContent, MailToken, SealedMail, StoreError,
};
use futures_util::FutureExt;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::backoff::next_attempt;
use crate::claims::Claims;
use crate::post::Post;
use crate::{Claim, Message, MessageHeader, SendError, compose, compose_function_mail, large};

/// The pauses before an outcome is recorded again.
const RECORDING: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

impl Post {
    /// Attempts a claimed mail, and logs and records the outcome.
    pub(crate) async fn deliver(&self, claims: &Claims, mail: &ClaimedMail) -> DeliveryOutcome {
        // A panic must neither end the worker nor leave the mail claimed.
        let claim = Claim::new(mail.id, claims.clone(), Arc::clone(&self.parts.store));
        let outcome = AssertUnwindSafe(self.attempt(mail, &claim)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| self.retry(mail, "the attempt panicked".to_owned()));
        log(mail, &outcome);
        self.parts.metrics.count(&outcome, self.now().since(mail.created_at));
        self.record(claims, mail, &outcome).await;
        outcome
    }

    /// Composes a mail and sends it, unless it has expired.
    async fn attempt(&self, mail: &ClaimedMail, claim: &Claim) -> DeliveryOutcome {
        if mail.expires_at <= self.now() {
            return DeliveryOutcome::Expired;
        }
        let written = match &mail.content {
            MailContent::Link { token, to } => self.write_link(mail, token, to),
            MailContent::Sealed(sealed) => self.write_sealed(mail, sealed).await,
        };
        let message = match written {
            Ok(message) => message,
            Err(outcome) => return outcome,
        };
        match timeout(self.patience(mail), self.parts.transport.send(&message, claim)).await {
            Ok(Ok(())) => DeliveryOutcome::Sent,
            Ok(Err(SendError::Permanent { reason })) => DeliveryOutcome::Failed { reason },
            Ok(Err(SendError::Transient { reason })) => self.retry(mail, reason),
            Err(_) => self.retry(mail, "the relay did not answer in time".to_owned()),
        }
    }

    /// Composes our mail around a link.
    fn write_link(&self, mail: &ClaimedMail, token: &MailToken, to: &EmailAddress) -> Result<Message, DeliveryOutcome> {
        let parts = &self.parts;
        let Some(app) = parts.apps.find_by_object_id(token.app) else {
            return Err(self.retry(mail, "its app is not served here".to_owned()));
        };
        if app.providers.email_password.is_none() {
            let reason = "e-mail and password accounts are switched off in its app";
            return Err(self.retry(mail, reason.to_owned()));
        }
        let Some(secret) = parts.token_keys.derive(token) else {
            return Err(self.retry(mail, format!("the key {} of its token is not here", token.key)));
        };
        let header = self.header(mail, to);
        compose(header, token, &app, &parts.links, &secret).map_err(|error| DeliveryOutcome::Failed {
            reason: Causes(&error).to_string(),
        })
    }

    /// Opens a mail that a function wrote; its text is sent unchanged.
    async fn write_sealed(&self, mail: &ClaimedMail, sealed: &SealedMail) -> Result<Message, DeliveryOutcome> {
        let (id, keys, text) = (mail.id, Arc::clone(&self.parts.token_keys), sealed.clone());
        let opened = large::away(sealed.sealed.len(), move || keys.open(id, &text.key, &text.sealed));
        match opened.await {
            Some(Some(written)) => {
                let header = self.header(mail, &written.to);
                Ok(compose_function_mail(header, written))
            }
            Some(None) => Err(self.retry(mail, format!("the key {} that opens it is not here", sealed.key))),
            None => Err(self.retry(mail, "it could not be opened".to_owned())),
        }
    }

    fn header(&self, mail: &ClaimedMail, to: &EmailAddress) -> MessageHeader {
        MessageHeader {
            id: mail.id,
            from: self.parts.from.clone(),
            to: to.clone(),
            created_at: mail.created_at,
            expires_at: mail.expires_at,
        }
    }

    /// The time limit of this attempt. RFC 5321 §4.5.3.2.6 has clients wait ten minutes for the reply to a mail. The
    /// first attempts wait less: a relay that hangs must not hold a mail for half the life of its link.
    fn patience(&self, mail: &ClaimedMail) -> Duration {
        Backoff::new(self.parts.settings.attempt_timeout, Duration::from_mins(10)).pause(mail.attempts)
    }

    fn retry(&self, mail: &ClaimedMail, reason: String) -> DeliveryOutcome {
        DeliveryOutcome::Retry {
            at: next_attempt(mail, self.now()),
            reason,
        }
    }

    /// Records an outcome, and repeats that while the database is down: a mail that was sent but not recorded would be
    /// sent again. Stops when the mail expires, because an expired mail is not sent again.
    async fn record(&self, claims: &Claims, mail: &ClaimedMail, outcome: &DeliveryOutcome) {
        let mut failures = 0;
        loop {
            let name = claims.name(mail.id).unwrap_or_else(|| self.name());
            match self.try_record(&name, mail, outcome).await {
                Ok(true) => return,
                // The account was deleted meanwhile, or the claim lapsed and another worker holds it now.
                Ok(false) => return debug!(mail = %mail.id, "the outcome of a mail came after its claim ended"),
                Err(error) => {
                    if failures == 0 {
                        warn!(mail = %mail.id, error = %Causes(&error), "the outcome of a mail cannot be recorded yet");
                    }
                    if self.now() >= mail.expires_at {
                        return;
                    }
                }
            }
            sleep(RECORDING.pause(failures)).await;
            failures += 1;
        }
    }

    async fn try_record(&self, name: &str, mail: &ClaimedMail, outcome: &DeliveryOutcome) -> Result<bool, StoreError> {
        let mut tx = self.parts.store.begin().await?;
        let recorded = tx.record_delivery(name, mail.id, outcome, self.now()).await?;
        tx.commit().await?;
        Ok(recorded)
    }
}

fn log(mail: &ClaimedMail, outcome: &DeliveryOutcome) {
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
