//! Sessions: refresh, log out, and what a signed-in user sees of itself.

use crate::{Accounts, App, AppObjectId, AuthError, DeviceId, EmailAddress, Identity, SessionId, Timestamp, UserId};

/// One login that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// Whose it is.
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

/// A user as its profile shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The user.
    pub id: UserId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// Its ways in, the oldest first. There is always one.
    pub identities: Vec<Identity>,
}

impl UserProfile {
    /// Its e-mail address, if it has one.
    pub fn email(&self) -> Option<&EmailAddress> {
        self.identities.iter().find_map(Identity::email)
    }

    /// Its name for people, if any provider knows one.
    pub fn name(&self) -> Option<&str> {
        self.identities.iter().find_map(Identity::name)
    }
}

impl Accounts {
    /// The session behind a refresh token. The caller has verified the token; this checks what a token cannot know.
    pub async fn refresh(&self, app: &App, id: SessionId) -> Result<Session, AuthError> {
        let session = self
            .store()
            .find_session(app.object_id, id)
            .await?
            .ok_or(AuthError::SessionNotFound)?;
        let alive = session.expires_at > self.now() && !session.user_disabled;
        if alive {
            Ok(session)
        } else {
            Err(AuthError::SessionNotFound)
        }
    }

    /// Ends one session. The user's other sessions go on.
    pub async fn log_out(&self, app: &App, id: SessionId) -> Result<(), AuthError> {
        let mut tx = self.store().begin().await?;
        if !tx.end_session(app.object_id, id).await? {
            return Err(AuthError::SessionNotFound);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session of a user, as an administrator does. Access tokens run out by themselves.
    pub async fn end_all_sessions(&self, app: &App, user: UserId) -> Result<u64, AuthError> {
        let mut tx = self.store().begin().await?;
        let ended = tx.end_user_sessions(app.object_id, user).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// The profile of a signed-in user.
    pub async fn profile(&self, app: &App, user: UserId) -> Result<UserProfile, AuthError> {
        self.store()
            .find_user(app.object_id, user)
            .await?
            .ok_or(AuthError::UserGone)
    }

    /// Disables a user, as an administrator does: its sessions end, its mailed links die, and it cannot log in.
    pub async fn disable_user(&self, app: &App, user: UserId) -> Result<(), AuthError> {
        self.set_disabled(app, user, true).await
    }

    /// Enables a disabled user. It logs in again as the same user.
    pub async fn enable_user(&self, app: &App, user: UserId) -> Result<(), AuthError> {
        self.set_disabled(app, user, false).await
    }

    async fn set_disabled(&self, app: &App, user: UserId, disabled: bool) -> Result<(), AuthError> {
        let now = self.now();
        let mut tx = self.store().begin().await?;
        if !tx.set_user_disabled(app.object_id, user, disabled, now).await? {
            return Err(AuthError::UserNotFound);
        }
        tx.commit().await?;
        Ok(())
    }
}
