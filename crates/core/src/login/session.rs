//! Sessions: refreshing and ending them.

use crate::store::Reads;
use crate::{
    AppAccounts, AppObjectId, DeviceId, FlowError, Refusal, SessionId, StoreError, Timestamp, UserGone, UserId,
    UserProfile,
};

/// One login that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// The user who logged in.
    pub user: UserId,
    /// The device that logged in.
    pub device: DeviceId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it can no longer be refreshed.
    pub expires_at: Timestamp,
    /// Whether its user is disabled.
    pub user_disabled: bool,
}

/// A user by one of its sessions, as an access token names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedInUser {
    /// The user.
    pub user: UserId,
    /// The session that the access token was issued for.
    pub session: SessionId,
}

/// The session has ended or never existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such session")]
pub struct SessionEnded;

/// Why the holder of a valid access token is not signed in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// The user is gone.
    #[error(transparent)]
    UserGone(#[from] UserGone),
    /// The session has ended, or its user is disabled.
    #[error(transparent)]
    SessionEnded(#[from] SessionEnded),
}

impl Refusal for SessionEnded {}
impl Refusal for NotSignedIn {}

impl Session {
    /// Whether it can be used at this time. It ends earlier only by losing its row.
    fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at > now && !self.user_disabled
    }
}

impl AppAccounts {
    /// The session behind a refresh token. The caller has verified the token; this checks what a token cannot know.
    pub async fn refresh(&self, id: SessionId) -> Result<Session, FlowError<SessionEnded>> {
        let found = self.reads().await?.find_session(self.app().object_id, id).await?;
        Ok(found
            .filter(|session| session.is_alive(self.now()))
            .ok_or(SessionEnded)?)
    }

    /// The profile of a user who is still signed in. An access token outlives its session, so every flow that looks at
    /// the user looks at the session too: a stolen token ends with a reset.
    pub(crate) async fn signed_in<R: Reads + ?Sized>(
        &self,
        reads: &mut R,
        caller: SignedInUser,
    ) -> Result<UserProfile, FlowError<NotSignedIn>> {
        let SignedInUser { user, session } = caller;
        let profile = reads.find_user(self.app().object_id, user).await?;
        let profile = profile.ok_or(UserGone).map_err(NotSignedIn::from)?;
        let session = reads.find_session(self.app().object_id, session).await?;
        session
            .filter(|session| session.user == user && session.is_alive(self.now()))
            .ok_or(SessionEnded)
            .map_err(NotSignedIn::from)?;
        Ok(profile)
    }

    /// Ends one session. The user's other sessions go on.
    pub async fn log_out(&self, id: SessionId) -> Result<(), FlowError<SessionEnded>> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            if !change.end_session(self.app().object_id, id).await? {
                return Err(SessionEnded.into());
            }
            Ok(change.commit().await?)
        })
        .await
    }

    /// Ends every session of a user and returns how many there were. Their access tokens open nothing here any more; a
    /// backend that verifies them by itself takes them until they expire.
    pub async fn end_all_sessions(&self, user: UserId) -> Result<u64, StoreError> {
        self.transact(|| async {
            let mut change = self.begin().await?;
            let ended = change.end_user_sessions(self.app().object_id, user).await?;
            change.commit().await?;
            Ok(ended)
        })
        .await
    }
}
