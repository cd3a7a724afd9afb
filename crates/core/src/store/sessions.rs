//! Sessions, and what a login stores.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppObjectId, DeviceId, Session, SessionId, Timestamp, UserId, VerifiedIdentity};

/// Reads about sessions.
#[async_trait]
pub trait SessionReads {
    /// A session of the app that has not ended, together with whether its user is disabled. The caller checks when it
    /// expires.
    async fn find_session(&mut self, app: AppObjectId, id: SessionId) -> Result<Option<Session>, StoreError>;
}

/// Writes about sessions.
#[async_trait]
pub trait SessionWrites {
    /// Opens a session for a verified identity. A registration must still have the verified hash, so that a login
    /// cannot outrun a change of password. Of an external identity the profile is stored, if it has changed.
    async fn open_session(&mut self, session: &NewSession) -> Result<OpenedSession, StoreError>;

    /// Ends one session. `false`: there is none.
    async fn end_session(&mut self, app: AppObjectId, id: SessionId) -> Result<bool, StoreError>;

    /// Ends every session of a user and returns how many there were.
    async fn end_user_sessions(&mut self, app: AppObjectId, user: UserId) -> Result<u64, StoreError>;
}

/// What a login wants to store.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The new session's id.
    pub id: SessionId,
    /// The identity that logs in.
    pub identity: VerifiedIdentity,
    /// The device that logs in.
    pub device: DeviceId,
    /// The time of the login.
    pub created_at: Timestamp,
    /// When its refresh token stops working.
    pub expires_at: Timestamp,
}

/// How a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenedSession {
    /// The session is open for this user.
    Session(UserId),
    /// It is the first login: the user does not exist yet. Nothing was stored.
    NoUser,
    /// The user is disabled; nothing was stored.
    Disabled,
    /// The registration is gone or its password has changed meanwhile; nothing was stored.
    Stale,
}
