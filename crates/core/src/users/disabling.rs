//! Disabling and enabling users.

use crate::{AppAccounts, FlowError, Refusal, UserId};

/// There is no such user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such user")]
pub struct UserNotFound;

impl Refusal for UserNotFound {}

impl AppAccounts {
    /// Disables a user: its sessions end, its mailed links die, and it cannot log in.
    pub async fn disable_user(&self, user: UserId) -> Result<(), FlowError<UserNotFound>> {
        self.set_disabled(user, true).await
    }

    /// Enables a disabled user. It logs in again as the same user.
    pub async fn enable_user(&self, user: UserId) -> Result<(), FlowError<UserNotFound>> {
        self.set_disabled(user, false).await
    }

    async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), FlowError<UserNotFound>> {
        let now = self.now();
        self.transact(|| async {
            let mut change = self.begin().await?;
            if !change
                .set_user_disabled(self.app().object_id, user, disabled, now)
                .await?
            {
                return Err(UserNotFound.into());
            }
            Ok(change.commit().await?)
        })
        .await
    }
}
