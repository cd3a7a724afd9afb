//! Logging in with an e-mail address and a password.

use super::SignInRefusal;
use super::sign_in::Login;
use crate::limits::{AccountPermit, Registered};
use crate::{
    AppAccounts, DeviceId, EmailAddress, FlowError, Password, Refusal, Registration, SignedIn, VerifiedIdentity,
};

/// What a user logs in with. A name that could not be registered is an unknown name.
#[derive(Debug)]
pub struct Credentials {
    /// The address; `None` where the name cannot be one.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: Password,
    /// The device, if the client was given an id before.
    pub device: Option<DeviceId>,
}

/// Why an e-mail address and a password open no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// Unknown address or wrong password.
    #[error("the credentials are wrong")]
    InvalidCredentials,
    /// The password is right, but the registration is pending.
    #[error("the registration is not confirmed")]
    NotConfirmed,
    /// The identity is verified, and opens no session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Refusal for LoginRefusal {}

impl AppAccounts {
    pub(super) async fn log_in_by_password(
        &self,
        credentials: &Credentials,
    ) -> Result<SignedIn, FlowError<LoginRefusal>> {
        if self.app().providers.email_password.is_none() {
            return Err(LoginRefusal::ProviderDisabled.into());
        }
        let (found, permit) = match &credentials.email {
            Some(email) => {
                let found = self.find_registration(email).await?;
                let permit = self.password_permit(email, Registered::of(found.as_ref())).await?;
                (found, permit)
            }
            // No account has such a name, so there is none to protect.
            None => (None, AccountPermit::none()),
        };
        let hash = found.as_ref().map(Registration::password);
        let verified = match self.verify(&credentials.password, hash).await {
            Ok(verified) => verified,
            Err(failure) => {
                self.give_back(permit).await?;
                return Err(failure.into());
            }
        };
        let registration = match found {
            Some(found) if verified => found,
            _ => return Err(LoginRefusal::InvalidCredentials.into()),
        };
        let Registration::Confirmed(registration) = registration else {
            self.give_back(permit).await?;
            return Err(LoginRefusal::NotConfirmed.into());
        };
        let login = Login {
            identity: VerifiedIdentity::Email(registration),
            device: credentials.device,
            permit,
            mails: Vec::new(),
        };
        let signed_in = if self.app().user_creation.is_none() {
            self.sign_in(login).await
        } else {
            // The function may have written something about the new user elsewhere: the user is created, whether
            // or not the client still waits.
            self.outlive_caller(async move |accounts| accounts.sign_in(login).await)
                .await
        };
        signed_in.map_err(FlowError::widen)
    }
}
