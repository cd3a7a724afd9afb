//! The transport of mails.

use async_trait::async_trait;

use crate::{Claim, Message};

/// Sends mails to the system that delivers them.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one mail; `Ok` means that the receiving system has taken responsibility for it. A mail whose claim does
    /// not hold any more is not handed over: another worker may be sending it.
    ///
    /// Dropping the future gives the attempt up; its connection is then closed, never reused.
    async fn send(&self, message: &Message, claim: &Claim) -> Result<(), SendError>;
}

/// A mail that was not accepted. The reasons are for the operator: they hold no address, credential or token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A later attempt may succeed: the relay is down, busy or refuses the session.
    #[error("{reason}")]
    Transient {
        /// What went wrong.
        reason: String,
    },
    /// Every attempt will fail: the relay refuses this mail for good.
    #[error("{reason}")]
    Permanent {
        /// What went wrong.
        reason: String,
    },
}
