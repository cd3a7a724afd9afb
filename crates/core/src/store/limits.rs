//! The buckets of accounts and recipients, and the networks that accounts know.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::{Bucket, LimitKey, Timestamp};

/// What a permit costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The bucket that it is taken from.
    pub bucket: Bucket,
    /// After how many permits that did not come back the bucket holds one permit only, and the pace at which that
    /// refills.
    pub tight_after: Option<(u32, Duration)>,
    /// How long the row is kept after the bucket is full: it knows how many permits did not come back.
    pub remembered: Duration,
}

/// Whether there was a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There was, and it is taken.
    Permit,
    /// There was none, and nothing was written.
    Empty {
        /// How long it takes until there is one.
        retry_after: Duration,
    },
}

/// A network from which somebody has logged in to an account.
#[derive(Debug, Clone)]
pub struct KnownNetwork {
    /// Its own name; also that of its bucket.
    pub id: LimitKey,
    /// The name of the account's bucket.
    pub account: LimitKey,
}

/// Reads about limits.
#[async_trait]
pub trait LimitReads {
    /// When a login from a network was last written down.
    async fn find_known_network(&mut self, id: &LimitKey) -> Result<Option<Timestamp>, StoreError>;

    /// How many buckets there are; counting stops at `most`.
    async fn count_limit_buckets(&mut self, most: u64) -> Result<u64, StoreError>;
}

/// Writes about limits.
#[async_trait]
pub trait LimitWrites {
    /// Takes a permit: one guarded statement, so that any number of callers on any number of nodes get as many permits
    /// as there are. A change takes its permits before it writes anything else, so that no two changes wait for each
    /// other.
    async fn take_permit(&mut self, key: &LimitKey, charge: &Charge, now: Timestamp) -> Result<Taken, StoreError>;

    /// Gives a permit back, and forgets how many others did not come back.
    async fn give_permit_back(&mut self, key: &LimitKey, charge: &Charge, now: Timestamp) -> Result<(), StoreError>;

    /// Writes down that an account knows a network. Of each account the newest eight are kept.
    async fn remember_network(&mut self, network: &KnownNetwork, now: Timestamp) -> Result<(), StoreError>;

    /// Deletes buckets that are full and have nothing to remember, and networks that have not been seen since
    /// `unseen_since`. It stops after some hundreds and returns how many there were: call it, each time in a
    /// transaction of its own, until it returns 0.
    async fn forget_limits(&mut self, now: Timestamp, unseen_since: Timestamp) -> Result<u64, StoreError>;
}
