//! Background work takes the writer's turn, so it must find its rows by an index: while it walks through a large table,
//! all other writers wait.

use std::cell::RefCell;
use std::time::Duration;

use doorward_core::store::{Charge, KnownNetwork};
use doorward_core::{
    AppObjectId, Bucket, DeliveryOutcome, EmailAddress, KeyId, LimitKey, MailId, MailToken, NewTriggerEvent, ObjectId,
    OsEntropy, PasswordHash, PendingRegistration, Provider, Purpose, Registration, RegistrationId, Store as _,
    Timestamp, TokenId, UserEvent, UserId, UserProfile,
};
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::{SqliteOptions, SqliteStore};

thread_local! {
    static RAN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Records the statements that run on a connection, for the thread that they run on.
pub(super) fn watch(connection: &Connection) {
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(statement, _) = event {
                RAN.with_borrow_mut(|ran| ran.push(statement.sql().into_owned()));
            }
        }),
    );
}

/// A store with no statement recorded yet, and a connection for `EXPLAIN`.
async fn store() -> (tempfile::TempDir, SqliteStore, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    RAN.take();
    (dir, store, Connection::open(path).unwrap())
}

/// The steps of recorded statements that walk through a table or through an index of it, or sort.
fn walks(connection: &Connection) -> Vec<String> {
    steps(connection, |step| step.starts_with("SCAN "))
}

/// The steps of recorded reads that walk through a table without an index, or sort. An index can be walked through by
/// readers, for which no writer waits.
fn walks_of_readers(connection: &Connection) -> Vec<String> {
    steps(connection, |step| {
        step.starts_with("SCAN ") && !step.contains(" USING ")
    })
}

fn steps(connection: &Connection, scans: impl Fn(&str) -> bool) -> Vec<String> {
    let is_ours = |sql: &String| {
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
            .iter()
            .any(|word| sql.starts_with(word))
    };
    let ran: Vec<String> = RAN.take().into_iter().filter(is_ours).collect();
    assert!(!ran.is_empty());
    let mut walks = Vec::new();
    for sql in ran {
        // A plan does not depend on the values of parameters.
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = plan.raw_query().mapped(|row| row.get::<_, String>("detail"));
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        // The few rows of a batch, and the ids in a parameter, are no table.
        let is_walk = |step: &String| {
            let few = ["SCAN due", "SCAN ended", "SCAN json_each"];
            (scans(step) && !few.iter().any(|few| step.starts_with(few))) || step.contains("TEMP B-TREE")
        };
        walks.extend(steps.into_iter().filter(is_walk).map(|step| format!("{step}: {sql}")));
    }
    walks
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[tokio::test]
async fn what_has_ended_is_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let mut tx = store.begin().await.unwrap();
    tx.sweep(at(1), at(1)).await.unwrap();
    assert_eq!(walks(&plans), [""; 0]);
}

#[tokio::test]
async fn what_ends_with_an_epoch_is_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let mut tx = store.begin().await.unwrap();
    tx.end_epoch(at(1), 500).await.unwrap();
    // Every session ends, so the oldest 500 are the first 500 of the index.
    let mut walks = walks(&plans);
    walks.retain(|walk| !walk.starts_with("SCAN sessions USING COVERING INDEX sessions_by_expiry"));
    assert_eq!(walks, [""; 0]);
}

#[tokio::test]
async fn what_waits_for_triggers_is_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let app = AppObjectId(ObjectId::random(&OsEntropy));
    let event = NewTriggerEvent {
        event: UserEvent::Login,
        user: &UserProfile {
            id: UserId(ObjectId::random(&OsEntropy)),
            app,
            identities: Vec::new(),
        },
        providers: &[Provider::EmailPassword],
        triggers: &["t"],
        at: at(1),
    };
    let mut reads = store.reads().await.unwrap();
    reads.next_delivery_due(&[app], at(1)).await.unwrap();
    assert_eq!(walks_of_readers(&plans), [""; 0]);
    let mut tx = store.begin().await.unwrap();
    tx.queue_trigger_event(&event).await.unwrap();
    let claimed = tx.claim_deliveries("worker", &[app], at(1), at(60), 10).await.unwrap();
    let [delivery] = claimed.try_into().unwrap();
    tx.postpone_delivery("worker", &delivery, at(1), at(2), 1)
        .await
        .unwrap();
    tx.claim_deliveries("worker", &[app], at(2), at(60), 10).await.unwrap();
    assert!(tx.finish_delivery("worker", &delivery, at(2)).await.unwrap());
    assert_eq!(walks(&plans), [""; 0]);
}

#[tokio::test]
async fn limits_are_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let key = LimitKey::new([1; 16]);
    let charge = Charge {
        bucket: Bucket {
            burst: 1,
            refill: Duration::from_secs(1),
        },
        tight_after: None,
        remembered: Duration::ZERO,
    };
    let network = KnownNetwork {
        id: key.clone(),
        account: key.clone(),
    };
    let mut reads = store.reads().await.unwrap();
    reads.find_known_network(&key).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.take_permit(&key, &charge, at(0)).await.unwrap();
    tx.take_permit(&key, &charge, at(0)).await.unwrap();
    tx.give_permit_back(&key, &charge, at(0)).await.unwrap();
    tx.remember_network(&network, at(0)).await.unwrap();
    tx.forget_limits(at(1), at(1)).await.unwrap();
    assert_eq!(walks(&plans), [""; 0]);
}

#[tokio::test]
async fn mails_are_counted_without_reading_them() {
    let (_dir, store, plans) = store().await;
    let mut reads = store.reads().await.unwrap();
    reads.count_mail().await.unwrap();
    reads.next_mail_due(at(1)).await.unwrap();
    assert_eq!(walks_of_readers(&plans), [""; 0]);
}

#[tokio::test]
async fn what_waits_in_the_outbox_is_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let app = AppObjectId(ObjectId::random(&OsEntropy));
    let ada = PendingRegistration {
        id: RegistrationId(ObjectId::random(&OsEntropy)),
        app,
        email: EmailAddress::parse("ada@example.com").unwrap(),
        password: PasswordHash::from_phc("$none$".to_owned()),
        created_at: at(1),
    };
    let token = |seconds: i64| MailToken {
        id: TokenId(ObjectId::random(&OsEntropy)),
        app,
        purpose: Purpose::Confirm,
        registration: ada.id,
        methods: "email/email".to_owned(),
        issued_at: at(seconds),
        expires_at: at(seconds + 1_800),
        used_at: None,
        voided_at: None,
        key: KeyId("key-1".to_owned()),
    };
    let new_mail = || MailId(ObjectId::random(&OsEntropy));
    let mut tx = store.begin().await.unwrap();
    assert!(
        tx.insert_registration(&Registration::Pending(ada.clone()))
            .await
            .unwrap()
    );
    let first = token(1);
    tx.issue_mail(new_mail(), &first).await.unwrap();
    // The few links of one registration that have not expired are sorted.
    let sorts = walks(&plans);
    assert!(
        sorts
            .iter()
            .all(|step| step.starts_with("USE TEMP B-TREE") && step.contains("WHERE t.registration_id = ")),
        "{sorts:?}"
    );

    tx.expire_mail(at(1), 500).await.unwrap();
    let [mail] = tx
        .claim_mail("worker", at(1), at(60), 10, false)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    tx.extend_mail_claims("worker", at(2), at(61)).await.unwrap();
    let sent = tx
        .record_delivery("worker", mail.id, &DeliveryOutcome::Sent, at(2))
        .await
        .unwrap();
    assert!(sent);
    assert_eq!(walks(&plans), [""; 0]);

    tx.issue_mail(new_mail(), &token(3)).await.unwrap();
    walks(&plans);
    tx.consume_mail_token(app, Purpose::Confirm, first.id, &first.methods, at(4))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(walks(&plans), [""; 0]);
    tx.issue_mail(new_mail(), &token(5)).await.unwrap();
    walks(&plans);
    assert!(tx.set_password(ada.id, &ada.password, at(6)).await.unwrap());
    assert_eq!(walks(&plans), [""; 0]);
}
