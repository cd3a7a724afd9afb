//! A write transaction, statement by statement.

use async_trait::async_trait;
use doorward_core::store::{NewSession, Opened};
use doorward_core::{
    AppId, AppObjectId, ClaimedDelivery, ClaimedMail, DeliveryOutcome, MailId, MailToken, NewTriggerEvent,
    PasswordHash, PendingRegistration, Purpose, Registration, RegistrationId, SealedMail, SessionId, StoreError,
    Timestamp, TokenId, Tx, UserId, UserProfile, VerifiedIdentity,
};

use super::super::{Turn, in_time};
use super::{
    Connection, apps, db, identities, outbox, registrations, retention, sessions, store_error, tokens, triggers, users,
};
use crate::error::Failure;

/// A turn at the database, given back by commit or by drop.
pub(crate) struct Transaction {
    turn: Turn,
    /// Whether every statement so far has answered. After an error, or a call whose caller went away, only rolling back is left:
    /// half of a change must not be committed, and PostgreSQL would even answer such a commit with success.
    sound: bool,
}

impl Transaction {
    pub(crate) fn new(turn: Turn) -> Self {
        Self { turn, sound: true }
    }

    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.check()?;
        self.sound = false;
        self.turn.connection()
    }

    fn settle<T>(&mut self, answer: db::Result<T>) -> Result<T, StoreError> {
        self.sound = answer.is_ok();
        answer.map_err(|error| store_error(&error))
    }

    fn check(&self) -> Result<(), StoreError> {
        let failed = || Failure::unavailable("an earlier statement of this transaction has failed").into();
        if self.sound { Ok(()) } else { Err(failed()) }
    }
}

#[async_trait]
impl Tx for Transaction {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.check()?;
        self.turn.commit().await
    }

    async fn adopt_app(
        &mut self,
        app: &AppId,
        proposed: AppObjectId,
        now: Timestamp,
    ) -> Result<Option<AppObjectId>, StoreError> {
        let answer = in_time(apps::adopt(self.connection()?, app, proposed, now)).await;
        self.settle(answer)
    }

    async fn insert_registration(&mut self, registration: &Registration) -> Result<bool, StoreError> {
        let answer = in_time(registrations::insert(self.connection()?, registration)).await;
        self.settle(answer)
    }

    async fn reserve_registration(
        &mut self,
        registration: &PendingRegistration,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = in_time(registrations::reserve(self.connection()?, registration, until)).await;
        self.settle(answer)
    }

    async fn settle_reservation(&mut self, registration: &Registration) -> Result<bool, StoreError> {
        let answer = in_time(registrations::settle(self.connection()?, registration)).await;
        self.settle(answer)
    }

    async fn release_reservation(&mut self, id: RegistrationId) -> Result<bool, StoreError> {
        let answer = in_time(registrations::release(self.connection()?, id)).await;
        self.settle(answer)
    }

    async fn release_all_reservations(&mut self) -> Result<u64, StoreError> {
        let answer = in_time(registrations::release_all(self.connection()?)).await;
        self.settle(answer)
    }

    async fn issue_token(&mut self, token: &MailToken) -> Result<bool, StoreError> {
        let answer = in_time(tokens::issue(self.connection()?, token)).await;
        self.settle(answer)
    }

    async fn issue_mail(&mut self, mail: MailId, token: &MailToken) -> Result<(), StoreError> {
        let answer = in_time(tokens::issue_mail(self.connection()?, mail, token)).await;
        self.settle(answer)
    }

    async fn promise_sealed_mail(&mut self, id: MailId, mail: &SealedMail, now: Timestamp) -> Result<(), StoreError> {
        let answer = in_time(outbox::insert_sealed(self.connection()?, id, mail, now)).await;
        self.settle(answer)
    }

    async fn consume_mail_token(
        &mut self,
        app: AppObjectId,
        purpose: Purpose,
        id: TokenId,
        methods: &str,
        now: Timestamp,
    ) -> Result<Option<RegistrationId>, StoreError> {
        let answer = in_time(tokens::consume(self.connection()?, app, purpose, id, methods, now)).await;
        self.settle(answer)
    }

    async fn confirm_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<bool, StoreError> {
        let answer = in_time(registrations::confirm(self.connection()?, id, now)).await;
        self.settle(answer)
    }

    async fn set_password(
        &mut self,
        id: RegistrationId,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = in_time(registrations::set_password(self.connection()?, id, password, now)).await;
        self.settle(answer)
    }

    async fn open_session(&mut self, session: &NewSession) -> Result<Opened, StoreError> {
        let answer = in_time(sessions::open(self.connection()?, session)).await;
        self.settle(answer)
    }

    async fn plan_user(
        &mut self,
        identity: &VerifiedIdentity,
        proposed: UserId,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let answer = in_time(identities::plan_user(self.connection()?, identity, proposed, now)).await;
        self.settle(answer)
    }

    async fn make_user(&mut self, identity: &VerifiedIdentity, now: Timestamp) -> Result<bool, StoreError> {
        let answer = in_time(identities::make_user(self.connection()?, identity, now)).await;
        self.settle(answer)
    }

    async fn end_session(&mut self, app: AppObjectId, id: SessionId) -> Result<bool, StoreError> {
        let answer = in_time(sessions::end(self.connection()?, app, id)).await;
        self.settle(answer)
    }

    async fn end_user_sessions(&mut self, app: AppObjectId, user: UserId) -> Result<u64, StoreError> {
        let answer = in_time(sessions::end_all(self.connection()?, app, user)).await;
        self.settle(answer)
    }

    async fn set_user_disabled(
        &mut self,
        app: AppObjectId,
        user: UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = in_time(users::set_disabled(self.connection()?, app, user, disabled, now)).await;
        self.settle(answer)
    }

    async fn delete_user(&mut self, app: AppObjectId, user: UserId) -> Result<bool, StoreError> {
        let answer = in_time(users::delete(self.connection()?, app, user)).await;
        self.settle(answer)
    }

    async fn claim_mail(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        only_new: bool,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let answer = in_time(outbox::claim(
            self.connection()?,
            worker,
            now,
            claimed_until,
            limit,
            only_new,
        ))
        .await;
        self.settle(answer)
    }

    async fn extend_mail_claims(&mut self, worker: &str, claimed_until: Timestamp) -> Result<(), StoreError> {
        let answer = in_time(outbox::extend_claims(self.connection()?, worker, claimed_until)).await;
        self.settle(answer)
    }

    async fn record_delivery(
        &mut self,
        worker: &str,
        mail: MailId,
        outcome: &DeliveryOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = in_time(outbox::record(self.connection()?, worker, mail, outcome, now)).await;
        self.settle(answer)
    }

    async fn release_mail_claims(&mut self) -> Result<u64, StoreError> {
        let answer = in_time(outbox::release_claims(self.connection()?)).await;
        self.settle(answer)
    }

    async fn user(&mut self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError> {
        let answer = in_time(users::find(self.connection()?, app, id)).await;
        self.settle(answer)
    }

    async fn queue_trigger_event(&mut self, event: &NewTriggerEvent<'_>) -> Result<(), StoreError> {
        let answer = in_time(triggers::queue(self.connection()?, event)).await;
        self.settle(answer)
    }

    async fn claim_triggers(
        &mut self,
        worker: &str,
        apps: &[AppObjectId],
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let claim = triggers::claim(self.connection()?, worker, apps, now, claimed_until, limit);
        let answer = in_time(claim).await;
        self.settle(answer)
    }

    async fn finish_trigger(
        &mut self,
        worker: &str,
        told: &ClaimedDelivery,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = in_time(triggers::finish(self.connection()?, worker, told, now)).await;
        self.settle(answer)
    }

    async fn postpone_trigger(
        &mut self,
        worker: &str,
        told: &ClaimedDelivery,
        until: Timestamp,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let answer = in_time(triggers::postpone(self.connection()?, worker, told, until, attempts)).await;
        self.settle(answer)
    }

    async fn release_trigger_claims(&mut self) -> Result<u64, StoreError> {
        let answer = in_time(triggers::release_claims(self.connection()?)).await;
        self.settle(answer)
    }

    async fn sweep(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let answer = in_time(retention::sweep(self.connection()?, before)).await;
        self.settle(answer)
    }
}
