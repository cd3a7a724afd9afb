//! Mail leaves through an outbox: a row in the transaction of the change that promises it, sent by a worker afterwards.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{EmailAddress, MailId, MailToken, Timestamp};

/// A mail that a worker has claimed, with all that is needed to write it. The secret half of the token is derived, not stored.
#[derive(Debug, Clone)]
pub struct ClaimedMail {
    /// Its id; the `Message-ID` is made of it and so is the same at every attempt.
    pub id: MailId,
    /// The token that its link carries.
    pub token: MailToken,
    /// The stored address of the registration: mail goes nowhere else.
    pub to: EmailAddress,
    /// How many attempts have failed.
    pub attempts: u32,
    /// When it was promised.
    pub created_at: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The relay took it.
    Sent,
    /// It failed in a way that may pass; it is due again at that time. The reason is text for the operator without addresses or secrets.
    Retry {
        /// When to try again.
        at: Timestamp,
        /// What went wrong.
        reason: String,
    },
    /// Its token expired while it waited: a mail with a dead link is not sent.
    Expired,
    /// Its token was used or replaced by a newer one while it waited: a mail with a dead link is not sent.
    Superseded,
    /// The relay refused it for good, or it cannot be written.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

impl DeliveryOutcome {
    /// The state that the row shows afterwards.
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retry { .. } => "waiting",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Failed { .. } => "failed",
        }
    }

    /// Every state that a row can show.
    pub const STATES: [&'static str; 5] = ["waiting", "sent", "expired", "superseded", "failed"];
}

/// Wakes the outbox worker of this process after a commit that promised a mail.
#[derive(Debug, Clone, Default)]
pub struct OutboxWake(Arc<Notify>);

impl OutboxWake {
    /// Says that there is work.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until there is work; a wake that came before the wait is not lost.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
