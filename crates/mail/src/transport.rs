//! What carries a mail away.

use async_trait::async_trait;

use crate::Message;

/// Hands mails over to whoever delivers them.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands one mail over; `Ok` means that the other side has taken responsibility for it.
    ///
    /// Dropping the future gives the attempt up. What has been begun on the wire is then thrown away, never reused.
    async fn send(&self, message: &Message) -> Result<(), SendError>;
}

/// A mail that was not taken. The reasons are for the operator: they hold no address, credential or token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It is worth trying again: the relay is away, busy or at odds with us.
    #[error("{reason}")]
    Transient {
        /// What went wrong.
        reason: String,
    },
    /// It is not: the relay will not take this mail, now or later.
    #[error("{reason}")]
    Permanent {
        /// What went wrong.
        reason: String,
    },
}
