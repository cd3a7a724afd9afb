//! Forgets buckets that are full again, and keeps their number within bounds.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::account::KNOWN_FOR;
use crate::{Accounts, StoreError, retry_conflicts};

/// How many buckets there are in the database at most, but for those of registered addresses. Beyond it, addresses
/// without a registration share a few.
const MOST_BUCKETS: u64 = 1_000_000;

/// Sweeps the limits. Run it every minute.
pub struct LimitSweeper(Accounts);

impl LimitSweeper {
    /// The usual interval between two sweeps.
    pub const EVERY: Duration = Duration::from_mins(1);

    /// For these accounts.
    pub fn new(accounts: Accounts) -> Self {
        Self(accounts)
    }

    /// Forgets what is full again, in small transactions, and then finds out whether there are too many buckets.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let accounts = &self.0;
        loop {
            let forgotten = retry_conflicts(accounts.entropy(), || async {
                let now = accounts.now();
                let mut tx = accounts.store().begin().await?;
                let forgotten = tx.forget_limits(now, now.minus(KNOWN_FOR)).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(forgotten)
            });
            let forgotten = forgotten.await?;
            if forgotten == 0 {
                break;
            }
        }
        let count = accounts
            .store()
            .reads()
            .await?
            .count_limit_buckets(MOST_BUCKETS)
            .await?;
        let limits = accounts.limits();
        let crowded = count >= MOST_BUCKETS;
        if limits.crowded.swap(crowded, Ordering::Relaxed) != crowded && crowded {
            tracing::warn!(
                buckets = count,
                "there are very many limited addresses: those without a registration now share their limits"
            );
        }
        Ok(())
    }
}
