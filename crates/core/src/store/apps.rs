//! Apps, as far as the database knows them.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppId, AppObjectId, Timestamp};

/// Reads about the database itself.
#[async_trait]
pub trait AppReads {
    /// Whether the database answers and takes writes.
    async fn ping(&mut self) -> Result<(), StoreError>;
}

/// Writes about apps.
#[async_trait]
pub trait AppWrites {
    /// The object id under which an app's data is kept: the one it had before, or `proposed` from now on.
    /// `None`: the app is new here, and `proposed` already belongs to another app.
    async fn adopt_app(
        &mut self,
        app: &AppId,
        proposed: AppObjectId,
        now: Timestamp,
    ) -> Result<Option<AppObjectId>, StoreError>;
}
