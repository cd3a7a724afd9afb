//! Claims that a process left behind.

use async_trait::async_trait;

use super::StoreError;

/// Takes back the claims of a process that has ended. For start-up on SQLite, where no other process can be at work.
#[async_trait]
pub trait ClaimRelease {
    /// Makes every claimed mail due again, and returns how many there were.
    async fn release_mail_claims(&mut self) -> Result<u64, StoreError>;

    /// Makes every claimed delivery to a trigger due again, and returns how many there were.
    async fn release_delivery_claims(&mut self) -> Result<u64, StoreError>;

    /// Gives back every address that was reserved while a function decided, and returns how many there were.
    async fn release_all_reservations(&mut self) -> Result<u64, StoreError>;
}
