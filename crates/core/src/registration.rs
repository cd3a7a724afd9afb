//! A registration is not a user: it holds an address and a password hash, and a user appears at its first login.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Accounts, App, AppObjectId, AuthError, Caller, ConfirmQuestion, Confirmation, EmailAddress, FunctionName, Password,
    PasswordHash, Purpose, RegistrationId, Timestamp, Tx, Verdict,
};

/// A registration in either of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// Not confirmed: it cannot log in.
    Pending(PendingRegistration),
    /// Confirmed: it can log in.
    Confirmed(ConfirmedRegistration),
}

/// A registration that nobody has confirmed.
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

impl Accounts {
    /// Registers an address. In an app that confirms by mail the registration stays pending until its link is used; in one that
    /// confirms by a function the function decides.
    pub async fn register(
        self: &Arc<Self>,
        app: &App,
        email: EmailAddress,
        password: &Password,
        caller: Caller,
    ) -> Result<(), AuthError> {
        let accounts = app.email_password()?;
        password.check_policy()?;
        accounts.check_address(&email)?;
        // Hashed before the address is looked up: a taken address costs the same as a free one.
        let password = self.hash(password).await?;
        let now = self.now();
        let id = RegistrationId::generate(self.clock(), self.entropy());
        let pending = PendingRegistration {
            id,
            app: app.object_id,
            email,
            password,
            created_at: now,
        };
        match &accounts.confirmation {
            Confirmation::Automatic => {
                let mut tx = self.store().begin().await?;
                insert(&mut *tx, Registration::Confirmed(pending.confirm(now))).await?;
                tx.commit().await?;
                Ok(())
            }
            Confirmation::Email(_) => {
                let mut tx = self.store().begin().await?;
                insert(&mut *tx, Registration::Pending(pending)).await?;
                self.promise_mail(&mut *tx, app, accounts, Purpose::Confirm, id).await?;
                self.commit_with_mail(tx).await
            }
            Confirmation::Function(function) => {
                // The function may have told the user already: what it decided is kept, whoever still listens.
                let (accounts, app, function) = (Arc::clone(self), app.clone(), function.clone());
                self.outlive_caller(
                    async move { accounts.register_by_function(&app, &function, pending, caller).await },
                )
                .await
            }
        }
    }

    /// The function runs while no transaction is open; a reservation keeps the address meanwhile. It is no registration: nothing but
    /// another registering sees it, and should this server end before the function does, it lapses.
    async fn register_by_function(
        &self,
        app: &App,
        function: &FunctionName,
        reserved: PendingRegistration,
        caller: Caller,
    ) -> Result<(), AuthError> {
        let until = self.now().plus(self.settings().function_timeout + RESERVATION_GRACE);
        let mut tx = self.store().begin().await?;
        if !tx.reserve_registration(&reserved, until).await? {
            return Err(AuthError::EmailTaken);
        }
        tx.commit().await?;

        let token = self.new_token(app, app.email_password()?, Purpose::Confirm, reserved.id);
        let question = ConfirmQuestion {
            email: reserved.email.clone(),
            token: self.token_pair(&token),
            caller,
        };
        let result = self.functions().confirm(app, function, question).await;

        let (id, email) = (reserved.id, reserved.email.clone());
        let mut tx = self.store().begin().await?;
        let settled = match result.as_ref().map(|result| result.value) {
            Ok(Verdict::Success) => {
                let confirmed = Registration::Confirmed(reserved.confirm(self.now()));
                tx.settle_reservation(&confirmed).await?
            }
            Ok(Verdict::Pending) => {
                tx.settle_reservation(&Registration::Pending(reserved)).await? && tx.issue_token(&token).await?
            }
            Ok(Verdict::Fail) | Err(_) => {
                tx.release_reservation(id).await?;
                false
            }
        };
        if let Ok(result) = &result {
            self.promise_function_mails(&mut *tx, app, &result.mails).await?;
        }
        self.commit_with_mail(tx).await?;
        result?;
        if settled {
            Ok(())
        } else {
            Err(AuthError::ConfirmationRefused { email })
        }
    }
}

/// How much longer than its function a reservation lasts: the function may have waited for a worker and is written down afterwards.
const RESERVATION_GRACE: Duration = Duration::from_secs(5);

async fn insert(tx: &mut dyn Tx, registration: Registration) -> Result<(), AuthError> {
    if tx.insert_registration(&registration).await? {
        Ok(())
    } else {
        Err(AuthError::EmailTaken)
    }
}
