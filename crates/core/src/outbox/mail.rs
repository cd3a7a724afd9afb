//! Mails in the outbox, and how attempts to send them end.

use std::fmt;

use crate::{AppObjectId, EmailAddress, KeyId, MailId, MailToken, Timestamp};

/// A mail that a worker has claimed, with all that is needed to write it.
#[derive(Debug, Clone)]
pub struct ClaimedMail {
    /// Its id; the `Message-ID` is made of it and so is the same at every attempt.
    pub id: MailId,
    /// What it says.
    pub content: MailContent,
    /// How many attempts have failed.
    pub attempts: u32,
    /// When it was promised.
    pub created_at: Timestamp,
    /// When it expires and is no longer sent.
    pub expires_at: Timestamp,
}

/// What a mail says, as far as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailContent {
    /// Our text around a link.
    Link {
        /// The token that the link carries. Its secret part is derived, not stored.
        token: MailToken,
        /// The stored address of the registration: mail goes nowhere else.
        to: EmailAddress,
    },
    /// A function's text.
    Sealed(SealedMail),
}

/// A mail that a function wrote. It may hold a live link, so it is encrypted with a key that is not in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedMail {
    /// The app whose function wrote it.
    pub app: AppObjectId,
    /// The key that opens it.
    pub key: KeyId,
    /// The encrypted [`FunctionMail`].
    pub sealed: Vec<u8>,
    /// When it expires and is no longer sent.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SealedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedMail(..)")
    }
}

/// A mail as a function wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct FunctionMail {
    /// The one recipient.
    pub to: EmailAddress,
    /// The subject.
    pub subject: String,
    /// The plain text; empty if there is only HTML.
    pub text: String,
    /// The HTML; empty if there is only plain text.
    pub html: String,
}

impl fmt::Debug for FunctionMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FunctionMail(..)")
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The relay took it.
    Sent,
    /// It failed in a way that may pass; it is due again at that time. The reason is text for the
    /// operator without addresses or secrets.
    Retry {
        /// When to try again.
        at: Timestamp,
        /// What went wrong.
        reason: String,
    },
    /// Its token expired while it waited: a mail with a dead link is not sent.
    Expired,
    /// Its token was used or became void while it waited: a mail with a dead link is not sent.
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
