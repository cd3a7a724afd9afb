//! Mailed tokens: their rows. The secret part is never stored.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppObjectId, MailToken, Purpose, RegistrationId, Timestamp, TokenId};

/// Reads about mailed tokens.
#[async_trait]
pub trait TokenReads {
    /// The row of a mailed token, whatever its state.
    async fn find_mail_token(&mut self, app: AppObjectId, id: TokenId) -> Result<Option<MailToken>, StoreError>;
}

/// Writes about mailed tokens.
#[async_trait]
pub trait TokenWrites {
    /// Stores a token; older ones stay as they are. `now` is the caller's present, which may be some time after the
    /// token was made. `false`: the registration is gone, and nothing was stored.
    async fn issue_token(&mut self, token: &MailToken, now: Timestamp) -> Result<bool, StoreError>;

    /// Spends a token: one guarded statement, so that of any number of callers exactly one gets the registration.
    /// The token must be unused, not void, not expired, of this app and purpose, and issued under the same methods.
    /// Every other token of the registration becomes void, of both purposes.
    async fn consume_mail_token(
        &mut self,
        app: AppObjectId,
        purpose: Purpose,
        id: TokenId,
        methods: &str,
        now: Timestamp,
    ) -> Result<Option<RegistrationId>, StoreError>;
}
