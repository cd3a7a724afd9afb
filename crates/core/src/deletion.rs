//! Deleting an account.

use crate::{Accounts, App, AuthError, UserId};

impl Accounts {
    /// Deletes a user with its registration, sessions, links and waiting mails. The address is free again, for a new user.
    pub async fn delete_user(&self, app: &App, user: UserId) -> Result<(), AuthError> {
        let mut tx = self.store().begin().await?;
        if !tx.delete_user(app.object_id, user).await? {
            return Err(AuthError::UserGone);
        }
        tx.commit().await?;
        Ok(())
    }
}
