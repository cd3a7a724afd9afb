//! Accounts to test with, and short ways to write a read and a transaction of one call.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward_core::store::{NewSession, OpenedSession};
use doorward_core::{
    AppObjectId, ConfirmedRegistration, EmailAddress, KeyId, MailId, MailToken, PasswordHash, PendingRegistration,
    Purpose, Registration, RegistrationId, Store, Timestamp, UserId, VerifiedIdentity,
};

/// A transaction of one call: `commit!(store, confirm_registration(id, at(0)))`.
macro_rules! commit {
    ($store:expr, $call:ident($($argument:expr),* $(,)?)) => {{
        let mut tx = $store.begin().await.unwrap();
        let answer = tx.$call($($argument),*).await.unwrap();
        tx.commit().await.unwrap();
        answer
    }};
}

/// A read of one call: `read!(store, find_session(app, id))`.
macro_rules! read {
    ($store:expr, $call:ident($($argument:expr),* $(,)?)) => {{
        let mut reads = $store.reads().await.unwrap();
        reads.$call($($argument),*).await.unwrap()
    }};
}

pub(crate) type AnyStore = Arc<dyn Store>;

pub(crate) const METHODS: &str = "email/email";

/// A time, in seconds from the beginning of a test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).plus(Duration::from_secs(seconds))
}

/// A new id.
pub(crate) fn new_id<T: FromStr>() -> T {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let text = format!("{:024x}", NEXT.fetch_add(1, Ordering::Relaxed));
    text.parse().ok().unwrap()
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_phc(format!("$argon2id$v=19$m=19456,t=2,p=1${text}"))
}

/// A pending registration that is not stored.
pub(crate) fn pending(app: AppObjectId, address: &str) -> PendingRegistration {
    PendingRegistration {
        id: new_id(),
        app,
        email: email(address),
        password: hash("first"),
        created_at: at(0),
    }
}

/// A pending registration that is stored.
pub(crate) async fn stored_pending(store: &AnyStore, app: AppObjectId, address: &str) -> PendingRegistration {
    let pending = pending(app, address);
    assert!(commit!(
        store,
        insert_registration(&Registration::Pending(pending.clone()))
    ));
    pending
}

/// A confirmed registration that is stored.
pub(crate) async fn stored_confirmed(store: &AnyStore, app: AppObjectId, address: &str) -> ConfirmedRegistration {
    let confirmed = pending(app, address).confirm(at(0));
    assert!(commit!(
        store,
        insert_registration(&Registration::Confirmed(confirmed.clone()))
    ));
    confirmed
}

/// A token that is not stored; it works for half an hour.
pub(crate) fn token(app: AppObjectId, registration: RegistrationId, purpose: Purpose) -> MailToken {
    MailToken {
        id: new_id(),
        app,
        purpose,
        registration,
        methods: METHODS.to_owned(),
        issued_at: at(0),
        expires_at: at(1800),
        used_at: None,
        voided_at: None,
        key: KeyId("key-1".to_owned()),
    }
}

/// A token that is stored, and its mail.
pub(crate) async fn issued(
    store: &AnyStore,
    app: AppObjectId,
    registration: RegistrationId,
    purpose: Purpose,
) -> (MailToken, MailId) {
    let token = token(app, registration, purpose);
    let mail = new_id();
    commit!(store, issue_mail(mail, &token));
    (token, mail)
}

/// A login that is not stored.
pub(crate) fn login(registration: &ConfirmedRegistration) -> NewSession {
    NewSession {
        id: new_id(),
        identity: VerifiedIdentity::Email(registration.clone()),
        device: new_id(),
        created_at: at(0),
        expires_at: at(3600),
    }
}

/// Logs in as the flows do: the first login makes the user that is planned.
pub(crate) async fn try_login(store: &AnyStore, login: &NewSession) -> OpenedSession {
    let mut tx = store.begin().await.unwrap();
    let mut opened = tx.open_session(login).await.unwrap();
    if opened == OpenedSession::NoUser {
        if tx.plan_user(&login.identity, new_id(), at(0)).await.unwrap().is_none() {
            return OpenedSession::Stale;
        }
        tx.make_user(&login.identity, at(0)).await.unwrap();
        opened = tx.open_session(login).await.unwrap();
    }
    tx.commit().await.unwrap();
    opened
}

/// A user with a session.
pub(crate) async fn signed_in(store: &AnyStore, registration: &ConfirmedRegistration) -> (UserId, NewSession) {
    let login = login(registration);
    match try_login(store, &login).await {
        OpenedSession::Session(user) => (user, login),
        other => panic!("the login was refused: {other:?}"),
    }
}

/// Whether a token could be consumed; it is not.
pub(crate) async fn works(store: &AnyStore, token: &MailToken) -> bool {
    let mut tx = store.begin().await.unwrap();
    let spent = tx
        .consume_mail_token(token.app, token.purpose, token.id, &token.methods, at(1))
        .await
        .unwrap();
    spent.is_some()
}

/// How many of some concurrent tasks answered `true`.
pub(crate) async fn count_true(tasks: impl IntoIterator<Item = tokio::task::JoinHandle<bool>>) -> usize {
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    winners
}
