//! Taking back what a process that has ended was working on.

use async_trait::async_trait;
use doorward_core::StoreError;
use doorward_core::store::ClaimRelease;

use super::Transaction;
use super::db::query;

/// A claim has overwritten when its row was due. Whatever was claimed was due then, so it is due now.
#[async_trait]
impl ClaimRelease for Transaction {
    async fn release_mail_claims(&mut self) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let done = query("UPDATE mails SET claimed_by = NULL, due_at = created_at WHERE claimed_by IS NOT NULL")
                .execute(connection)
                .await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn release_delivery_claims(&mut self) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let done = query("UPDATE trigger_queues SET claimed_by = NULL, due_at = 0 WHERE claimed_by IS NOT NULL")
                .execute(connection)
                .await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn release_all_reservations(&mut self) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let done = query("DELETE FROM registrations WHERE reserved_until IS NOT NULL")
                .execute(connection)
                .await?;
            Ok(done.rows_affected())
        })
        .await
    }
}
