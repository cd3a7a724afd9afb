//! Setting a new password: with a mailed link, or when the owner's function says so.

use std::sync::Arc;

use crate::{
    Accounts, App, AuthError, Caller, Ejson, EmailAddress, FunctionName, Password, Purpose, Registration, Reset,
    ResetQuestion, TokenPair, Verdict,
};

impl Accounts {
    /// Mails a reset link to a registration, pending or confirmed; older links stop working. Nothing else changes.
    pub async fn send_reset_password_email(&self, app: &App, email: &EmailAddress) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        let registration = self.find_registration(app, email).await?;
        if matches!(accounts.reset, Reset::Function(_)) {
            return Err(AuthError::ResetByFunction);
        }
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
    pub async fn reset_password(&self, app: &App, token: &TokenPair, password: &Password) -> Result<(), AuthError> {
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

    /// Asks the reset function, which may set the password at once, have it wait for a token, or refuse. Without a reset function
    /// this is always refused.
    pub async fn call_reset_password_function(
        self: &Arc<Self>,
        app: &App,
        email: &EmailAddress,
        password: Password,
        arguments: Ejson,
        caller: Caller,
    ) -> Result<(), AuthError> {
        let registration = self.find_registration(app, email).await?;
        let Reset::Function(function) = &app.email_password()?.reset else {
            return Err(AuthError::ResetByEmail);
        };
        password.check_policy()?;
        let current_password_valid = self.verify(&password, Some(registration.password())).await?;
        let (accounts, app, function) = (Arc::clone(self), app.clone(), function.clone());
        let asked = ResetByFunction {
            registration,
            password,
            current_password_valid,
            arguments,
            caller,
        };
        self.outlive_caller(async move { accounts.reset_by_function(&app, &function, asked).await })
            .await
    }

    async fn reset_by_function(
        &self,
        app: &App,
        function: &FunctionName,
        asked: ResetByFunction,
    ) -> Result<(), AuthError> {
        let (id, email) = (asked.registration.id(), asked.registration.email().clone());
        let token = self.new_token(app, app.email_password()?, Purpose::Reset, id);
        let question = ResetQuestion {
            email: email.clone(),
            password: asked.password.clone(),
            current_password_valid: asked.current_password_valid,
            token: self.token_pair(&token),
            arguments: asked.arguments,
            caller: asked.caller,
        };
        let result = self.functions().reset(app, function, question).await?;
        let hash = match result.value {
            Verdict::Success => Some(self.hash(&asked.password).await?),
            Verdict::Pending | Verdict::Fail => None,
        };
        let mut tx = self.store().begin().await?;
        let exists = match (result.value, &hash) {
            (Verdict::Success, Some(hash)) => tx.set_password(id, hash, self.now()).await?,
            // The old password goes on working, and the one that is set in the end is the one that comes with the token.
            (Verdict::Pending, _) => tx.issue_token(&token).await?,
            (Verdict::Success | Verdict::Fail, _) => true,
        };
        self.promise_function_mails(&mut *tx, app, &result.mails).await?;
        self.commit_with_mail(tx).await?;
        if result.value == Verdict::Fail {
            return Err(AuthError::ResetRefused { email });
        }
        if exists { Ok(()) } else { Err(AuthError::UserNotFound) }
    }
}

/// What a reset function is asked about.
struct ResetByFunction {
    registration: Registration,
    password: Password,
    current_password_valid: bool,
    arguments: Ejson,
    caller: Caller,
}
