//! Setting a new password: with a mailed link, or when the owner's function decides so.

use super::{EmailAddress, EmailPassword, Password, PasswordRefusal, Purpose, Registration, Reset, TokenPair};
use crate::functions::or_fail;
use crate::limits::Registered;
use crate::{
    AppAccounts, Ejson, Failure, FlowError, FunctionName, Limit, Refusal, RegistrationId, ResetCall, StoreError,
    Verdict,
};

/// Why no reset link is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendResetRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// A function resets.
    #[error("password reset is by a function")]
    ByFunction,
    /// No mail can be addressed to this account.
    #[error("no mail can be sent to this account")]
    NotMailable,
}

/// Why a mailed token set no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResetRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The password is not acceptable. The token is not spent.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The token is unknown, expired, used, void, or for something else.
    #[error("the token is expired or invalid")]
    TokenInvalid,
    /// The registration of the token is gone.
    #[error("there is no such user")]
    UserNotFound,
}

/// Why calling the reset function set no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallResetRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// No registration has this address.
    #[error("there is no such user")]
    UserNotFound,
    /// A mail resets, so there is no function to call.
    #[error("password reset is by e-mail")]
    ByEmail,
    /// The password is not acceptable. The function is not called.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The reset function refused, or failed.
    #[error("the reset function refused")]
    ByFunction {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
}

impl Refusal for SendResetRefusal {}
impl Refusal for ResetRefusal {}
impl Refusal for CallResetRefusal {}

impl AppAccounts {
    /// Mails a reset link to a registration, pending or confirmed. Older links go on working, so that a stranger cannot
    /// keep a user out by requesting another; a link that is young is mailed again. Nothing else changes.
    pub async fn send_reset_password_email(&self, email: &EmailAddress) -> Result<(), FlowError<SendResetRefusal>> {
        let methods = self.email_password().ok_or(SendResetRefusal::ProviderDisabled)?;
        let _spent = self.network_permit(Limit::MailsOfNetwork).await?;
        let found = self.find_registration(email).await?;
        let registration = mailable(methods, found.as_ref());
        let (registered, to) = (Registered::of(found.as_ref()), registration.ok());
        self.mail_link(methods, Purpose::Reset, email, registered, to).await?;
        registration?;
        Ok(())
    }

    /// Sets a new password with a mailed token. The token works once, and a refused password does not spend it.
    /// Every session of the user ends. A pending registration stays pending.
    pub async fn reset_password(&self, token: &TokenPair, password: &Password) -> Result<(), FlowError<ResetRefusal>> {
        let methods = self.email_password().ok_or(ResetRefusal::ProviderDisabled)?;
        password.check_policy().map_err(ResetRefusal::from)?;
        let genuine = self.genuine_token(Purpose::Reset, token).await?;
        genuine.ok_or(ResetRefusal::TokenInvalid)?;
        let hash = self.hash(password).await?;
        let now = self.now();
        self.transact(|| async {
            let mut change = self.begin().await?;
            let registration = change
                .consume_mail_token(self.app().object_id, Purpose::Reset, token.id, methods.methods(), now)
                .await?
                .ok_or(ResetRefusal::TokenInvalid)?;
            if !change.set_password(registration, &hash, now).await? {
                return Err(ResetRefusal::UserNotFound.into());
            }
            Ok(change.commit().await?)
        })
        .await
    }

    /// Calls the reset function, which may set the password now, have it wait for a token, or refuse. Without a reset
    /// function this is always refused.
    pub async fn call_reset_password_function(
        &self,
        email: &EmailAddress,
        password: Password,
        arguments: Ejson,
    ) -> Result<(), FlowError<CallResetRefusal>> {
        let methods = self.email_password().ok_or(CallResetRefusal::ProviderDisabled)?;
        let registration = self.find_registration(email).await?;
        let registration = registration.ok_or(CallResetRefusal::UserNotFound)?;
        let Reset::Function(function) = &methods.reset else {
            return Err(CallResetRefusal::ByEmail.into());
        };
        password.check_policy().map_err(CallResetRefusal::from)?;
        self.take_function_call_permit(email).await?;
        let asked = AskedReset {
            current_password_valid: self.is_current_password(&registration, &password).await?,
            registration,
            password,
            arguments,
        };
        let (methods, function) = (methods.clone(), function.clone());
        self.outlive_caller(async move |accounts| accounts.reset_by_function(&methods, &function, asked).await)
            .await
    }

    /// Whether a password is the current one, for the reset function. What the function does may tell the client, so
    /// this is a login as far as limits go; where they leave none, the answer is no, and the function decides without.
    async fn is_current_password(&self, registration: &Registration, password: &Password) -> Result<bool, Failure> {
        let network = self.network_permit(Limit::FailedLoginsOfNetwork).await?;
        let account = match self.password_permit(registration.email(), Registered::Yes).await {
            Err(Failure::Limited { .. }) => return Ok(false),
            permit => permit?,
        };
        let verified = self.verify(password, Some(registration.password())).await;
        if !matches!(verified, Ok(false)) {
            self.give_back_to_network(&network);
            self.give_back(account).await?;
        }
        verified
    }

    async fn reset_by_function(
        &self,
        methods: &EmailPassword,
        function: &FunctionName,
        asked: AskedReset,
    ) -> Result<(), FlowError<CallResetRefusal>> {
        let (id, email) = (asked.registration.id(), asked.registration.email().clone());
        let token = self.new_token(methods, Purpose::Reset, id);
        let call = ResetCall {
            email: email.clone(),
            password: asked.password.clone(),
            current_password_valid: asked.current_password_valid,
            token: self.token_pair(&token),
            arguments: asked.arguments,
            actor: self.actor().clone(),
        };
        let result = or_fail(self.app().functions.reset(function, call).await)?;
        let hash = match result.value {
            Verdict::Success => Some(self.hash(&asked.password).await?),
            Verdict::Pending | Verdict::Fail => None,
        };
        let decided = self.transact(|| async {
            let mut change = self.begin().await?;
            let exists = match (result.value, &hash) {
                (Verdict::Success, Some(hash)) => change.set_password(id, hash, self.now()).await?,
                // The old password still works, and the one that is set in the end is the one
                // that comes with the token.
                (Verdict::Pending, _) => change.issue_token(&token, self.now()).await?,
                (Verdict::Success | Verdict::Fail, _) => true,
            };
            change.promise_function_mails(&result.mails).await?;
            change.commit().await?;
            Ok::<_, StoreError>(exists)
        });
        let exists = decided.await?;
        if result.value == Verdict::Fail {
            return Err(CallResetRefusal::ByFunction { email }.into());
        }
        if exists {
            Ok(())
        } else {
            Err(CallResetRefusal::UserNotFound.into())
        }
    }
}

/// The registration, if a reset link can be mailed to it.
fn mailable(methods: &EmailPassword, registration: Option<&Registration>) -> Result<RegistrationId, SendResetRefusal> {
    let registration = registration.ok_or(SendResetRefusal::UserNotFound)?;
    if matches!(methods.reset, Reset::Function(_)) {
        return Err(SendResetRefusal::ByFunction);
    }
    if !registration.email().is_mailbox() {
        return Err(SendResetRefusal::NotMailable);
    }
    Ok(registration.id())
}

/// A reset that a client requests of the reset function.
struct AskedReset {
    registration: Registration,
    password: Password,
    current_password_valid: bool,
    arguments: Ejson,
}
