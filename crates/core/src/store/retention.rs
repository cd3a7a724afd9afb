//! What is kept for how long.

use async_trait::async_trait;

use super::StoreError;
use crate::Timestamp;

/// Removes rows that are no longer needed.
#[async_trait]
pub trait Retention {
    /// Deletes what can no longer be used or queried: sessions, tokens and finished mails that ended before
    /// `before`, reservations that had lapsed by then, and identities that never became a user's. It looks at some
    /// hundreds of rows of each kind and returns how many it deleted: call it, each time in a transaction of its own,
    /// until it returns 0.
    async fn sweep(&mut self, now: Timestamp, before: Timestamp) -> Result<u64, StoreError>;
}
