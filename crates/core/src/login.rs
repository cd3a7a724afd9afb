//! Logging in with e-mail and password.

use crate::store::{NewSession, Opened};
use crate::{
    Accounts, App, AuthError, DeviceId, EmailAddress, Password, Registration, RegistrationId, Session, SessionId,
    UserId,
};

/// What a user logs in with. A name that could not be registered is an unknown name.
#[derive(Debug)]
pub struct Credentials {
    /// The address, if it could be one.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: Password,
    /// The device, if the client was given an id before.
    pub device: Option<DeviceId>,
}

/// A successful login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The new session.
    pub session: Session,
    /// The identity that logged in.
    pub identity: RegistrationId,
}

impl Accounts {
    /// Logs in. An unknown address, a wrong password and a pending registration cost the same time.
    pub async fn log_in(&self, app: &App, credentials: &Credentials) -> Result<SignedIn, AuthError> {
        if app.email_password.is_none() {
            return Err(AuthError::LoginProviderDisabled);
        }
        let found = match &credentials.email {
            Some(email) => self.store().find_registration(app.object_id, email).await?,
            None => None,
        };
        let hash = found.as_ref().map(Registration::password);
        let verified = self.verify(&credentials.password, hash).await?;
        let registration = match found {
            Some(found) if verified => found,
            _ => return Err(AuthError::InvalidCredentials),
        };
        let Registration::Confirmed(registration) = registration else {
            return Err(AuthError::NotConfirmed);
        };
        let now = self.now();
        let new = NewSession {
            id: SessionId::generate(self.clock(), self.entropy()),
            user_if_first: UserId::generate(self.clock(), self.entropy()),
            device: credentials
                .device
                .unwrap_or_else(|| DeviceId::generate(self.clock(), self.entropy())),
            created_at: now,
            expires_at: now.plus(self.settings().refresh_token_lifetime),
            registration,
        };
        let mut tx = self.store().begin().await?;
        let user = match tx.open_session(&new).await? {
            Opened::Session(user) => user,
            Opened::Disabled => return Err(AuthError::UserDisabled),
            Opened::Stale => return Err(AuthError::InvalidCredentials),
        };
        tx.commit().await?;
        Ok(SignedIn {
            identity: new.registration.id,
            session: Session {
                id: new.id,
                app: app.object_id,
                user,
                device: new.device,
                created_at: new.created_at,
                expires_at: new.expires_at,
                user_disabled: false,
            },
        })
    }
}
