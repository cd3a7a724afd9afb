//! A store whose database can go away.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use doorward_core::{
    AppObjectId, EmailAddress, MailToken, Registration, RegistrationId, Session, SessionId, Store, StoreError,
    Timestamp, TokenId, Tx, UserId, UserProfile,
};

/// A store whose database can go away. Transactions that have begun go on.
pub struct FlakyStore {
    inner: Arc<dyn Store>,
    down: AtomicBool,
}

impl FlakyStore {
    /// A store that is up.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            down: AtomicBool::new(false),
        })
    }

    /// Takes the database away, or brings it back.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Whether it is away.
    pub fn is_down(&self) -> bool {
        self.down.load(Ordering::SeqCst)
    }

    fn up(&self) -> Result<&dyn Store, StoreError> {
        if self.is_down() {
            return Err(StoreError::Unavailable(Box::new(io::Error::from(
                io::ErrorKind::ConnectionRefused,
            ))));
        }
        Ok(&*self.inner)
    }
}

#[async_trait]
impl Store for FlakyStore {
    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        self.up()?.begin().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.up()?.ping().await
    }

    async fn find_registration(
        &self,
        app: AppObjectId,
        email: &EmailAddress,
    ) -> Result<Option<Registration>, StoreError> {
        self.up()?.find_registration(app, email).await
    }

    async fn find_registration_by_id(
        &self,
        app: AppObjectId,
        id: RegistrationId,
    ) -> Result<Option<Registration>, StoreError> {
        self.up()?.find_registration_by_id(app, id).await
    }

    async fn find_mail_token(&self, app: AppObjectId, id: TokenId) -> Result<Option<MailToken>, StoreError> {
        self.up()?.find_mail_token(app, id).await
    }

    async fn find_session(&self, app: AppObjectId, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.up()?.find_session(app, id).await
    }

    async fn find_user(&self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError> {
        self.up()?.find_user(app, id).await
    }

    async fn count_mail(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        self.up()?.count_mail().await
    }

    async fn next_mail_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.up()?.next_mail_due().await
    }

    async fn next_trigger_due(&self, apps: &[AppObjectId]) -> Result<Option<Timestamp>, StoreError> {
        self.up()?.next_trigger_due(apps).await
    }

    async fn count_triggers(&self) -> Result<u64, StoreError> {
        self.up()?.count_triggers().await
    }
}
