//! Removes rows that no flow reads any more.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::store::StoreError;
use doorward_core::{Causes, Clock, LimitSweeper, OsEntropy, Store, retry_conflicts};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// The interval between two sweeps.
const EVERY: Duration = Duration::from_hours(1);

/// The delay of the first sweep after the start: short, for a server that is restarted more often than every hour.
const FIRST: Duration = Duration::from_mins(1);

/// How long ended sessions, dead links and finished mails are kept, so that an operator can still see what happened.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Sweeps at every interval until `stop` is cancelled.
pub(crate) async fn run(store: Arc<dyn Store>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut pause = FIRST;
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        pause = EVERY;
        match sweep(&*store, &*clock, &stop).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "removed rows that ended a week ago"),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "old rows could not be removed; this is tried again in an hour");
            }
        }
    }
}

/// Forgets limits that are full again, until `stop` is cancelled. On a thread that may block, because counting reads
/// many rows and SQLite reads on its caller's thread.
pub(crate) async fn sweep_limits(sweeper: LimitSweeper, stop: CancellationToken) {
    let sweeper = Arc::new(sweeper);
    while stop
        .run_until_cancelled(tokio::time::sleep(LimitSweeper::EVERY))
        .await
        .is_some()
    {
        let (sweeper, runtime) = (Arc::clone(&sweeper), Handle::current());
        let swept = spawn_blocking(move || runtime.block_on(sweeper.sweep())).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(error = %Causes(&error), "limits could not be swept; this is tried again in a minute");
        }
    }
}

/// Sweeps in small transactions, one after the other, so that no other writer waits long.
async fn sweep(store: &dyn Store, clock: &dyn Clock, stop: &CancellationToken) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let swept = retry_conflicts(&OsEntropy, || async {
            let mut tx = store.begin().await?;
            let now = clock.now();
            let rows = tx.sweep(now, now.minus(KEPT)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(rows)
        });
        let rows = swept.await?;
        removed += rows;
        if rows == 0 || stop.is_cancelled() {
            return Ok(removed);
        }
    }
}
