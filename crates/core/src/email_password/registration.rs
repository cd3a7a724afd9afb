//! A registration is not a user: it holds an address and a password hash, and a user appears at its first login.

use std::time::Duration;

use super::{Confirmation, EmailAddress, EmailPassword, Password, PasswordHash, PasswordRefusal, Purpose};
use crate::functions::or_fail;
use crate::limits::Registered;
use crate::{
    AppAccounts, AppObjectId, ConfirmCall, FlowError, FunctionName, Limit, Refusal, RegistrationId, StoreError,
    Timestamp, Verdict,
};

/// How much longer than its function a reservation lasts: the function may have waited for a worker,
/// and its result is stored afterwards.
const RESERVATION_GRACE: Duration = Duration::from_secs(5);

/// A registration in either of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// Not confirmed: it cannot log in.
    Pending(PendingRegistration),
    /// Confirmed: it can log in.
    Confirmed(ConfirmedRegistration),
}

/// A registration that is not confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRegistration {
    /// Its id.
    pub id: RegistrationId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// The address as typed.
    pub email: EmailAddress,
    /// The hash of its password.
    pub password: PasswordHash,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A registration that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedRegistration {
    /// Its id.
    pub id: RegistrationId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// The address as typed.
    pub email: EmailAddress,
    /// The hash of its password.
    pub password: PasswordHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

/// Why an address was not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    /// E-mail and password accounts are switched off in this app.
    #[error("the provider is disabled")]
    ProviderDisabled,
    /// The password is not acceptable.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The address cannot be mailed to, in an app that mails.
    #[error("the e-mail address is invalid")]
    EmailInvalid,
    /// The address is registered, pending or confirmed.
    #[error("the e-mail address is already registered")]
    EmailTaken,
    /// The confirmation function refused, or failed.
    #[error("the confirmation function refused")]
    ByFunction {
        /// The address in the request: the public text repeats it.
        email: EmailAddress,
    },
}

impl Refusal for RegisterRefusal {}

impl PendingRegistration {
    /// The only way from pending to confirmed.
    pub fn confirm(self, now: Timestamp) -> ConfirmedRegistration {
        ConfirmedRegistration {
            id: self.id,
            app: self.app,
            email: self.email,
            password: self.password,
            created_at: self.created_at,
            confirmed_at: now,
        }
    }
}

impl Registration {
    /// Its id, in either state.
    pub fn id(&self) -> RegistrationId {
        match self {
            Self::Pending(registration) => registration.id,
            Self::Confirmed(registration) => registration.id,
        }
    }

    /// Its address, in either state.
    pub fn email(&self) -> &EmailAddress {
        match self {
            Self::Pending(registration) => &registration.email,
            Self::Confirmed(registration) => &registration.email,
        }
    }

    /// Its password hash, in either state.
    pub fn password(&self) -> &PasswordHash {
        match self {
            Self::Pending(registration) => &registration.password,
            Self::Confirmed(registration) => &registration.password,
        }
    }
}

impl AppAccounts {
    /// Registers an address. In an app that confirms by mail the registration stays pending until its link is used; in
    /// one that confirms by a function the function decides.
    pub async fn register(&self, email: EmailAddress, password: &Password) -> Result<(), FlowError<RegisterRefusal>> {
        let methods = self.email_password().ok_or(RegisterRefusal::ProviderDisabled)?;
        password.check_policy().map_err(RegisterRefusal::from)?;
        if !methods.can_confirm(&email) {
            return Err(RegisterRefusal::EmailInvalid.into());
        }
        // The permit is spent whatever comes of it.
        let _spent = self.network_permit(Limit::RegistrationsOfNetwork).await?;
        // Hashed before the address is looked up: a taken address costs the same as a free one.
        let password = self.hash(password).await?;
        let now = self.now();
        let pending = PendingRegistration {
            id: RegistrationId::generate(self.clock(), self.entropy()),
            app: self.app().object_id,
            email,
            password,
            created_at: now,
        };
        match &methods.confirmation {
            Confirmation::Automatic => self.insert(Registration::Confirmed(pending.confirm(now)), None).await,
            Confirmation::Email(_) => self.insert(Registration::Pending(pending), Some(methods)).await,
            Confirmation::Function(function) => {
                // The function may have notified the user already: its decision is kept, whether
                // or not the client still waits.
                let function = function.clone();
                self.outlive_caller(async move |accounts| accounts.register_by_function(&function, pending).await)
                    .await
            }
        }
    }

    async fn insert(
        &self,
        registration: Registration,
        confirm_by_mail: Option<&EmailPassword>,
    ) -> Result<(), FlowError<RegisterRefusal>> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            if confirm_by_mail.is_some() {
                self.link_mail_permit(&mut change, Purpose::Confirm, registration.email(), Registered::No)
                    .await?;
            }
            if !change.insert_registration(&registration).await? {
                return Err(RegisterRefusal::EmailTaken.into());
            }
            if let Some(methods) = confirm_by_mail {
                change
                    .promise_link_mail(methods, Purpose::Confirm, registration.id())
                    .await?;
            }
            Ok(change.commit().await?)
        })
        .await
    }

    /// The function runs while no transaction is open; a reservation keeps the address meanwhile. It
    /// is no registration: only another attempt to register sees it, and should this server end
    /// before the function does, it lapses.
    async fn register_by_function(
        &self,
        function: &FunctionName,
        reserved: PendingRegistration,
    ) -> Result<(), FlowError<RegisterRefusal>> {
        let methods = self.email_password().ok_or(RegisterRefusal::ProviderDisabled)?;
        let until = self.now().plus(self.settings().function_timeout + RESERVATION_GRACE);
        let reserving = self.transact(|| async {
            let mut change = self.begin().await?;
            self.function_call_permit(&mut change, &reserved.email, Registered::No)
                .await?;
            if !change.reserve_registration(&reserved, until).await? {
                return Err(FlowError::from(RegisterRefusal::EmailTaken));
            }
            Ok(change.commit().await?)
        });
        reserving.await?;

        let token = self.new_token(methods, Purpose::Confirm, reserved.id);
        let call = ConfirmCall {
            email: reserved.email.clone(),
            token: self.token_pair(&token),
            actor: self.actor().clone(),
        };
        let result = or_fail(self.app().functions.confirm(function, call).await);

        let (id, email) = (reserved.id, reserved.email.clone());
        let settling = self.transact(|| async {
            let mut change = self.begin().await?;
            let settled = match result.as_ref().map(|result| result.value) {
                Ok(Verdict::Success) => {
                    let confirmed = Registration::Confirmed(reserved.clone().confirm(self.now()));
                    change.settle_reservation(&confirmed).await?
                }
                Ok(Verdict::Pending) => {
                    let pending = Registration::Pending(reserved.clone());
                    change.settle_reservation(&pending).await? && change.issue_token(&token, self.now()).await?
                }
                Ok(Verdict::Fail) | Err(_) => {
                    change.release_reservation(id).await?;
                    false
                }
            };
            if let Ok(result) = &result {
                change.promise_function_mails(&result.mails).await?;
            }
            change.commit().await?;
            Ok::<_, StoreError>(settled)
        });
        let settled = settling.await?;
        result?;
        if settled {
            Ok(())
        } else {
            Err(RegisterRefusal::ByFunction { email }.into())
        }
    }
}
