//! A new epoch: what a restored backup must not bring back to life.

use crate::store::EndedEpoch;
use crate::{Clock, OsEntropy, Store, StoreError, retry_conflicts};

/// How many sessions and how many mails end in one transaction, so that no other writer waits long.
const BATCH: u32 = 500;

/// Opens a new epoch for all apps of a database: every mailed token is void, every session has ended, and no mail that
/// waited is sent. Accounts and passwords stay.
///
/// A restored database is an older one. Links that were spent since would work again, and sessions that were ended
/// since would be open again; a mail that waits in it has most probably been sent since, or carries a link that is void
/// now.
///
/// A token or a session that a flow makes meanwhile may end too. After an error it can be called again: what has ended
/// stays ended.
pub async fn open_new_epoch(store: &dyn Store, clock: &dyn Clock) -> Result<EndedEpoch, StoreError> {
    let mut ended = EndedEpoch::default();
    loop {
        let batch = retry_conflicts(&OsEntropy, || async {
            let mut tx = store.begin().await?;
            let batch = tx.end_epoch(clock.now(), BATCH).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(batch)
        });
        let batch = batch.await?;
        ended.tokens += batch.tokens;
        ended.sessions += batch.sessions;
        ended.mails += batch.mails;
        if batch.sessions < u64::from(BATCH) && batch.mails < u64::from(BATCH) {
            return Ok(ended);
        }
    }
}
