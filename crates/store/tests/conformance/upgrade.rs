//! The migrations bring the database of an older program up to date, and keep its rows.

use std::sync::Arc;

use doorward_core::{
    AppObjectId, DeliveryOutcome, EmailAddress, ExternalId, Identity, MailContent, Profile, Provider, Registration,
    RegistrationId, Timestamp, UserId, UserProfile,
};
use doorward_store::{SqliteOptions, SqliteStore};
use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor, Row as _, SqlSafeStr as _};

use crate::backends::with_postgres;
use crate::fixtures::{AnyStore, at, email};

/// The first schema, as a pending registration with a mail that waits and one that was sent left it.
const ROWS: &str = "
    INSERT INTO apps (id, client_id, created_at) VALUES ('0000000000000000000000a1', 'notes-abcde', 0);
    INSERT INTO registrations (id, app_id, email, password_hash, created_at)
        VALUES ('0000000000000000000000b1', '0000000000000000000000a1', 'ada@example.com', '$none$', 0);
    INSERT INTO mail_tokens (id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at, voided_at)
        VALUES ('0000000000000000000000c1', '0000000000000000000000a1', '0000000000000000000000b1', 'confirm',
                'email/email', 'key-1', 0, 1800000, 1),
               ('0000000000000000000000c2', '0000000000000000000000a1', '0000000000000000000000b1', 'confirm',
                'email/email', 'key-1', 1, 1800000, NULL);
    INSERT INTO mails (id, token_id, state, created_at, due_at, attempts, finished_at)
        VALUES ('0000000000000000000000d1', '0000000000000000000000c1', 'sent', 0, 0, 0, 1),
               ('0000000000000000000000d2', '0000000000000000000000c2', 'waiting', 1, 1, 2, NULL);
";

/// The third schema, as two users left it, one of whom had logged in again before its first login was delivered.
const EVENTS: &str = "
    INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at, due_at, claimed_by)
        VALUES ('0000000000000000000000a1', '0000000000000000000000e1', 't', 'CREATE', 'local-userpass', '[]',
                1, 60000, 'killed'),
               ('0000000000000000000000a1', '0000000000000000000000e1', 't', 'LOGIN', 'local-userpass', '[]',
                2, 2, NULL),
               ('0000000000000000000000a1', '0000000000000000000000e2', 't', 'LOGIN', 'local-userpass', '[]',
                3, 3, NULL);
";

/// The fifth schema, as a user with three identities left it before its login was delivered.
const IDENTITIES: &str = r#"
    INSERT INTO users (id, app_id, created_at) VALUES ('0000000000000000000000e1', '0000000000000000000000a1', 1);
    INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at, user_id)
        VALUES ('0000000000000000000000b1', '0000000000000000000000a1', 'ada@example.com', '$none$', 0, 0,
                '0000000000000000000000e1');
    INSERT INTO identities (app_id, provider, external_id, name, planned_user_id, user_id, created_at)
        VALUES ('0000000000000000000000a1', 'custom-function', 'named', 'Ada "é" \',
                '0000000000000000000000e1', '0000000000000000000000e1', 1),
               ('0000000000000000000000a1', 'custom-function', 'nameless', NULL,
                '0000000000000000000000e1', '0000000000000000000000e1', 2);
    INSERT INTO trigger_queues (user_id, app_id, due_at, attempts)
        VALUES ('0000000000000000000000e1', '0000000000000000000000a1', 1, 0);
    INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at)
        VALUES ('0000000000000000000000a1', '0000000000000000000000e1', 't', 'LOGIN', 'local-userpass', '[
            {"provider":"local-userpass","id":"0000000000000000000000b1","email":"ada@example.com"},
            {"provider":"custom-function","id":"named","name":"Ada \"é\" \\"},
            {"provider":"custom-function","id":"nameless","name":null}
        ]', 2);
"#;

/// The sixth schema, as three mails of functions left it: one that waits, one that was sent, and one that was refused.
macro_rules! sealed {
    ($text:literal) => {
        concat!(
            "INSERT INTO mails (id, app_id, key_id, sealed, expires_at, state, created_at, due_at, attempts, finished_at) ",
            "VALUES ('0000000000000000000000d1', '0000000000000000000000a1', 'key-1', ",
            $text,
            ", 9000000000000, 'waiting', 1, 1, 0, NULL), ",
            "('0000000000000000000000d2', '0000000000000000000000a1', 'key-1', ",
            $text,
            ", 9000000000000, 'sent', 1, 1, 0, 2), ",
            "('0000000000000000000000d3', '0000000000000000000000a1', 'key-1', ",
            $text,
            ", 9000000000000, 'failed', 1, 1, 1, 2)"
        )
    };
}
/// How many mails still have their text.
const TEXTS: &str = "SELECT COUNT(sealed) FROM mails";

/// The files of one database, with the names that the migrations had.
macro_rules! schemas {
    ($database:literal) => {
        [
            ("accounts", schema!($database, "0001_accounts")),
            ("functions", schema!($database, "0002_functions")),
            (
                "identities and triggers",
                schema!($database, "0003_identities_and_triggers"),
            ),
            ("trigger queues", schema!($database, "0004_trigger_queues")),
            ("mails by state", schema!($database, "0005_mails_by_state")),
            (
                "profiles of identities",
                schema!($database, "0006_profiles_of_identities"),
            ),
        ]
    };
}

macro_rules! schema {
    ($database:literal, $name:literal) => {
        include_str!(concat!("../../migrations/", $database, "/", $name, ".sql"))
    };
}

const SQLITE: [(&str, &str); 6] = schemas!("sqlite");
const POSTGRES: [(&str, &str); 6] = schemas!("postgres");

/// The name in [`IDENTITIES`], and the profile that the migration makes of it: the same text that a login writes, so
/// that the next login changes nothing.
const NAME: &str = "Ada \"é\" \\";
const PROFILE: &str = r#"{"name":"Ada \"é\" \\"}"#;
const NAMED: &str = "SELECT profile FROM identities WHERE external_id = 'named'";

/// Applies the first migrations, and writes the rows that a program of that version left.
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

async fn events_are_delivered_in_their_order(store: AnyStore) {
    let app = AppObjectId("0000000000000000000000a1".parse().unwrap());
    let mut delivered = Vec::new();
    loop {
        // At a time when every claim of the older program has lapsed.
        let claimed = commit!(store, claim_deliveries("worker", &[app], at(60), at(61), 10));
        if claimed.is_empty() {
            break;
        }
        for one in claimed {
            delivered.push((one.user.id.to_string(), one.event.name()));
            assert!(commit!(store, finish_delivery("worker", &one, at(60))));
        }
    }
    let (first, second) = (
        "0000000000000000000000e1".to_owned(),
        "0000000000000000000000e2".to_owned(),
    );
    assert_eq!(
        delivered,
        [(first.clone(), "CREATE"), (second, "LOGIN"), (first, "LOGIN")]
    );
}

/// The user's profile, and the row that an older program queued with an earlier form of it.
async fn identities_have_profiles(store: AnyStore) {
    let app = AppObjectId("0000000000000000000000a1".parse().unwrap());
    let external = |id: &str, name: Option<&str>| Identity {
        provider: Provider::CustomFunction,
        id: ExternalId::parse(id).unwrap(),
        profile: Profile {
            email: None,
            name: name.map(str::to_owned),
        },
    };
    let registration = RegistrationId("0000000000000000000000b1".parse().unwrap());
    let user = UserProfile {
        id: UserId("0000000000000000000000e1".parse().unwrap()),
        app,
        identities: vec![
            Identity::of_registration(registration, &email("ada@example.com")),
            external("named", Some(NAME)),
            external("nameless", None),
        ],
    };
    assert_eq!(read!(store, find_user(app, user.id)).as_ref(), Some(&user));
    let claimed = commit!(store, claim_deliveries("worker", &[app], at(60), at(61), 10));
    let [delivery] = claimed.as_slice() else {
        panic!("{claimed:?}")
    };
    assert_eq!(delivery.user, user);
}

async fn all_is_still_there(store: AnyStore) {
    let app = AppObjectId("0000000000000000000000a1".parse().unwrap());
    let ada = EmailAddress::parse("ada@example.com").unwrap();
    let found = read!(store, find_registration(app, &ada)).unwrap();
    assert!(matches!(found, Registration::Pending(_)));
    let counts = read!(store, count_mail());
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
    older_schema(&mut connection, &SQLITE[..3], EVENTS).await;
    connection.close().await.unwrap();
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    events_are_delivered_in_their_order(Arc::new(store.clone())).await;
    store.close().await;
}

#[tokio::test]
async fn a_postgres_database_of_the_third_schema() {
    with_postgres(async |database| {
        let mut connection = database.options().connect().await.unwrap();
        older_schema(&mut connection, &POSTGRES[..3], EVENTS).await;
        connection.close().await.unwrap();
        events_are_delivered_in_their_order(Arc::new(database.connect().await)).await;
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_file_of_the_fifth_schema() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("doorward.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    older_schema(&mut connection, &SQLITE[..5], IDENTITIES).await;
    connection.close().await.unwrap();
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    identities_have_profiles(Arc::new(store.clone())).await;
    store.close().await;
    let mut connection = options.connect().await.unwrap();
    let row = connection.fetch_one(NAMED).await.unwrap();
    assert_eq!(row.get::<String, _>(0), PROFILE);
}

#[tokio::test]
async fn a_postgres_database_of_the_fifth_schema() {
    with_postgres(async |database| {
        let mut connection = database.options().connect().await.unwrap();
        older_schema(&mut connection, &POSTGRES[..5], IDENTITIES).await;
        connection.close().await.unwrap();
        identities_have_profiles(Arc::new(database.connect().await)).await;
        let mut connection = database.options().connect().await.unwrap();
        let row = connection.fetch_one(NAMED).await.unwrap();
        assert_eq!(row.get::<String, _>(0), PROFILE);
    })
    .await;
}

/// A mail of a function that waits keeps its text.
async fn the_one_that_waits_is_sent(store: AnyStore) {
    let claimed = commit!(store, claim_mail("worker", at(0), at(60), 10, false));
    let [mail] = claimed.as_slice() else {
        panic!("{claimed:?}")
    };
    assert_eq!(mail.id.to_string(), "0000000000000000000000d1");
    let MailContent::Sealed(sealed) = &mail.content else {
        panic!("{mail:?}")
    };
    assert_eq!(sealed.sealed, [1, 2]);
    assert!(commit!(
        store,
        record_delivery("worker", mail.id, &DeliveryOutcome::Sent, at(1))
    ));
}

#[tokio::test]
async fn s28_a_sqlite_file_of_the_sixth_schema_keeps_no_text_of_a_finished_mail() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("doorward.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    older_schema(&mut connection, &SQLITE, sealed!("X'0102'")).await;
    connection.close().await.unwrap();
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.unwrap();
    let mut connection = options.connect().await.unwrap();
    assert_eq!(connection.fetch_one(TEXTS).await.unwrap().get::<i64, _>(0), 1);
    the_one_that_waits_is_sent(Arc::new(store.clone())).await;
    assert_eq!(connection.fetch_one(TEXTS).await.unwrap().get::<i64, _>(0), 0);
    connection.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn s28_a_postgres_database_of_the_sixth_schema_keeps_no_text_of_a_finished_mail() {
    with_postgres(async |database| {
        let mut connection = database.options().connect().await.unwrap();
        older_schema(&mut connection, &POSTGRES, sealed!("'\\x0102'::bytea")).await;
        let store: AnyStore = Arc::new(database.connect().await);
        assert_eq!(connection.fetch_one(TEXTS).await.unwrap().get::<i64, _>(0), 1);
        the_one_that_waits_is_sent(store).await;
        assert_eq!(connection.fetch_one(TEXTS).await.unwrap().get::<i64, _>(0), 0);
    })
    .await;
}
