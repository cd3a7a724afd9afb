//! Storage as the flows use it, by subject. `doorward-store` implements it on SQLite and on PostgreSQL.
//!
//! A [`Store`] lends a connection, for reads ([`Reads`]) or for a transaction ([`Tx`]), and every statement runs on
//! that: a new statement is a method of one subject's trait, its SQL in `doorward-store`, and a sentence of the
//! conformance suite. `docs/adr/0017-storage-lends-connections.md` says why.
//!
//! Reads never wait behind writes. Each read sees what is committed when it runs: two of them are no snapshot. A [`Tx`]
//! that is dropped is rolled back, and one whose `commit` returned `Ok` survives a crash. After a method has failed, or
//! its future was dropped, every further call on the same connection fails, `commit` included.
//!
//! While either is held, await nothing but its own methods: on SQLite the next writer is waiting, and connections are
//! few.
//!
//! Every time that a caller passes or receives is one of its own clock, and a method whose statement compares times
//! takes the caller's present, `now`. PostgreSQL is shared by nodes whose clocks differ: there, leases, due times and
//! the expiry of mailed tokens are stored and compared as times of the database, and translated at the border.

mod apps;
mod claims;
mod epochs;
mod limits;
mod outbox;
mod registrations;
mod retention;
mod sessions;
mod tokens;
mod triggers;
mod users;

use std::error::Error;

use async_trait::async_trait;

pub use apps::{AppReads, AppWrites};
pub use claims::ClaimRelease;
pub use epochs::{EndedEpoch, EpochWrites};
pub use limits::{Charge, KnownNetwork, LimitReads, LimitWrites, Taken};
pub use outbox::{MailClaims, MailPromises, OutboxReads};
pub use registrations::{RegistrationReads, RegistrationWrites};
pub use retention::Retention;
pub use sessions::{NewSession, OpenedSession, SessionReads, SessionWrites};
pub use tokens::{TokenReads, TokenWrites};
pub use triggers::{DeliveryClaims, DeliveryPromises, DeliveryReads};
pub use users::{UserReads, UserWrites};

/// A failure of storage itself. Absence is never an error, it is `None` or `false`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database undid the transaction because of another one. Nothing of it was committed; the same transaction
    /// may work at once.
    #[error("the transaction conflicted with another one")]
    Conflict(#[source] Box<dyn Error + Send + Sync>),
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
    /// Lends a connection for reads of what has been committed.
    async fn reads(&self) -> Result<Box<dyn Reads>, StoreError>;

    /// Opens a write transaction.
    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError>;
}

/// Everything that can be read. A transaction reads what it has written itself, too.
pub trait Reads:
    AppReads + RegistrationReads + TokenReads + SessionReads + UserReads + OutboxReads + DeliveryReads + LimitReads + Send
{
}

impl<R> Reads for R where
    R: AppReads
        + RegistrationReads
        + TokenReads
        + SessionReads
        + UserReads
        + OutboxReads
        + DeliveryReads
        + LimitReads
        + Send
{
}

/// Everything that can be written without promising work to a worker. `Change`, the flows' unit of work, gives flows
/// these statements and keeps the promises to itself, so that no flow can promise a mail and forget to wake the worker
/// that sends it.
pub trait Writes:
    Reads
    + AppWrites
    + RegistrationWrites
    + TokenWrites
    + SessionWrites
    + UserWrites
    + MailClaims
    + DeliveryClaims
    + LimitWrites
    + ClaimRelease
    + EpochWrites
    + Retention
{
}

impl<W> Writes for W where
    W: Reads
        + AppWrites
        + RegistrationWrites
        + TokenWrites
        + SessionWrites
        + UserWrites
        + MailClaims
        + DeliveryClaims
        + LimitWrites
        + ClaimRelease
        + EpochWrites
        + Retention
{
}

/// A write transaction.
#[async_trait]
pub trait Tx: Writes + MailPromises + DeliveryPromises {
    /// Commits: everything written is durable afterwards.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
