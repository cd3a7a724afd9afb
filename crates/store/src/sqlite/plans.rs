//! Background work takes the writer's turn, so it must find its rows by an index: while it walks through a large table,
//! all other writers wait.

use std::cell::RefCell;

use doorward_core::{
    AppObjectId, NewTriggerEvent, ObjectId, OsEntropy, Provider, Store as _, Timestamp, UserEvent, UserId, UserProfile,
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

/// The steps of recorded statements that walk through a table without an index, or sort.
fn walks(connection: &Connection) -> Vec<String> {
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
            let scans = step.starts_with("SCAN ") && !step.contains(" USING ");
            let few = ["SCAN due", "SCAN ended", "SCAN json_each"];
            (scans && !few.iter().any(|few| step.starts_with(few))) || step.contains("TEMP B-TREE")
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
    tx.sweep(at(1)).await.unwrap();
    assert_eq!(walks(&plans), [""; 0]);
}

#[tokio::test]
async fn what_ends_with_an_epoch_is_found_by_an_index() {
    let (_dir, store, plans) = store().await;
    let mut tx = store.begin().await.unwrap();
    tx.end_epoch(at(1), 500).await.unwrap();
    assert_eq!(walks(&plans), [""; 0]);
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
    reads.next_delivery_due(&[app]).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.queue_trigger_event(&event).await.unwrap();
    let claimed = tx.claim_deliveries("worker", &[app], at(1), at(60), 10).await.unwrap();
    let [delivery] = claimed.try_into().unwrap();
    tx.postpone_delivery("worker", &delivery, at(2), 1).await.unwrap();
    tx.claim_deliveries("worker", &[app], at(2), at(60), 10).await.unwrap();
    assert!(tx.finish_delivery("worker", &delivery, at(2)).await.unwrap());
    assert_eq!(walks(&plans), [""; 0]);
}

#[tokio::test]
async fn mails_are_counted_without_reading_them() {
    let (_dir, store, plans) = store().await;
    let mut reads = store.reads().await.unwrap();
    reads.count_mail().await.unwrap();
    reads.next_mail_due().await.unwrap();
    assert_eq!(walks(&plans), [""; 0]);
}
