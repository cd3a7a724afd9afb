//! What SQLite promises beyond the contract: one server to a file, files for their owner only, and commits that are
//! shared and durable.

use std::future::Future as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use doorward_core::{AppObjectId, Purpose, Registration, Store as _, StoreError};
use doorward_store::{NewFileLock, SqliteOptions, SqliteStore};
use futures_util::poll;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::backends::sqlite;
use crate::fixtures::{AnyStore, email, issued, new_id, pending, stored_pending};
use crate::schema::{assert_no_usable_token, token_keys};

async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, SqliteOptions::default()).await
}

/// The whole chain of an error, as a log shows it.
fn chain(error: &StoreError) -> String {
    format!("{error}: {}", std::error::Error::source(error).unwrap())
}

#[tokio::test]
async fn every_file_is_readable_by_its_owner_only() {
    let (dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store.clone());
    stored_pending(&any, new_id(), "ada@example.com").await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{entry:?}"
        );
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        ["doorward.db", "doorward.db-shm", "doorward.db-wal", "doorward.db.lock"]
    );
}

#[tokio::test]
async fn a_second_server_on_the_file_is_refused_until_the_first_has_closed() {
    let (dir, store) = sqlite().await;
    let path = dir.path().join("doorward.db");
    let alias = dir.path().join("alias.db");
    std::os::unix::fs::symlink(&path, &alias).unwrap();
    for path in [&path, &alias] {
        let refused = open(path).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)));
        assert!(chain(&refused).contains("another server has"), "{}", chain(&refused));
    }
    store.close().await;
    read!(open(&path).await.unwrap(), ping());
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_a_clear_error() {
    let refused = open(Path::new("/no/such/directory/doorward.db")).await.unwrap_err();
    assert!(
        chain(&refused).contains("/no/such/directory/doorward.db cannot be opened"),
        "{}",
        chain(&refused)
    );
}

#[tokio::test]
async fn a_closed_store_refuses_every_call() {
    let (_dir, store) = sqlite().await;
    store.close().await;
    assert!(matches!(store.begin().await.err(), Some(StoreError::Unavailable(_))));
    assert!(matches!(store.reads().await.err(), Some(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_commit_is_in_the_files_when_it_is_acknowledged() {
    let (dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store);
    let app: AppObjectId = new_id();
    let ada = stored_pending(&any, app, "ada@example.com").await;
    // As if the machine had stopped now: nothing is closed, and the copy is opened elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["doorward.db", "doorward.db-wal"] {
        std::fs::copy(dir.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    let recovered = open(&elsewhere.path().join("doorward.db")).await.unwrap();
    let found = read!(recovered, find_registration(app, &ada.email));
    assert_eq!(found, Some(Registration::Pending(ada)));
}

#[tokio::test]
async fn of_a_group_only_the_one_that_rolls_back_is_undone() {
    let (_dir, store) = sqlite().await;
    let app: AppObjectId = new_id();
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|name| pending(app, name));

    let mut first = store.begin().await.unwrap();
    assert!(
        first
            .insert_registration(&Registration::Pending(ada.clone()))
            .await
            .unwrap()
    );
    let mut next = pin!(store.begin());
    assert!(poll!(&mut next).is_pending(), "writers take turns");
    let first = tokio::spawn(first.commit());
    let mut second = next.await.unwrap();
    assert!(
        second
            .insert_registration(&Registration::Pending(bob.clone()))
            .await
            .unwrap()
    );
    let mut next = pin!(store.begin());
    assert!(poll!(&mut next).is_pending());
    drop(second);
    let mut third = next.await.unwrap();
    assert!(
        third
            .insert_registration(&Registration::Pending(eve.clone()))
            .await
            .unwrap()
    );
    third.commit().await.unwrap();
    first.await.unwrap().unwrap();

    for (registration, stored) in [(ada, true), (bob, false), (eve, true)] {
        assert_eq!(
            read!(store, find_registration(app, &registration.email)).is_some(),
            stored
        );
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_happens() {
    let (_dir, store) = sqlite().await;
    let app: AppObjectId = new_id();
    let ada = pending(app, "ada@example.com");
    let mut tx = store.begin().await.unwrap();
    assert!(
        tx.insert_registration(&Registration::Pending(ada.clone()))
            .await
            .unwrap()
    );
    {
        let mut commit = pin!(tx.commit());
        assert!(poll!(&mut commit).is_pending());
    }
    // The next turn comes after it.
    store.begin().await.unwrap().commit().await.unwrap();
    assert!(read!(store, find_registration(app, &ada.email)).is_some());
}

#[tokio::test]
async fn a_caller_that_goes_away_while_it_begins_blocks_no_other() {
    let (_dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store.clone());
    // However often it is polled before it goes.
    for polls in 1..30 {
        let mut begin = pin!(store.begin());
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if let Poll::Ready(tx) = begin.as_mut().poll(&mut context) {
                tx.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    stored_pending(&any, new_id(), "ada@example.com").await;
}

#[tokio::test]
async fn a_caller_that_is_cancelled_within_a_statement_leaves_nothing() {
    let (_dir, store) = sqlite().await;
    let app: AppObjectId = new_id();
    for polls in 1..30 {
        let ada = Registration::Pending(pending(app, "ada@example.com"));
        let mut tx = store.begin().await.unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut insert = tx.insert_registration(&ada);
        let mut done = false;
        for _ in 0..polls {
            done = insert.as_mut().poll(&mut context).is_ready();
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(insert);
        if done {
            drop(tx);
        } else {
            assert!(
                tx.commit().await.is_err(),
                "it is unknown whether the statement has run"
            );
        }
        store.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(read!(store, find_registration(app, ada.email())), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_share_commits() {
    let (_dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store.clone());
    let app: AppObjectId = new_id();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let store = Arc::clone(&any);
            tokio::spawn(async move {
                for n in 0..5 {
                    stored_pending(&store, app, &format!("{writer}-{n}@example.com")).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut registry = Registry::default();
    store.metrics().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let transactions = value("store_transactions_per_commit_sum");
    let commits = value("store_transactions_per_commit_count");
    assert!((transactions - 320.0).abs() < f64::EPSILON, "{transactions}");
    assert!(
        commits * 4.0 < transactions,
        "{commits} commits for {transactions} transactions"
    );
    assert!((value("store_wait_seconds_count") - 320.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn s28_the_files_hold_no_usable_token() {
    let (dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store);
    let app: AppObjectId = new_id();
    let ada = stored_pending(&any, app, "ada@example.com").await;
    let keys = token_keys();
    for purpose in Purpose::ALL {
        let (token, mail) = issued(&any, app, ada.id, purpose).await;
        let secret = keys.derive(&token).unwrap().secret;
        let mut dump = Vec::new();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            dump.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        assert_no_usable_token(&dump, &secret, mail);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s84_a_copy_is_of_one_moment_and_does_not_stop_writers() {
    let (dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store.clone());
    let app: AppObjectId = new_id();
    stored_pending(&any, app, "first@example.com").await;
    let writer = tokio::spawn({
        let store = Arc::clone(&any);
        async move {
            for n in 0..200 {
                stored_pending(&store, app, &format!("{n}@example.com")).await;
            }
        }
    });
    let mut copies = 0;
    while !writer.is_finished() {
        copies += 1;
        let copy = dir.path().join(format!("copy-{copies}.db"));
        std::fs::File::create(&copy).unwrap();
        store.copy_to(&copy).await.unwrap();
        assert_eq!(SqliteStore::verify(&copy).await.unwrap(), SqliteStore::newest_schema());
        let elsewhere: AnyStore = Arc::new(open(&copy).await.unwrap());
        assert!(read!(elsewhere, find_registration(app, &email("first@example.com"))).is_some());
        // Registrations are made one after the other, so one moment knows all of those before the newest that it knows.
        let mut known = Vec::new();
        for n in 0..200 {
            known.push(read!(elsewhere, find_registration(app, &email(&format!("{n}@example.com")))).is_some());
        }
        assert!(known.is_sorted_by(|earlier, later| earlier >= later), "{known:?}");
    }
    writer.await.unwrap();
    assert!(copies > 0);
}

#[tokio::test]
async fn a_closed_file_is_copied_under_its_lock_and_left_as_it_is() {
    let (dir, store) = sqlite().await;
    let path = dir.path().join("doorward.db");
    let copy = dir.path().join("copy.db");
    std::fs::File::create(&copy).unwrap();
    let refused = SqliteStore::copy_closed(&path, &copy).await.unwrap_err();
    assert!(chain(&refused).contains("another server has"), "{}", chain(&refused));
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    SqliteStore::copy_closed(&path, &copy).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == before);
    SqliteStore::verify(&copy).await.unwrap();

    let missing = dir.path().join("missing.db");
    SqliteStore::copy_closed(&missing, &copy).await.unwrap_err();
    assert!(!missing.exists(), "a database is not made in order to copy it");
}

#[tokio::test]
async fn a_damaged_file_is_not_verified() {
    let (dir, store) = sqlite().await;
    let any: AnyStore = Arc::new(store.clone());
    for n in 0..200 {
        stored_pending(&any, new_id(), &format!("{n}@example.com")).await;
    }
    store.close().await;
    let path = dir.path().join("doorward.db");
    let mut bytes = std::fs::read(&path).unwrap();
    for page in 3..10 {
        bytes[page * 4096..page * 4096 + 64].fill(0x5a);
    }
    std::fs::write(&path, bytes).unwrap();
    SqliteStore::verify(&path).await.unwrap_err();
    std::fs::write(
        &path,
        "no database, but long enough to be taken for the header of one".repeat(10),
    )
    .unwrap();
    SqliteStore::verify(&path).await.unwrap_err();
}

#[tokio::test]
async fn while_the_lock_of_a_new_file_is_held_no_server_opens_one_of_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("doorward.db");
    let lock = NewFileLock::take(&path).unwrap();
    let refused = open(&path).await.unwrap_err();
    assert!(chain(&refused).contains("another server has"), "{}", chain(&refused));
    drop(lock);
    let store = open(&path).await.unwrap();
    NewFileLock::take(&path).unwrap_err();
    store.close().await;
    let refused = NewFileLock::take(&path).unwrap_err();
    assert!(chain(&refused).contains("is there already"), "{}", chain(&refused));
}
