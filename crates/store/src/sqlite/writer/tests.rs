//! Groups that fail. What a group promises its members when all goes well is in the conformance suite.

use std::pin::pin;

use futures_util::poll;
use tempfile::TempDir;

use super::super::connect::Purpose;
use super::super::db::ReadRow as _;
use super::*;

/// Groups that only end when their committer's turn comes, so that a test decides who shares one.
const PATIENT: Limits = Limits {
    members: 256,
    age: Duration::from_hours(1),
};

fn writer(limits: Limits) -> (TempDir, Writer) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE notes (text NOT NULL)").unwrap();
    let connect = Connect {
        path,
        purpose: Purpose::Writing,
    };
    (dir, Writer::with_limits(connect, StoreMetrics::default(), limits))
}

fn write(turn: &mut Turn, sql: &'static str) -> db::Result<()> {
    db::query(sql).execute_now(turn.connection().unwrap()).map(|_| ())
}

async fn notes(writer: &Writer) -> Vec<String> {
    let mut turn = writer.begin().await.unwrap();
    let rows = db::query("SELECT text FROM notes ORDER BY text")
        .fetch_all(turn.connection().unwrap())
        .await
        .unwrap();
    rows.iter().map(|row| row.try_get("text").unwrap()).collect()
}

fn limit(turn: &mut Turn) {
    let connection = turn.connection().unwrap();
    connection.pragma_update(None, "max_page_count", 3).unwrap();
}

/// A turn that has written a note, and the next turn, which joins the same group as soon as the first is committed.
macro_rules! two_turns {
    ($writer:expr, $first:ident, $second:ident) => {
        let mut $first = $writer.begin().await.unwrap();
        write(&mut $first, "INSERT INTO notes VALUES ('first')").unwrap();
        let mut waiting = pin!($writer.begin());
        assert!(poll!(&mut waiting).is_pending());
        let $first = tokio::spawn($first.commit());
        let mut $second = waiting.await.unwrap();
        assert!(!$first.is_finished(), "it waits for the group");
    };
}

#[tokio::test]
async fn a_full_disk_fails_every_member_and_the_next_group_works() {
    let (_dir, writer) = writer(PATIENT);
    let mut limited = writer.begin().await.unwrap();
    limit(&mut limited);
    limited.commit().await.unwrap();

    two_turns!(writer, first, second);
    // SQLite rolls back the whole transaction by itself, the first member's part included.
    let full = write(&mut second, "INSERT INTO notes VALUES (zeroblob(100000))").unwrap_err();
    assert_eq!(
        failure(&full),
        Failure::unavailable("database or disk is full (code 13)")
    );
    drop(second);
    assert!(first.await.unwrap().is_err(), "never a false success");

    assert_eq!(notes(&writer).await, Vec::<String>::new());
    let mut next = writer.begin().await.unwrap();
    write(&mut next, "INSERT INTO notes VALUES ('next')").unwrap();
    next.commit().await.unwrap();
    assert_eq!(notes(&writer).await, ["next"]);
}

#[tokio::test]
async fn a_full_disk_that_the_last_member_meets_fails_it_too() {
    let (_dir, writer) = writer(PATIENT);
    let mut limited = writer.begin().await.unwrap();
    limit(&mut limited);
    limited.commit().await.unwrap();

    two_turns!(writer, first, second);
    write(&mut second, "INSERT INTO notes VALUES (zeroblob(100000))").unwrap_err();
    // Even if the second ignored its error.
    assert!(second.commit().await.is_err());
    assert!(first.await.unwrap().is_err());
    assert_eq!(notes(&writer).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_commit_that_fails_fails_every_member() {
    let (_dir, writer) = writer(PATIENT);
    let mut tables = writer.begin().await.unwrap();
    write(&mut tables, "CREATE TABLE parents (id INTEGER PRIMARY KEY)").unwrap();
    write(
        &mut tables,
        "CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .unwrap();
    tables.commit().await.unwrap();

    two_turns!(writer, first, second);
    // It is only found at the COMMIT.
    write(&mut second, "INSERT INTO children VALUES (1)").unwrap();
    assert!(second.commit().await.is_err());
    assert!(first.await.unwrap().is_err());
    assert_eq!(notes(&writer).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_turn_that_vanishes_without_a_word_ends_its_group() {
    let (_dir, writer) = writer(PATIENT);
    two_turns!(writer, first, second);
    write(&mut second, "INSERT INTO notes VALUES ('second')").unwrap();
    // As when the runtime that should have rolled it back is being torn down.
    drop(second.line.take());
    drop(second);
    assert!(first.await.unwrap().is_err());
    assert_eq!(notes(&writer).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_full_group_is_committed_by_the_next_that_begins() {
    for full in [
        Limits { members: 1, ..PATIENT },
        Limits {
            age: Duration::ZERO,
            ..PATIENT
        },
    ] {
        let (_dir, writer) = writer(full);
        let mut first = writer.begin().await.unwrap();
        write(&mut first, "INSERT INTO notes VALUES ('first')").unwrap();
        let mut waiting = pin!(writer.begin());
        assert!(poll!(&mut waiting).is_pending());
        let first = tokio::spawn(first.commit());
        let second = waiting.await.unwrap();
        // The second is still at work.
        first.await.unwrap().unwrap();
        drop(second);
        assert_eq!(notes(&writer).await, ["first"]);
    }
}

#[tokio::test]
async fn closing_commits_the_open_group() {
    let (_dir, writer) = writer(PATIENT);
    let mut first = writer.begin().await.unwrap();
    write(&mut first, "INSERT INTO notes VALUES ('first')").unwrap();
    let mut closing = pin!(writer.close());
    assert!(poll!(&mut closing).is_pending());
    let first = tokio::spawn(first.commit());
    closing.await;
    first.await.unwrap().unwrap();
    assert!(writer.begin().await.is_err());
}

#[tokio::test]
async fn a_connection_that_was_lost_is_opened_again() {
    let (_dir, writer) = writer(PATIENT);
    let mut first = writer.begin().await.unwrap();
    write(&mut first, "INSERT INTO notes VALUES ('first')").unwrap();
    first.line.as_mut().unwrap().connection = None;
    assert!(first.commit().await.is_err());
    assert_eq!(notes(&writer).await, Vec::<String>::new());
}
