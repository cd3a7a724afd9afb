//! What a signed-in user sees of itself.

use crate::{AppAccounts, AppObjectId, FlowError, Identity, NotSignedIn, Refusal, SignedInUser, UserId};

/// A user as its profile shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The user.
    pub id: UserId,
    /// The app it belongs to.
    pub app: AppObjectId,
    /// Its identities, the oldest first. There is always one.
    pub identities: Vec<Identity>,
}

impl UserProfile {
    /// Its e-mail address, if any provider knows one.
    pub fn email(&self) -> Option<&str> {
        self.identities
            .iter()
            .find_map(|identity| identity.profile.email.as_deref())
    }

    /// Its display name, if any provider knows one.
    pub fn name(&self) -> Option<&str> {
        self.identities
            .iter()
            .find_map(|identity| identity.profile.name.as_deref())
    }
}

/// The user of a live access token is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the user of the session is gone")]
pub struct UserGone;

impl Refusal for UserGone {}

impl AppAccounts {
    /// The profile of a signed-in user.
    pub async fn profile(&self, caller: SignedInUser) -> Result<UserProfile, FlowError<NotSignedIn>> {
        let mut reads = self.reads().await?;
        self.signed_in(&mut *reads, caller).await
    }
}
