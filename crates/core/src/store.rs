//! What the flows ask of storage. `doorward-store` implements it on SQLite and on PostgreSQL.
//!
//! Reads stand on [`Store`] and never wait behind writes. All writes stand on [`Tx`]; a `Tx` that is dropped is rolled back,
//! and one that answered `Ok` to `commit` survives a crash. While a `Tx` is open, await nothing but its own methods:
//! on SQLite the next writer is waiting for it.

use std::error::Error;

use async_trait::async_trait;

use crate::{
    AppId, AppObjectId, ClaimedDelivery, ClaimedMail, DeliveryOutcome, DeviceId, EmailAddress, MailId, MailToken,
    NewTriggerEvent, PasswordHash, PendingRegistration, Purpose, Registration, RegistrationId, SealedMail, Session,
    SessionId, Timestamp, TokenId, UserId, UserProfile, VerifiedIdentity,
};

/// A failure of storage itself. Absence is never an error, it is `None` or `false`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached or did not answer in time; the same call may work later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database answered something that this program does not understand.
    #[error("the database answered something unexpected")]
    Unexpected(#[source] Box<dyn Error + Send + Sync>),
}

/// A database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a write transaction.
    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError>;

    /// Whether the database answers at all.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The registration of an address, compared byte for byte.
    async fn find_registration(
        &self,
        app: AppObjectId,
        email: &EmailAddress,
    ) -> Result<Option<Registration>, StoreError>;

    /// A registration by its id.
    async fn find_registration_by_id(
        &self,
        app: AppObjectId,
        id: RegistrationId,
    ) -> Result<Option<Registration>, StoreError>;

    /// The row of a mailed token, whatever its state.
    async fn find_mail_token(&self, app: AppObjectId, id: TokenId) -> Result<Option<MailToken>, StoreError>;

    /// A session of the app that has not ended, together with whether its user is disabled. Expiry is the caller's to check.
    async fn find_session(&self, app: AppObjectId, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// A user with its identities, the oldest first.
    async fn find_user(&self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError>;

    /// How many outbox rows are in each state, for the metrics: `(state, count)`, every state present.
    async fn count_mail(&self) -> Result<Vec<(&'static str, u64)>, StoreError>;

    /// When the next waiting mail becomes due, if any waits. A claimed one is due when its claim lapses.
    async fn next_mail_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// When the next delivery to a trigger of these apps becomes due, if any waits. A claimed one is due when its claim lapses.
    async fn next_trigger_due(&self, apps: &[AppObjectId]) -> Result<Option<Timestamp>, StoreError>;

    /// How many deliveries to triggers wait.
    async fn count_triggers(&self) -> Result<u64, StoreError>;
}

/// A write transaction.
#[async_trait]
pub trait Tx: Send {
    /// Makes all of it durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;

    /// The object id under which an app's data is kept: the one it had before, or `proposed` from now on.
    /// `None`: the app is new here, and `proposed` is another app's.
    async fn adopt_app(
        &mut self,
        app: &AppId,
        proposed: AppObjectId,
        now: Timestamp,
    ) -> Result<Option<AppObjectId>, StoreError>;

    /// Stores a registration. `false`: the address is taken, pending or confirmed, and nothing was stored.
    async fn insert_registration(&mut self, registration: &Registration) -> Result<bool, StoreError>;

    /// Keeps an address for a registration that is being decided about, until that time. Nothing but `insert_registration` and this
    /// sees it; a reservation whose time is over gives way to either. `false`: the address is taken or kept, and nothing was stored.
    async fn reserve_registration(
        &mut self,
        registration: &PendingRegistration,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Makes a reservation the registration that it was for. `false`: it has lapsed and is gone.
    async fn settle_reservation(&mut self, registration: &Registration) -> Result<bool, StoreError>;

    /// Gives a kept address back. `false`: it is no longer kept for this registration.
    async fn release_reservation(&mut self, id: RegistrationId) -> Result<bool, StoreError>;

    /// Gives every kept address back. For start-up on SQLite, where no other process can be deciding about one.
    async fn release_all_reservations(&mut self) -> Result<u64, StoreError>;

    /// Stores a token, and voids older unused tokens of the same registration and purpose. `false`: the registration is gone, and
    /// nothing was stored.
    async fn issue_token(&mut self, token: &MailToken) -> Result<bool, StoreError>;

    /// The same with an outbox row. The mail is due at once. If the registration is gone meanwhile, nothing is stored: the mail would
    /// have gone with it.
    async fn issue_mail(&mut self, mail: MailId, token: &MailToken) -> Result<(), StoreError>;

    /// Stores an outbox row with a mail that a function wrote. It is due at once.
    async fn promise_sealed_mail(&mut self, id: MailId, mail: &SealedMail, now: Timestamp) -> Result<(), StoreError>;

    /// Spends a token: one guarded statement, so that of any number of callers exactly one gets the registration.
    /// The token must be unused, not void, not expired, of this app and purpose, and issued under the same methods.
    async fn consume_mail_token(
        &mut self,
        app: AppObjectId,
        purpose: Purpose,
        id: TokenId,
        methods: &str,
        now: Timestamp,
    ) -> Result<Option<RegistrationId>, StoreError>;

    /// Confirms a pending registration. `false`: it is gone or already confirmed.
    async fn confirm_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<bool, StoreError>;

    /// Sets a new password hash, voids every token of the registration and ends every session of its user.
    /// `false`: the registration is gone.
    async fn set_password(
        &mut self,
        id: RegistrationId,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Opens a session for an identity that was verified. That of a registration is guarded by the verified hash, so that a login
    /// cannot outrun a change of password.
    async fn open_session(&mut self, session: &NewSession) -> Result<Opened, StoreError>;

    /// The id of the user that the first login of this identity will make: the one that was planned before, or `proposed` from now
    /// on. `None`: the registration is gone or its password has changed meanwhile.
    async fn plan_user(
        &mut self,
        identity: &VerifiedIdentity,
        proposed: UserId,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;

    /// Makes the user that is planned for an identity. `false`: there is one already, or none is planned.
    async fn make_user(&mut self, identity: &VerifiedIdentity, now: Timestamp) -> Result<bool, StoreError>;

    /// Ends one session. `false`: there is none.
    async fn end_session(&mut self, app: AppObjectId, id: SessionId) -> Result<bool, StoreError>;

    /// Ends every session of a user and says how many there were.
    async fn end_user_sessions(&mut self, app: AppObjectId, user: UserId) -> Result<u64, StoreError>;

    /// Disables or enables a user. Disabling also ends its sessions and voids its tokens. `false`: there is no such user.
    async fn set_user_disabled(
        &mut self,
        app: AppObjectId,
        user: UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Deletes a user with its identities, sessions, tokens and waiting mails. `false`: there is no such user.
    async fn delete_user(&mut self, app: AppObjectId, user: UserId) -> Result<bool, StoreError>;

    /// Claims up to `limit` due mails for a worker until `claimed_until`: those never tried first, then oldest due first; or
    /// `only_new`, those never tried. Mails claimed by others are left
    /// alone until their claim has lapsed; on PostgreSQL rows being claimed by another worker are skipped.
    async fn claim_mail(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        only_new: bool,
    ) -> Result<Vec<ClaimedMail>, StoreError>;

    /// Prolongs every claim that a worker holds.
    async fn extend_mail_claims(&mut self, worker: &str, claimed_until: Timestamp) -> Result<(), StoreError>;

    /// Records how an attempt ended. `false`: this worker no longer holds the claim (or the mail is gone), nothing was recorded.
    async fn record_delivery(
        &mut self,
        worker: &str,
        mail: MailId,
        outcome: &DeliveryOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes back every claim. For start-up on SQLite, where no other process can be at work.
    async fn release_mail_claims(&mut self) -> Result<u64, StoreError>;

    /// A user with its identities, as this transaction sees it.
    async fn user(&mut self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError>;

    /// Queues an event, once for each of its triggers. Events of one user are told in the order in which their transactions commit:
    /// until the end of this one no other can queue for the same user.
    async fn queue_trigger_event(&mut self, event: &NewTriggerEvent<'_>) -> Result<(), StoreError>;

    /// Claims up to `limit` due deliveries to triggers of these apps for a worker until `claimed_until`, those that have been due for longest
    /// first, and of each user only the very first: the next one waits until that is finished.
    async fn claim_triggers(
        &mut self,
        worker: &str,
        apps: &[AppObjectId],
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// Forgets a delivery that was made; the user's next one, if there is any, is due now. `false`: this worker no longer holds the claim.
    async fn finish_trigger(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives a delivery back that could not be made, to be tried again at that time. It has been tried so often now.
    async fn postpone_trigger(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        until: Timestamp,
        attempts: u32,
    ) -> Result<(), StoreError>;

    /// Takes back every claim. For start-up on SQLite, where no other process can be at work.
    async fn release_trigger_claims(&mut self) -> Result<u64, StoreError>;

    /// Deletes what nobody can use or ask about any more: sessions, tokens and finished mails that ended before `before`, kept
    /// addresses whose time was over by then, and identities that never became a user's. It stops after some hundreds and says how many there were: call it, each time in a transaction of its own, until it says 0.
    async fn sweep(&mut self, before: Timestamp) -> Result<u64, StoreError>;
}

/// What a login wants to store.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The new session's id.
    pub id: SessionId,
    /// Who logs in.
    pub identity: VerifiedIdentity,
    /// The device that logs in.
    pub device: DeviceId,
    /// Now.
    pub created_at: Timestamp,
    /// When its refresh token stops working.
    pub expires_at: Timestamp,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// The session is open for this user.
    Session(UserId),
    /// It is the first login: the user is still to be made. Nothing was stored.
    NoUser,
    /// The user is disabled; nothing was stored.
    Disabled,
    /// The registration is gone or its password has changed meanwhile; nothing was stored.
    Stale,
}
