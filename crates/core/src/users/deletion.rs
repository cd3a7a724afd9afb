//! Deleting an account.

use crate::change::Change;
use crate::{AppAccounts, FlowError, NotSignedIn, Provider, SignedInUser, UserEvent, UserGone, UserId, UserProfile};

impl AppAccounts {
    /// Deletes a user with its registration, sessions, links and waiting mails. The address
    /// is free again, for a new user.
    pub async fn delete_user(&self, user: UserId) -> Result<(), FlowError<UserGone>> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            let profile = change.find_user(self.app().object_id, user).await?;
            self.delete(change, &profile.ok_or(UserGone)?).await
        })
        .await
    }

    /// Deletes the account of the signed-in user who asks for it, as [`AppAccounts::delete_user`] does.
    pub async fn delete_own_account(&self, caller: SignedInUser) -> Result<(), FlowError<NotSignedIn>> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            let profile = self.signed_in(&mut *change, caller).await?;
            self.delete(change, &profile).await.map_err(FlowError::widen)
        })
        .await
    }

    async fn delete(&self, mut change: Change, profile: &UserProfile) -> Result<(), FlowError<UserGone>> {
        if !change.delete_user(self.app().object_id, profile.id).await? {
            return Err(UserGone.into());
        }
        let mut providers: Vec<Provider> = profile.identities.iter().map(|identity| identity.provider).collect();
        providers.sort_unstable();
        providers.dedup();
        change
            .promise_deliveries(UserEvent::Delete, profile, &providers)
            .await?;
        Ok(change.commit().await?)
    }
}
