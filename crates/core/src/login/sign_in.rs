//! How every login ends: with a session and, at the first login, a new user.

use crate::change::Change;
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

/// What the transactions of a login write.
struct Opening {
    new: NewSession,
    permit: AccountPermit,
    mails: Vec<FunctionMail>,
}

/// What the first transaction of a login came to.
enum Opened {
    /// A session of this user.
    Session(UserId),
    /// There is no user yet, and this function is called before it is made with the planned id.
    Planned(UserId, FunctionName),
}

impl AppAccounts {
    /// Opens a session, and makes the user if there is none yet.
    pub(super) async fn sign_in(&self, login: Login) -> Result<SignedIn, FlowError<SignInRefusal>> {
        let now = self.now();
        let device = login.device;
        let new = NewSession {
            id: SessionId::generate(self.clock(), self.entropy()),
            device: device.unwrap_or_else(|| DeviceId::generate(self.clock(), self.entropy())),
            created_at: now,
            expires_at: now.plus(self.settings().refresh_token_lifetime),
            identity: login.identity,
        };
        let mut opening = Opening {
            new,
            permit: login.permit,
            mails: login.mails,
        };
        let user = match self.transact(|| self.open_session(&opening)).await? {
            Opened::Session(user) => user,
            Opened::Planned(user, function) => {
                let mails = self.call_user_creation(&function, user, &opening.new.identity).await?;
                opening.mails.extend(mails);
                let made = self.transact(|| async { self.make_user(self.begin().await?, &opening).await });
                made.await?
            }
        };
        let new = opening.new;
        Ok(SignedIn {
            identity: new.identity.identity(),
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

    async fn open_session(&self, opening: &Opening) -> Result<Opened, FlowError<SignInRefusal>> {
        let new = &opening.new;
        let mut change = self.begin().await?;
        let opened = change.open_session(new).await?;
        if opened != OpenedSession::NoUser {
            let user = self.finish_sign_in(change, opening, opened, false).await?;
            return Ok(Opened::Session(user));
        }
        // The id is planned once for each identity, so that every call of the function about this new
        // user has the same one, also when the login is tried again.
        let proposed = UserId::generate(self.clock(), self.entropy());
        let planned = change.plan_user(&new.identity, proposed, new.created_at).await?;
        let user = planned.ok_or(SignInRefusal::Stale)?;
        if let Some(function) = &self.app().user_creation {
            change.commit().await?;
            return Ok(Opened::Planned(user, function.clone()));
        }
        Ok(Opened::Session(self.make_user(change, opening).await?))
    }

    async fn make_user(&self, mut change: Change, opening: &Opening) -> Result<UserId, FlowError<SignInRefusal>> {
        let new = &opening.new;
        let created = change.make_user(&new.identity, new.created_at).await?;
        let opened = change.open_session(new).await?;
        self.finish_sign_in(change, opening, opened, created).await
    }

    async fn finish_sign_in(
        &self,
        mut change: Change,
        opening: &Opening,
        opened: OpenedSession,
        created: bool,
    ) -> Result<UserId, FlowError<SignInRefusal>> {
        let user = match opened {
            OpenedSession::Session(user) => user,
            OpenedSession::Disabled => return Err(SignInRefusal::UserDisabled.into()),
            OpenedSession::NoUser | OpenedSession::Stale => return Err(SignInRefusal::Stale.into()),
        };
        self.promise_login_deliveries(&mut change, user, &opening.new.identity.identity(), created)
            .await?;
        change.promise_function_mails(&opening.mails).await?;
        self.give_back_after_login(&mut change, &opening.permit).await?;
        change.commit().await?;
        Ok(user)
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
        change: &mut Change,
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
