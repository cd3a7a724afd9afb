//! Sessions: refreshing and ending them.

use crate::{AppAccounts, AppObjectId, DeviceId, FlowError, Refusal, SessionId, StoreError, Timestamp, UserId};

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

/// The session has ended or never existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such session")]
pub struct SessionEnded;

impl Refusal for SessionEnded {}

impl AppAccounts {
    /// The session behind a refresh token. The caller has verified the token; this checks what a token cannot know.
    pub async fn refresh(&self, id: SessionId) -> Result<Session, FlowError<SessionEnded>> {
        let found = self.reads().await?.find_session(self.app().object_id, id).await?;
        let alive = |session: &Session| session.expires_at > self.now() && !session.user_disabled;
        Ok(found.filter(alive).ok_or(SessionEnded)?)
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

    /// Ends every session of a user and returns how many there were. Access tokens expire by themselves.
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
