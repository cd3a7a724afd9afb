//! Users, and how a first login makes one.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppObjectId, Timestamp, UserId, UserProfile, VerifiedIdentity};

/// Reads about users.
#[async_trait]
pub trait UserReads {
    /// A user with its identities, the oldest first.
    async fn find_user(&mut self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError>;
}

/// Writes about users.
#[async_trait]
pub trait UserWrites {
    /// The id of the user that the first login of this identity will make: the one that was planned before, or
    /// `proposed` from now on. `None`: the registration is gone or its password has changed meanwhile.
    async fn plan_user(
        &mut self,
        identity: &VerifiedIdentity,
        proposed: UserId,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;

    /// Makes the user that is planned for an identity. `false`: there is one already, or none is planned.
    async fn make_user(&mut self, identity: &VerifiedIdentity, now: Timestamp) -> Result<bool, StoreError>;

    /// Disables or enables a user. Disabling also ends its sessions and voids its tokens. `false`: there is no such
    /// user.
    async fn set_user_disabled(
        &mut self,
        app: AppObjectId,
        user: UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Deletes a user with its identities, sessions, tokens and waiting mails. `false`: there is no such user.
    async fn delete_user(&mut self, app: AppObjectId, user: UserId) -> Result<bool, StoreError>;
}
