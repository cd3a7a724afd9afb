//! Deleting an account.

use crate::{Accounts, App, AuthError, Identity, UserEvent, UserId};

impl Accounts {
    /// Deletes a user with its registration, sessions, links and waiting mails. The address is free again, for a new user.
    pub async fn delete_user(&self, app: &App, user: UserId) -> Result<(), AuthError> {
        let mut tx = self.store().begin().await?;
        let profile = tx.user(app.object_id, user).await?.ok_or(AuthError::UserGone)?;
        if !tx.delete_user(app.object_id, user).await? {
            return Err(AuthError::UserGone);
        }
        let mut providers: Vec<_> = profile.identities.iter().map(Identity::provider).collect();
        providers.sort_unstable();
        providers.dedup();
        let triggered = self
            .queue_event(&mut *tx, app, UserEvent::Delete, &profile, &providers)
            .await?;
        self.commit_and_wake(tx, false, triggered).await
    }
}
