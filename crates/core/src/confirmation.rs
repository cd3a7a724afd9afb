//! Confirming a registration with a mailed link, and asking for another link.

use std::sync::Arc;

use crate::{
    Accounts, App, AuthError, Caller, ConfirmQuestion, Confirmation, EmailAddress, FunctionName, MailToken,
    PendingRegistration, Purpose, Registration, Timestamp, TokenPair, Verdict,
};

/// What a genuine link can still do. Only somebody who holds the whole token learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It works.
    Usable,
    /// It has been used.
    Used,
    /// Its time is over.
    Expired,
    /// A newer mail, a change of password or a change of the app's methods has replaced it.
    Replaced,
}

impl Accounts {
    /// Confirms a registration with a mailed token. The token works once.
    pub async fn confirm_user(&self, app: &App, token: &TokenPair) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        self.genuine_token(app, Purpose::Confirm, token).await?;
        let now = self.now();
        let mut tx = self.store().begin().await?;
        let registration = tx
            .consume_mail_token(app.object_id, Purpose::Confirm, token.id, accounts.methods(), now)
            .await?
            .ok_or(AuthError::TokenInvalid)?;
        if !tx.confirm_registration(registration, now).await? {
            return Err(AuthError::TokenInvalid);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Mails a new confirmation link to a pending registration; older links stop working.
    pub async fn resend_confirmation(&self, app: &App, email: &EmailAddress) -> Result<(), AuthError> {
        let registration = self.find_registration(app, email).await?;
        self.mail_confirmation(app, &registration).await
    }

    /// The same for whoever holds a genuine confirmation link that no longer works.
    pub async fn renew_confirmation_link(&self, app: &App, token: &TokenPair) -> Result<(), AuthError> {
        let row = self.genuine_token(app, Purpose::Confirm, token).await?;
        let registration = self
            .store()
            .find_registration_by_id(app.object_id, row.registration)
            .await?;
        self.mail_confirmation(app, &registration.ok_or(AuthError::UserNotFound)?)
            .await
    }

    /// Asks the confirmation function again, with a new token. Without a confirmation function this is always refused.
    pub async fn retry_custom_confirmation(
        self: &Arc<Self>,
        app: &App,
        email: &EmailAddress,
        caller: Caller,
    ) -> Result<(), AuthError> {
        let confirmation = &app.email_password()?.confirmation;
        // The original checks this mode before it looks anybody up.
        if *confirmation == Confirmation::Automatic {
            return Err(AuthError::ConfirmationAutomatic { email: email.clone() });
        }
        let Registration::Pending(pending) = self.find_registration(app, email).await? else {
            return Err(AuthError::AlreadyConfirmed);
        };
        let Confirmation::Function(function) = confirmation else {
            return Err(AuthError::ConfirmationByEmail);
        };
        let (accounts, app, function) = (Arc::clone(self), app.clone(), function.clone());
        self.outlive_caller(async move { accounts.confirm_by_function(&app, &function, pending, caller).await })
            .await
    }

    async fn confirm_by_function(
        &self,
        app: &App,
        function: &FunctionName,
        pending: PendingRegistration,
        caller: Caller,
    ) -> Result<(), AuthError> {
        let token = self.new_token(app, app.email_password()?, Purpose::Confirm, pending.id);
        let question = ConfirmQuestion {
            email: pending.email.clone(),
            token: self.token_pair(&token),
            caller,
        };
        let result = self.functions().confirm(app, function, question).await?;
        let mut tx = self.store().begin().await?;
        // Where a token has confirmed it while the function ran, or the account was deleted, nothing is left to do.
        match result.value {
            Verdict::Success => {
                tx.confirm_registration(pending.id, self.now()).await?;
            }
            // The older pair works until this one does: a function that fails takes nothing away.
            Verdict::Pending => {
                tx.issue_token(&token).await?;
            }
            Verdict::Fail => {}
        }
        self.promise_function_mails(&mut *tx, app, &result.mails).await?;
        self.commit_with_mail(tx).await?;
        if result.value == Verdict::Fail {
            return Err(AuthError::ConfirmationRefused { email: pending.email });
        }
        Ok(())
    }

    /// What a link can still do, without doing it: pages ask this before they show a button.
    pub async fn link_state(&self, app: &App, purpose: Purpose, token: &TokenPair) -> Result<LinkState, AuthError> {
        let accounts = app.email_password()?;
        let row = self.genuine_token(app, purpose, token).await?;
        let state = state(&row, accounts.methods(), self.now());
        // Whatever became of this very link: who is confirmed needs no other.
        if purpose == Purpose::Confirm && state != LinkState::Usable && self.is_confirmed(app, &row).await? {
            return Ok(LinkState::Used);
        }
        Ok(state)
    }

    /// The row of a token whose secret half is right. Forged tokens stop here, before they cost anything.
    pub(crate) async fn genuine_token(
        &self,
        app: &App,
        purpose: Purpose,
        token: &TokenPair,
    ) -> Result<MailToken, AuthError> {
        let row = self.store().find_mail_token(app.object_id, token.id).await?;
        row.filter(|row| row.purpose == purpose && self.token_keys().verify(row, &token.secret))
            .ok_or(AuthError::TokenInvalid)
    }

    pub(crate) async fn find_registration(&self, app: &App, email: &EmailAddress) -> Result<Registration, AuthError> {
        app.email_password()?;
        self.store()
            .find_registration(app.object_id, email)
            .await?
            .ok_or(AuthError::UserNotFound)
    }

    async fn is_confirmed(&self, app: &App, row: &MailToken) -> Result<bool, AuthError> {
        let registration = self
            .store()
            .find_registration_by_id(app.object_id, row.registration)
            .await?;
        Ok(matches!(registration, Some(Registration::Confirmed(_))))
    }

    async fn mail_confirmation(&self, app: &App, registration: &Registration) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        let Registration::Pending(pending) = registration else {
            return Err(AuthError::AlreadyConfirmed);
        };
        if matches!(accounts.confirmation, Confirmation::Function(_)) {
            return Err(AuthError::ConfirmationByFunction);
        }
        if !pending.email.is_mailbox() {
            return Err(AuthError::NotMailable);
        }
        let mut tx = self.store().begin().await?;
        self.promise_mail(&mut *tx, app, accounts, Purpose::Confirm, pending.id)
            .await?;
        self.commit_with_mail(tx).await
    }
}

fn state(row: &MailToken, methods: &str, now: Timestamp) -> LinkState {
    if row.used_at.is_some() {
        LinkState::Used
    } else if row.voided_at.is_some() || row.methods != methods {
        LinkState::Replaced
    } else if row.expires_at <= now {
        LinkState::Expired
    } else {
        LinkState::Usable
    }
}
