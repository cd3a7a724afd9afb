//! A database that an older program left is brought up to date with all that is in it.

use std::sync::Arc;

use doorward_core::{AppObjectId, DeliveryOutcome, EmailAddress, MailContent, Registration, Timestamp};
use doorward_store::{SqliteOptions, SqliteStore};
use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor, SqlSafeStr as _};

use crate::backends::with_postgres;
use crate::fixtures::{AnyStore, at};

/// The first schema, as a pending registration with a mail that waits and one that was sent left it.
const ROWS: &str = "
    INSERT INTO apps (id, client_id, created_at) VALUES ('0000000000000000000000a1', 'notes-abcde', 0);
    INSERT INTO registrations (id, app_id, email, password_hash, created_at)
        VALUES ('0000000000000000000000b1', '0000000000000000000000a1', 'ada@example.com', '$none$', 0);
    INSERT INTO mail_tokens (id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at, voided_at)
        VALUES ('0000000000000000000000c1', '0000000000000000000000a1', '0000000000000000000000b1', 'confirm', 'email/email',
                'key-1', 0, 1800000, 1),
               ('0000000000000000000000c2', '0000000000000000000000a1', '0000000000000000000000b1', 'confirm', 'email/email',
                'key-1', 1, 1800000, NULL);
    INSERT INTO mails (id, token_id, state, created_at, due_at, attempts, finished_at)
        VALUES ('0000000000000000000000d1', '0000000000000000000000c1', 'sent', 0, 0, 0, 1),
               ('0000000000000000000000d2', '0000000000000000000000c2', 'waiting', 1, 1, 2, NULL);
";

/// The third schema, as two users left it of whom one had logged in again before its first login was told.
const EVENTS: &str = "
    INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at, due_at, claimed_by)
        VALUES ('0000000000000000000000a1', '0000000000000000000000e1', 't', 'CREATE', 'local-userpass', '[]', 1, 60000, 'killed'),
               ('0000000000000000000000a1', '0000000000000000000000e1', 't', 'LOGIN', 'local-userpass', '[]', 2, 2, NULL),
               ('0000000000000000000000a1', '0000000000000000000000e2', 't', 'LOGIN', 'local-userpass', '[]', 3, 3, NULL);
";

const SQLITE: [(&str, &str); 3] = [
    ("accounts", include_str!("../../migrations/sqlite/0001_accounts.sql")),
    ("functions", include_str!("../../migrations/sqlite/0002_functions.sql")),
    (
        "identities and triggers",
        include_str!("../../migrations/sqlite/0003_identities_and_triggers.sql"),
    ),
];

const POSTGRES: [(&str, &str); 3] = [
    ("accounts", include_str!("../../migrations/postgres/0001_accounts.sql")),
    (
        "functions",
        include_str!("../../migrations/postgres/0002_functions.sql"),
    ),
    (
        "identities and triggers",
        include_str!("../../migrations/postgres/0003_identities_and_triggers.sql"),
    ),
];

/// Applies the first migrations, and writes what was written then.
async fn older_schema<C>(connection: &mut C, files: &[(&'static str, &'static str)], rows: &'static str)
where
    C: Connection + Migrate,
    for<'c> &'c mut C: Executor<'c, Database = C::Database>,
{
    let migration = |(version, &(name, sql)): (i64, &(&'static str, &'static str))| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations((1..).zip(files).map(migration).collect())
        .run_direct(None, connection, false)
        .await
        .unwrap();
    connection.execute(AssertSqlSafe(rows)).await.unwrap();
}

async fn events_are_told_in_their_order(store: AnyStore) {
    let app = AppObjectId("0000000000000000000000a1".parse().unwrap());
    let mut told = Vec::new();
    loop {
        // Each time as long after as a claim of the older program could last.
        let claimed = commit!(store, claim_triggers("worker", &[app], at(60), at(61), 10));
        if claimed.is_empty() {
            break;
        }
        for one in claimed {
            told.push((one.user.id.to_string(), one.event.name()));
            assert!(commit!(store, finish_trigger("worker", &one, at(60))));
        }
    }
    let (first, second) = (
        "0000000000000000000000e1".to_owned(),
        "0000000000000000000000e2".to_owned(),
    );
    assert_eq!(told, [(first.clone(), "CREATE"), (second, "LOGIN"), (first, "LOGIN")]);
}

async fn all_is_still_there(store: AnyStore) {
    let app = AppObjectId("0000000000000000000000a1".parse().unwrap());
    let ada = EmailAddress::parse("ada@example.com").unwrap();
    let found = store.find_registration(app, &ada).await.unwrap().unwrap();
    assert!(matches!(found, Registration::Pending(_)));
    let counts = store.count_mail().await.unwrap();
    assert!(
        counts.contains(&("sent", 1)) && counts.contains(&("waiting", 1)),
        "{counts:?}"
    );

    let claimed = commit!(store, claim_mail("worker", at(1), at(60), 10, false));
    let [mail] = claimed.as_slice() else {
        panic!("{claimed:?}")
    };
    assert_eq!(
        (mail.id.to_string().as_str(), mail.attempts),
        ("0000000000000000000000d2", 2)
    );
    let MailContent::Link { token, to } = &mail.content else {
        panic!("{mail:?}")
    };
    assert_eq!(to, &ada);
    let now = Timestamp::from_millis(2);
    let owner = commit!(
        store,
        consume_mail_token(app, token.purpose, token.id, &token.methods, now)
    );
    assert_eq!(owner, Some(found.id()));
    assert!(commit!(
        store,
        record_delivery("worker", mail.id, &DeliveryOutcome::Sent, at(2))
    ));
}

#[tokio::test]
async fn a_sqlite_file_of_the_first_schema() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("doorward.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    older_schema(&mut connection, &SQLITE[..1], ROWS).await;
    connection.close().await.unwrap();
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    all_is_still_there(Arc::new(store.clone())).await;
    store.close().await;
}

#[tokio::test]
async fn a_postgres_database_of_the_first_schema() {
    with_postgres(async |database| {
        let mut connection = database.options().connect().await.unwrap();
        older_schema(&mut connection, &POSTGRES[..1], ROWS).await;
        connection.close().await.unwrap();
        all_is_still_there(Arc::new(database.connect().await)).await;
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_file_of_the_third_schema() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("doorward.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    older_schema(&mut connection, &SQLITE, EVENTS).await;
    connection.close().await.unwrap();
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    events_are_told_in_their_order(Arc::new(store.clone())).await;
    store.close().await;
}

#[tokio::test]
async fn a_postgres_database_of_the_third_schema() {
    with_postgres(async |database| {
        let mut connection = database.options().connect().await.unwrap();
        older_schema(&mut connection, &POSTGRES, EVENTS).await;
        connection.close().await.unwrap();
        events_are_told_in_their_order(Arc::new(database.connect().await)).await;
    })
    .await;
}
