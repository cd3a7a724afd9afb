//! How every login ends: with a session and, at the first login, a new user.

use crate::limits::AccountPermit;
use crate::store::{NewSession, OpenedSession};
use crate::{
    AppAccounts, CreateUserCall, DeviceId, FlowError, FunctionMail, FunctionName, Identity, Refusal, Session,
    SessionId, StoreError, UserEvent, UserId, UserProfile, VerifiedIdentity,
};

/// A successful login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The new session.
    pub session: Session,
    /// The identity that logged in.
    pub identity: Identity,
}

/// Why a verified identity opens no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// The registration is gone, or its password has changed, since it was verified.
    #[error("the credentials are no longer right")]
    Stale,
    /// The user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// The user-creation function threw or took too long.
    #[error("the user-creation function refused")]
    UserCreation,
}

impl Refusal for SignInRefusal {}

/// A verified identity on the way to a session.
pub(super) struct Login {
    /// The identity.
    pub(super) identity: VerifiedIdentity,
    /// The device, if the client was given an id before.
    pub(super) device: Option<DeviceId>,
    /// What was taken to try its password.
    pub(super) permit: AccountPermit,
    /// The mails that the login function sent.
    pub(super) mails: Vec<FunctionMail>,
}

impl AppAccounts {
    /// Opens a session, and makes the user if there is none yet.
    pub(super) async fn sign_in(&self, login: Login) -> Result<SignedIn, FlowError<SignInRefusal>> {
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
        let mut change = self.begin().await?;
        let mut opened = change.open_session(&new).await?;
        let mut created = false;
        if opened == OpenedSession::NoUser {
            // The id is planned once for each identity, so that every call of the function about this new
            // user has the same one, also when the login is tried again.
            let proposed = UserId::generate(self.clock(), self.entropy());
            let planned = change.plan_user(&new.identity, proposed, now).await?;
            let user = planned.ok_or(SignInRefusal::Stale)?;
            if let Some(function) = &self.app().user_creation {
                change.commit().await?;
                mails.extend(self.call_user_creation(function, user, &new.identity).await?);
                change = self.begin().await?;
            }
            created = change.make_user(&new.identity, now).await?;
            opened = change.open_session(&new).await?;
        }
        let user = match opened {
            OpenedSession::Session(user) => user,
            OpenedSession::Disabled => return Err(SignInRefusal::UserDisabled.into()),
            OpenedSession::NoUser | OpenedSession::Stale => return Err(SignInRefusal::Stale.into()),
        };
        let identity = new.identity.identity();
        self.promise_login_deliveries(&mut change, user, &identity, created)
            .await?;
        change.promise_function_mails(&mails).await?;
        self.give_back_after_login(&mut change, &login.permit).await?;
        change.commit().await?;
        Ok(SignedIn {
            identity,
            session: Session {
                id: new.id,
                app: self.app().object_id,
                user,
                device: new.device,
                created_at: new.created_at,
                expires_at: new.expires_at,
                user_disabled: false,
            },
        })
    }

    /// Calls the owner's function before a user is created. If it throws, no user is created.
    async fn call_user_creation(
        &self,
        function: &FunctionName,
        user: UserId,
        identity: &VerifiedIdentity,
    ) -> Result<Vec<FunctionMail>, FlowError<SignInRefusal>> {
        let call = CreateUserCall {
            user: UserProfile {
                id: user,
                app: self.app().object_id,
                identities: vec![identity.identity()],
            },
            actor: self.actor().clone(),
        };
        let result = self.app().functions.create_user(function, call).await;
        result
            .map(|result| result.mails)
            .map_err(|error| match error.not_run() {
                Some(failure) => failure.into(),
                None => SignInRefusal::UserCreation.into(),
            })
    }

    async fn promise_login_deliveries(
        &self,
        change: &mut crate::change::Change,
        user: UserId,
        identity: &Identity,
        created: bool,
    ) -> Result<(), StoreError> {
        let providers = [identity.provider];
        let events: Vec<_> = [UserEvent::Create, UserEvent::Login]
            .into_iter()
            .filter(|event| created || *event != UserEvent::Create)
            .filter(|event| !self.app().subscribers(*event, &providers).is_empty())
            .collect();
        if events.is_empty() {
            return Ok(());
        }
        let Some(user) = change.find_user(self.app().object_id, user).await? else {
            return Ok(());
        };
        for event in events {
            change.promise_deliveries(event, &user, &providers).await?;
        }
        Ok(())
    }
}
