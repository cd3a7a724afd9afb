//! What is ended after a restore.

use async_trait::async_trait;

use super::StoreError;
use crate::Timestamp;

/// Ends what a restored database must not bring back.
#[async_trait]
pub trait EpochWrites {
    /// Voids every live mailed token, ends up to `limit` sessions, and gives up to `limit` waiting mails up as
    /// superseded, also those that a worker has claimed. Sessions and mails come in batches because there may be very
    /// many: call it, each time in a transaction of its own, until neither batch is full.
    async fn end_epoch(&mut self, now: Timestamp, limit: u32) -> Result<EndedEpoch, StoreError>;
}

/// How much ended with an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndedEpoch {
    /// Mailed tokens that could have been spent.
    pub tokens: u64,
    /// Sessions.
    pub sessions: u64,
    /// Mails that waited to be sent.
    pub mails: u64,
}
