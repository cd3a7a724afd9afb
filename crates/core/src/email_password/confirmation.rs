//! Confirming a registration with a mailed link, and sending another link.

use super::{
    Confirmation, EmailAddress, EmailPassword, LinkRefusal, PendingRegistration, Purpose, Registration, TokenPair,
};
use crate::functions::or_fail;
use crate::limits::Registered;
use crate::{AppAccounts, ConfirmCall, FlowError, FunctionName, Limit, Refusal, RegistrationId, Verdict};

/// Why no confirmation mail is sent to a registration that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmationMailRefusal {
    /// The registration needs no confirmation any more.
    #[error("the user is already confirmed")]
    AlreadyConfirmed,
    /// A function confirms.
    #[error("confirmation is by a function")]
    ByFunction,
    /// No mail can be addressed to this account.
    #[error("no mail can be sent to this account")]
    NotMailable,
}

/// Why an address is sent no other confirmation link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// The registration is there, and gets no mail.
    #[error(transparent)]
    Mail(#[from] ConfirmationMailRefusal),
}

/// Why the holder of an old confirmation link is sent no other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RenewRefusal {
    /// The link is none of ours.
    #[error(transparent)]
    Link(#[from] LinkRefusal),
    /// The registration of the link is gone.
    #[error("there is no such user")]
    UserNotFound,
    /// The registration is there, and gets no mail.
    #[error(transparent)]
    Mail(#[from] ConfirmationMailRefusal),
}

/// Why calling the confirmation function again confirmed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetryRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// Registering confirms, so there is no function to call.
    #[error("confirmation is automatic")]
    Automatic {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// The registration needs no confirmation any more.
    #[error("the user is already confirmed")]
    AlreadyConfirmed,
    /// A mail confirms, so there is no function to call.
    #[error("confirmation is by e-mail")]
    ByEmail,
    /// The confirmation function refused, or failed.
    #[error("the confirmation function refused")]
    ByFunction {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
}

impl Refusal for ConfirmationMailRefusal {}
impl Refusal for ResendRefusal {}
impl Refusal for RenewRefusal {}
impl Refusal for RetryRefusal {}

impl AppAccounts {
    /// Confirms a registration with a mailed token. The token works once, and no other token of the registration works
    /// afterwards.
    pub async fn confirm_user(&self, token: &TokenPair) -> Result<(), FlowError<LinkRefusal>> {
        let methods = self.email_password().ok_or(LinkRefusal::ProviderDisabled)?;
        let genuine = self.genuine_token(Purpose::Confirm, token).await?;
        genuine.ok_or(LinkRefusal::TokenInvalid)?;
        let now = self.now();
        self.transact(|| async {
            let mut change = self.begin().await?;
            let registration = change
                .consume_mail_token(self.app().object_id, Purpose::Confirm, token.id, methods.methods(), now)
                .await?
                .ok_or(LinkRefusal::TokenInvalid)?;
            if !change.confirm_registration(registration, now).await? {
                return Err(LinkRefusal::TokenInvalid.into());
            }
            Ok(change.commit().await?)
        })
        .await
    }

    /// Mails a confirmation link to a pending registration. Older links go on working, so that a stranger cannot keep a
    /// user out by requesting another; a link that is young is mailed again.
    pub async fn resend_confirmation(&self, email: &EmailAddress) -> Result<(), FlowError<ResendRefusal>> {
        let methods = self.email_password().ok_or(ResendRefusal::ProviderDisabled)?;
        let _spent = self.network_permit(Limit::MailsOfNetwork).await?;
        let found = self.find_registration(email).await?;
        let pending = match &found {
            Some(registration) => mailable(methods, registration).map_err(ResendRefusal::from),
            None => Err(ResendRefusal::UserNotFound),
        };
        let to = pending.as_ref().ok().copied();
        self.mail_link(methods, Purpose::Confirm, email, Registered::of(found.as_ref()), to)
            .await?;
        pending?;
        Ok(())
    }

    /// Mails a confirmation link to the registration of a genuine link that no longer works.
    pub async fn renew_confirmation_link(&self, token: &TokenPair) -> Result<(), FlowError<RenewRefusal>> {
        let methods = self.email_password().ok_or(LinkRefusal::ProviderDisabled);
        let methods = methods.map_err(RenewRefusal::from)?;
        let _spent = self.network_permit(Limit::MailsOfNetwork).await?;
        let row = self.genuine_token(Purpose::Confirm, token).await?;
        let row = row.ok_or(LinkRefusal::TokenInvalid).map_err(RenewRefusal::from)?;
        let registration = self.find_registration_by_id(row.registration).await?;
        let registration = registration.ok_or(RenewRefusal::UserNotFound)?;
        let pending = mailable(methods, &registration).map_err(RenewRefusal::from);
        let (email, to) = (registration.email(), pending.as_ref().ok().copied());
        self.mail_link(methods, Purpose::Confirm, email, Registered::Yes, to)
            .await?;
        pending?;
        Ok(())
    }

    /// Calls the confirmation function again, with a new token. Without a confirmation function this is always refused.
    pub async fn retry_custom_confirmation(&self, email: &EmailAddress) -> Result<(), FlowError<RetryRefusal>> {
        let methods = self.email_password().ok_or(RetryRefusal::ProviderDisabled)?;
        // App Services checks this mode before it looks the address up.
        if methods.confirmation == Confirmation::Automatic {
            return Err(RetryRefusal::Automatic { email: email.clone() }.into());
        }
        let registration = self.find_registration(email).await?;
        let Registration::Pending(pending) = registration.ok_or(RetryRefusal::UserNotFound)? else {
            return Err(RetryRefusal::AlreadyConfirmed.into());
        };
        let Confirmation::Function(function) = &methods.confirmation else {
            return Err(RetryRefusal::ByEmail.into());
        };
        self.take_function_call_permit(email).await?;
        let (methods, function) = (methods.clone(), function.clone());
        self.outlive_caller(async move |accounts| accounts.confirm_by_function(&methods, &function, pending).await)
            .await
    }

    async fn confirm_by_function(
        &self,
        methods: &EmailPassword,
        function: &FunctionName,
        pending: PendingRegistration,
    ) -> Result<(), FlowError<RetryRefusal>> {
        let token = self.new_token(methods, Purpose::Confirm, pending.id);
        let call = ConfirmCall {
            email: pending.email.clone(),
            token: self.token_pair(&token),
            actor: self.actor().clone(),
        };
        let result = or_fail(self.app().functions.confirm(function, call).await)?;
        let decided = self.transact(|| async {
            let mut change = self.begin().await?;
            // Where a token has confirmed it while the function ran, or the account was deleted, nothing is left to do.
            match result.value {
                Verdict::Success => {
                    change.confirm_registration(pending.id, self.now()).await?;
                }
                // The older token pair works until this one does: a function that fails does not void it.
                Verdict::Pending => {
                    change.issue_token(&token, self.now()).await?;
                }
                Verdict::Fail => {}
            }
            change.promise_function_mails(&result.mails).await?;
            change.commit().await
        });
        decided.await?;
        if result.value == Verdict::Fail {
            return Err(RetryRefusal::ByFunction { email: pending.email }.into());
        }
        Ok(())
    }
}

/// The registration, if a confirmation link can be mailed to it.
fn mailable(methods: &EmailPassword, registration: &Registration) -> Result<RegistrationId, ConfirmationMailRefusal> {
    let Registration::Pending(pending) = registration else {
        return Err(ConfirmationMailRefusal::AlreadyConfirmed);
    };
    if matches!(methods.confirmation, Confirmation::Function(_)) {
        return Err(ConfirmationMailRefusal::ByFunction);
    }
    if !pending.email.is_mailbox() {
        return Err(ConfirmationMailRefusal::NotMailable);
    }
    Ok(pending.id)
}
