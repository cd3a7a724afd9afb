//! A registration is not a user: it holds an address and a password hash, and a user appears at its first login.

use crate::{
    Accounts, App, AppObjectId, AuthError, Confirmation, EmailAddress, Password, PasswordHash, Purpose, RegistrationId,
    Timestamp, Tx,
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
    /// Registers an address. In an app that confirms by mail the registration stays pending until its link is used.
    pub async fn register(&self, app: &App, email: EmailAddress, password: &Password) -> Result<(), AuthError> {
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
        match accounts.confirmation {
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
        }
    }
}

async fn insert(tx: &mut dyn Tx, registration: Registration) -> Result<(), AuthError> {
    if tx.insert_registration(&registration).await? {
        Ok(())
    } else {
        Err(AuthError::EmailTaken)
    }
}
