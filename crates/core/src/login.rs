//! Logging in, and what every login comes to: a session, and at the first one a user.

use std::sync::Arc;

use crate::store::{NewSession, Opened};
use crate::{
    Accounts, App, AuthError, Caller, DeviceId, EmailAddress, FunctionMail, FunctionName, Identity, NewUser, Password,
    Registration, Session, SessionId, UserId, UserProfile, VerifiedIdentity,
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
    pub identity: Identity,
}

/// Somebody who is who they say, on the way to a session.
#[derive(Debug)]
pub(crate) struct VerifiedLogin {
    /// Who it is.
    pub(crate) identity: VerifiedIdentity,
    /// The device, if the client was given an id before.
    pub(crate) device: Option<DeviceId>,
    /// From where.
    pub(crate) caller: Caller,
    /// What a function sent on the way.
    pub(crate) mails: Vec<FunctionMail>,
}

impl Accounts {
    /// Logs in. An unknown address, a wrong password and a pending registration cost the same time.
    pub async fn log_in(
        self: &Arc<Self>,
        app: &App,
        credentials: &Credentials,
        caller: Caller,
    ) -> Result<SignedIn, AuthError> {
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
        let login = VerifiedLogin {
            identity: VerifiedIdentity::Email(registration),
            device: credentials.device,
            caller,
            mails: Vec::new(),
        };
        if app.user_creation.is_none() {
            return self.sign_in(app, login).await;
        }
        // The function may have written something about the new user elsewhere: the user is made, whoever still listens.
        let (accounts, app) = (Arc::clone(self), app.clone());
        self.outlive_caller(async move { accounts.sign_in(&app, login).await })
            .await
    }

    /// Opens a session, and makes the user if there is none yet.
    pub(crate) async fn sign_in(&self, app: &App, login: VerifiedLogin) -> Result<SignedIn, AuthError> {
        let now = self.now();
        let mut mails = login.mails;
        let device = login.device;
        let new = NewSession {
            id: SessionId::generate(self.clock(), self.entropy()),
            device: device.unwrap_or_else(|| DeviceId::generate(self.clock(), self.entropy())),
            created_at: now,
            expires_at: now.plus(self.settings().refresh_token_lifetime),
            identity: login.identity,
        };
        let mut tx = self.store().begin().await?;
        let mut opened = tx.open_session(&new).await?;
        let mut created = false;
        if opened == Opened::NoUser {
            // Decided once for each identity: whatever is told of the new user, at a second attempt as well, tells one id.
            let proposed = UserId::generate(self.clock(), self.entropy());
            let Some(user) = tx.plan_user(&new.identity, proposed, now).await? else {
                return Err(AuthError::InvalidCredentials);
            };
            if let Some(function) = &app.user_creation {
                tx.commit().await?;
                let asked = self.ask_user_creation(app, function, user, &new.identity, login.caller);
                mails.extend(asked.await?);
                tx = self.store().begin().await?;
            }
            created = tx.make_user(&new.identity, now).await?;
            opened = tx.open_session(&new).await?;
        }
        let user = match opened {
            Opened::Session(user) => user,
            Opened::Disabled => return Err(AuthError::UserDisabled),
            Opened::NoUser | Opened::Stale => return Err(AuthError::InvalidCredentials),
        };
        let identity = new.identity.identity();
        let triggered = self
            .queue_login(&mut *tx, app, user, identity.provider(), created)
            .await?;
        self.promise_function_mails(&mut *tx, app, &mails).await?;
        self.commit_and_wake(tx, !mails.is_empty(), triggered).await?;
        Ok(SignedIn {
            identity,
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

    /// Tells the owner's function of a user that is about to be made. If it throws, there will be none.
    async fn ask_user_creation(
        &self,
        app: &App,
        function: &FunctionName,
        user: UserId,
        identity: &VerifiedIdentity,
        caller: Caller,
    ) -> Result<Vec<FunctionMail>, AuthError> {
        let new = NewUser {
            user: UserProfile {
                id: user,
                app: app.object_id,
                identities: vec![identity.identity()],
            },
            caller,
        };
        let result = self.functions().create_user(app, function, new).await;
        result.map(|result| result.mails).map_err(|failure| {
            failure
                .not_run()
                .map_or(AuthError::UserCreationRefused, AuthError::from)
        })
    }
}
