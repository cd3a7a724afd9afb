//! The buckets of networks, in the memory of this node.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Bucket, Limit, Network, network};
use crate::{Actor, AppAccounts, Failure, Timestamp};

/// How many buckets a node keeps. Beyond that the fullest are forgotten first: they limit the least.
const MOST: usize = 100_000;

/// The buckets that are not full.
#[derive(Default)]
pub(super) struct Networks(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    full_at: HashMap<Key, Timestamp>,
    by_fullness: BTreeSet<(Timestamp, Key)>,
}

type Key = (Limit, Network);

/// A permit of a network. It is spent unless it is given back.
#[must_use]
pub(crate) struct NetworkPermit(Option<(Key, Bucket)>);

impl AppAccounts {
    /// Takes a permit of the network of the client that calls. A refusal takes a moment, so that a client that repeats
    /// itself without a pause costs next to nothing.
    pub(crate) async fn network_permit(&self, limit: Limit) -> Result<NetworkPermit, Failure> {
        let limits = self.accounts().limits();
        let Some(network) = self.network() else {
            return Ok(NetworkPermit(None));
        };
        let (key, bucket) = ((limit, network), limits.settings.table.of(limit));
        match limits.networks.take(key, bucket, self.now()) {
            Ok(()) => Ok(NetworkPermit(Some((key, bucket)))),
            Err(retry_after) => {
                let failure = limits.refuse(limit, retry_after);
                tokio::time::sleep(retry_after.min(limits.settings.refusal_delay)).await;
                Err(failure)
            }
        }
    }

    /// Gives a permit back: what it was taken for did not happen, or was right.
    pub(crate) fn give_back_to_network(&self, permit: &NetworkPermit) {
        if let Some((key, bucket)) = permit.0 {
            self.accounts().limits().networks.give_back(key, bucket);
        }
    }

    /// The network of the client that calls, if it counts.
    pub(super) fn network(&self) -> Option<Network> {
        let Actor::Client(client) = self.actor() else {
            return None;
        };
        let settings = &self.accounts().limits().settings;
        let counts = |address| settings.on && (settings.private_networks || !network::is_private(address));
        client.address.filter(|address| counts(*address)).map(Network::of)
    }
}

impl Networks {
    fn take(&self, key: Key, bucket: Bucket, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.lock();
        buckets.forget_full(now);
        let full_at = buckets.full_at.get(&key).copied().unwrap_or(now);
        let after = bucket.take(full_at, now)?;
        buckets.put(key, after);
        Ok(())
    }

    fn give_back(&self, (limit, network): Key, bucket: Bucket) {
        let mut buckets = self.lock();
        let key = (limit, network);
        if let Some(full_at) = buckets.full_at.get(&key).copied() {
            buckets.put(key, full_at.minus(bucket.refill));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buckets {
    fn put(&mut self, key: Key, full_at: Timestamp) {
        if let Some(before) = self.full_at.insert(key, full_at) {
            self.by_fullness.remove(&(before, key));
        }
        self.by_fullness.insert((full_at, key));
        if self.full_at.len() > MOST {
            self.forget_fullest();
        }
    }

    /// A full bucket limits nothing. Each one is forgotten once, so this costs each taker next to nothing.
    fn forget_full(&mut self, now: Timestamp) {
        while self.by_fullness.first().is_some_and(|(full_at, _)| *full_at <= now) {
            self.forget_fullest();
        }
    }

    fn forget_fullest(&mut self) {
        if let Some((_, key)) = self.by_fullness.pop_first() {
            self.full_at.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: Bucket = Bucket {
        burst: 2,
        refill: Duration::from_secs(5),
    };

    fn key(number: u32) -> Key {
        (Limit::FailedLoginsOfNetwork, Network::V4(number.into()))
    }

    #[test]
    fn a_permit_that_comes_back_can_be_taken_again() {
        let (networks, now) = (Networks::default(), Timestamp::from_millis(0));
        networks.take(key(1), BUCKET, now).unwrap();
        networks.take(key(1), BUCKET, now).unwrap();
        assert_eq!(networks.take(key(1), BUCKET, now), Err(Duration::from_secs(5)));
        networks.give_back(key(1), BUCKET);
        networks.take(key(1), BUCKET, now).unwrap();
    }

    #[test]
    fn full_buckets_are_forgotten_and_of_too_many_the_fullest() {
        let networks = Networks::default();
        for number in 0..1_000 {
            networks.take(key(number), BUCKET, Timestamp::from_millis(0)).unwrap();
        }
        networks.take(key(0), BUCKET, Timestamp::from_millis(5_000)).unwrap();
        assert_eq!(networks.lock().full_at.len(), 1);

        let most = u32::try_from(MOST).unwrap();
        let now = Timestamp::from_millis(1_000_000);
        networks.take(key(0), BUCKET, now).unwrap();
        networks.take(key(0), BUCKET, now).unwrap();
        for number in 1..=most {
            networks.take(key(number), BUCKET, now).unwrap();
        }
        assert_eq!(networks.lock().full_at.len(), MOST);
        assert!(
            networks.take(key(0), BUCKET, now).is_err(),
            "an empty bucket is still there"
        );
    }
}
