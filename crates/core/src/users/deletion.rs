//! Deleting an account.

use crate::{AppAccounts, FlowError, Provider, UserEvent, UserGone, UserId};

impl AppAccounts {
    /// Deletes a user with its registration, sessions, links and waiting mails. The address
    /// is free again, for a new user.
    pub async fn delete_user(&self, user: UserId) -> Result<(), FlowError<UserGone>> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            let profile = change.find_user(self.app().object_id, user).await?;
            let profile = profile.ok_or(UserGone)?;
            if !change.delete_user(self.app().object_id, user).await? {
                return Err(UserGone.into());
            }
            let mut providers: Vec<Provider> = profile.identities.iter().map(|identity| identity.provider).collect();
            providers.sort_unstable();
            providers.dedup();
            change
                .promise_deliveries(UserEvent::Delete, &profile, &providers)
                .await?;
            Ok(change.commit().await?)
        })
        .await
    }
}
