//! Reads. They never wait behind writes, and see what has been committed.

use async_trait::async_trait;
use doorward_core::{
    AppObjectId, EmailAddress, MailToken, Registration, RegistrationId, Session, SessionId, Store, StoreError,
    Timestamp, TokenId, Tx, UserId, UserProfile,
};

use super::super::{Database, in_time};
use super::{Transaction, apps, outbox, registrations, sessions, tokens, triggers, users};

#[async_trait]
impl Store for Database {
    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        Ok(Box::new(Transaction::new(self.turn().await?)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(apps::ping(reader.connection()?)).await;
        reader.settle(answer)
    }

    async fn find_registration(
        &self,
        app: AppObjectId,
        email: &EmailAddress,
    ) -> Result<Option<Registration>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(registrations::find(reader.connection()?, app, email)).await;
        reader.settle(answer)
    }

    async fn find_registration_by_id(
        &self,
        app: AppObjectId,
        id: RegistrationId,
    ) -> Result<Option<Registration>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(registrations::find_by_id(reader.connection()?, app, id)).await;
        reader.settle(answer)
    }

    async fn find_mail_token(&self, app: AppObjectId, id: TokenId) -> Result<Option<MailToken>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(tokens::find(reader.connection()?, app, id)).await;
        reader.settle(answer)
    }

    async fn find_session(&self, app: AppObjectId, id: SessionId) -> Result<Option<Session>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(sessions::find(reader.connection()?, app, id)).await;
        reader.settle(answer)
    }

    async fn find_user(&self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(users::find(reader.connection()?, app, id)).await;
        reader.settle(answer)
    }

    async fn count_mail(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(outbox::count(reader.connection()?)).await;
        reader.settle(answer)
    }

    async fn next_mail_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(outbox::next_due(reader.connection()?)).await;
        reader.settle(answer)
    }

    async fn next_trigger_due(&self, apps: &[AppObjectId]) -> Result<Option<Timestamp>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(triggers::next_due(reader.connection()?, apps)).await;
        reader.settle(answer)
    }

    async fn count_triggers(&self) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        let answer = in_time(triggers::count(reader.connection()?)).await;
        reader.settle(answer)
    }
}
