//! Limits: buckets of permits, and the networks that accounts know.

use std::time::Duration;

use async_trait::async_trait;
use doorward_core::store::{Charge, KnownNetwork, LimitReads, LimitWrites, Taken};
use doorward_core::{LimitKey, StoreError, Timestamp};

use super::db::{AssertSqlSafe, query};
use super::{Connection, Lease, SKIP_LOCKED, Statements, Transaction, db, rows};

/// How many rows of a table are forgotten at a time, so that no other writer waits long.
const BATCH: i64 = 500;

/// How many networks an account knows.
const KNOWN_NETWORKS: i64 = 8;

#[async_trait]
impl<L: Lease> LimitReads for Statements<L> {
    async fn find_known_network(&mut self, id: &LimitKey) -> Result<Option<Timestamp>, StoreError> {
        self.run(async |connection| {
            let row = query("SELECT seen_at FROM known_networks WHERE id = $1")
                .bind(id.to_hex())
                .fetch_optional(connection)
                .await?;
            row.as_ref().map(|row| rows::time(row, "seen_at")).transpose()
        })
        .await
    }

    async fn count_limit_buckets(&mut self, most: u64) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let row = query("SELECT COUNT(*) AS buckets FROM (SELECT 1 FROM limit_buckets LIMIT $1) AS counted")
                .bind(i64::try_from(most).unwrap_or(i64::MAX))
                .fetch_one(connection)
                .await?;
            rows::count(&row, "buckets")
        })
        .await
    }
}

#[async_trait]
impl LimitWrites for Transaction {
    /// The sums are those of `doorward_core::Bucket`. The conflict locks the row, so that permits are taken one after
    /// the other.
    async fn take_permit(&mut self, key: &LimitKey, charge: &Charge, now: Timestamp) -> Result<Taken, StoreError> {
        let (price, now) = (Price::of(charge), self.times(now).stored(now));
        self.run(async |connection| {
            let taken = query(
                "INSERT INTO limit_buckets AS b (id, full_at, spent, forget_at)
                 VALUES ($1, $2 + $3, 1, $2 + $3 + $7)
                 ON CONFLICT (id) DO UPDATE SET
                     full_at = CASE WHEN b.full_at > $2 THEN b.full_at ELSE $2 END
                         + CASE WHEN b.spent >= $5 THEN $6 ELSE $3 END,
                     spent = b.spent + 1,
                     forget_at = CASE WHEN b.full_at > $2 THEN b.full_at ELSE $2 END
                         + CASE WHEN b.spent >= $5 THEN $6 ELSE $3 END + $7
                 WHERE b.full_at <= CASE WHEN b.spent >= $5 THEN $2 ELSE $2 + $4 - $3 END
                 RETURNING id",
            )
            .bind(key.to_hex())
            .bind(now.as_millis())
            .bind(price.refill)
            .bind(price.capacity)
            .bind(price.tight_after)
            .bind(price.tight_refill)
            .bind(price.remembered)
            .fetch_optional(&mut *connection)
            .await?;
            match taken {
                Some(_) => Ok(Taken::Permit),
                None => empty(connection, key, &price, now).await,
            }
        })
        .await
    }

    async fn give_permit_back(&mut self, key: &LimitKey, charge: &Charge, now: Timestamp) -> Result<(), StoreError> {
        let (price, now) = (Price::of(charge), self.times(now).stored(now));
        self.run(async |connection| {
            let full = query("DELETE FROM limit_buckets WHERE id = $1 AND (full_at <= $2 + $3 OR spent > $4)")
                .bind(key.to_hex())
                .bind(now.as_millis())
                .bind(price.refill)
                .bind(price.tight_after)
                .execute(&mut *connection)
                .await?;
            if full.rows_affected() == 0 {
                query(
                    "UPDATE limit_buckets SET full_at = full_at - $2, spent = 0, forget_at = full_at - $2 WHERE id = $1",
                )
                .bind(key.to_hex())
                .bind(price.refill)
                .execute(connection)
                .await?;
            }
            Ok(())
        })
        .await
    }

    async fn remember_network(&mut self, network: &KnownNetwork, now: Timestamp) -> Result<(), StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            query(
                "INSERT INTO known_networks (id, account, seen_at) VALUES ($1, $2, $3)
                 ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
            )
            .bind(network.id.to_hex())
            .bind(network.account.to_hex())
            .bind(now.as_millis())
            .execute(&mut *connection)
            .await?;
            query(
                "DELETE FROM known_networks WHERE account = $1 AND id NOT IN (
                     SELECT id FROM known_networks WHERE account = $1 ORDER BY seen_at DESC LIMIT $2
                 )",
            )
            .bind(network.account.to_hex())
            .bind(KNOWN_NETWORKS)
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }

    /// Rows that another transaction has locked are left for the next sweep.
    async fn forget_limits(&mut self, now: Timestamp, unseen_since: Timestamp) -> Result<u64, StoreError> {
        let times = self.times(now);
        let (now, unseen_since) = (times.stored(now), times.stored(unseen_since));
        let statements = [
            ("limit_buckets", "forget_at <= $1", now),
            ("known_networks", "seen_at < $1", unseen_since),
        ];
        self.run(async |connection| {
            let mut forgotten = 0;
            for (table, ended, time) in statements {
                let sql = format!(
                    "WITH ended AS MATERIALIZED (SELECT id FROM {table} WHERE {ended} LIMIT $2 {SKIP_LOCKED})
                     DELETE FROM {table} WHERE id IN (SELECT id FROM ended) AND {ended}"
                );
                let done = query(AssertSqlSafe(sql))
                    .bind(time.as_millis())
                    .bind(BATCH)
                    .execute(&mut *connection)
                    .await?;
                forgotten += done.rows_affected();
            }
            Ok(forgotten)
        })
        .await
    }
}

/// A charge in the units of the columns, milliseconds.
struct Price {
    refill: i64,
    capacity: i64,
    tight_after: i64,
    tight_refill: i64,
    remembered: i64,
}

impl Price {
    fn of(charge: &Charge) -> Self {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let (tight_after, tight_refill) = match charge.tight_after {
            Some((permits, refill)) => (i64::from(permits), millis(refill)),
            None => (i64::MAX, 0),
        };
        Self {
            refill: millis(charge.bucket.refill),
            capacity: millis(charge.bucket.capacity()),
            tight_after,
            tight_refill,
            remembered: millis(charge.remembered),
        }
    }
}

/// How long an empty bucket takes until it has a permit.
async fn empty(connection: &mut Connection, key: &LimitKey, price: &Price, now: Timestamp) -> db::Result<Taken> {
    let row = query("SELECT full_at, spent FROM limit_buckets WHERE id = $1")
        .bind(key.to_hex())
        .fetch_one(connection)
        .await?;
    let full_at = rows::time(&row, "full_at")?;
    let spent: u32 = rows::count(&row, "spent")?;
    let wait = if i64::from(spent) >= price.tight_after {
        full_at.since(now)
    } else {
        let room = Duration::from_millis(u64::try_from(price.capacity - price.refill).unwrap_or_default());
        full_at.since(now.plus(room))
    };
    Ok(Taken::Empty { retry_after: wait })
}
