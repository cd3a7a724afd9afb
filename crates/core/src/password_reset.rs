//! Setting a new password with a mailed link.

use crate::{Accounts, App, AuthError, EmailAddress, MailedToken, Password, Purpose};

impl Accounts {
    /// Mails a reset link to a registration, pending or confirmed; older links stop working. Nothing else changes.
    pub async fn send_reset_password_email(&self, app: &App, email: &EmailAddress) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        let registration = self.find_registration(app, email).await?;
        if !registration.email().is_mailbox() {
            return Err(AuthError::NotMailable);
        }
        let mut tx = self.store().begin().await?;
        self.promise_mail(&mut *tx, app, accounts, Purpose::Reset, registration.id())
            .await?;
        self.commit_with_mail(tx).await
    }

    /// Sets a new password with a mailed token. The token works once, and a refused password does not spend it.
    /// Every session of the user ends. A pending registration stays pending.
    pub async fn reset_password(&self, app: &App, token: &MailedToken, password: &Password) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        password.check_policy()?;
        self.genuine_token(app, Purpose::Reset, token).await?;
        let hash = self.hash(password).await?;
        let now = self.now();
        let mut tx = self.store().begin().await?;
        let registration = tx
            .consume_mail_token(app.object_id, Purpose::Reset, token.id, accounts.methods(), now)
            .await?
            .ok_or(AuthError::TokenInvalid)?;
        if !tx.set_password(registration, &hash, now).await? {
            return Err(AuthError::UserNotFound);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Asks the reset function. Without a reset function this is always refused.
    pub async fn call_reset_password_function(&self, app: &App, email: &EmailAddress) -> Result<(), AuthError> {
        self.find_registration(app, email).await?;
        Err(AuthError::ResetByEmail)
    }
}
