//! What PostgreSQL promises beyond the contract: several servers on one database, and a network that may fail.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_core::{AppObjectId, Purpose, Registration, Store as _, StoreError};
use doorward_store::{PostgresOptions, PostgresStore, PostgresUrl};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::io::AsyncReadExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::backends::{PostgresDatabase, with_postgres};
use crate::fixtures::{AnyStore, METHODS, at, hash, issued, new_id, pending, stored_confirmed, stored_pending};
use crate::schema::{assert_no_usable_token, token_keys};
use crate::tokens::race;

async fn node(database: &PostgresDatabase) -> AnyStore {
    Arc::new(database.connect().await)
}

async fn ping(store: &PostgresStore) -> Result<(), StoreError> {
    store.reads().await?.ping().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_of_200_racers_on_two_nodes_one_consumes_a_token() {
    with_postgres(async |database| {
        let nodes = [node(&database).await, node(&database).await];
        for purpose in Purpose::ALL {
            race(&nodes, purpose).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_side_by_side_migrate_once() {
    with_postgres(async |database| {
        let nodes: Vec<_> = (0..6)
            .map(|_| {
                let database = Arc::clone(&database);
                tokio::spawn(async move { read!(database.connect().await, ping()) })
            })
            .collect();
        for node in nodes {
            node.await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_unavailable_and_the_store_recovers() {
    with_postgres(async |database| {
        let store = database.connect().await;
        let any: AnyStore = Arc::new(store.clone());
        let app: AppObjectId = new_id();
        let ada = stored_pending(&any, app, "ada@example.com").await;

        let mut tx = store.begin().await.unwrap();
        assert!(tx.confirm_registration(ada.id, at(1)).await.unwrap());
        database.terminate_connections().await;
        let lost = tx.set_password(ada.id, &hash("second"), at(1)).await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        assert!(tx.commit().await.is_err());

        // Each connection of the pool may fail once; none is used again after its failure.
        let read = async || store.reads().await?.find_registration(app, &ada.email).await;
        let mut failures = 0;
        while let Err(error) = read().await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            failures += 1;
            assert!(
                failures <= PostgresOptions::default().max_connections,
                "it does not recover"
            );
        }
        let found = read!(store, find_registration(app, &ada.email));
        assert_eq!(found, Some(Registration::Pending(ada)));
        stored_pending(&any, app, "bob@example.com").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_were_not_committed_give_their_connection_back() {
    with_postgres(async |database| {
        let options = PostgresOptions {
            max_connections: 1,
            ..PostgresOptions::default()
        };
        let store = PostgresStore::connect(&database.url(), options).await.unwrap();
        let app: AppObjectId = new_id();
        for _ in 0..20 {
            let mut tx = store.begin().await.unwrap();
            let ada = Registration::Pending(pending(app, "ada@example.com"));
            assert!(tx.insert_registration(&ada).await.unwrap());
        }
        // Also when a caller is cancelled while its statement is in flight.
        for _ in 0..20 {
            let mut tx = store.begin().await.unwrap();
            let ada = Registration::Pending(pending(app, "ada@example.com"));
            let _ = futures_util::poll!(tx.insert_registration(&ada));
        }
        let mut connection = database.options().connect().await.unwrap();
        let row = connection
            .fetch_one("SELECT COUNT(*) FROM registrations")
            .await
            .unwrap();
        assert_eq!(row.get::<i64, _>(0), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_give_their_connection_back() {
    with_postgres(async |database| {
        let options = PostgresOptions {
            max_connections: 1,
            ..PostgresOptions::default()
        };
        let store = PostgresStore::connect(&database.url(), options).await.unwrap();
        let id = async || {
            let mut connection = database.options().connect().await.unwrap();
            let sql = "SELECT pid FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'doorward'
                       ORDER BY backend_start DESC LIMIT 1";
            connection.fetch_one(sql).await.unwrap().get::<i32, _>(0)
        };
        let first = id().await;
        for reads in 0..5 {
            let mut lease = store.reads().await.unwrap();
            for _ in 0..reads {
                lease.ping().await.unwrap();
            }
        }
        assert_eq!(id().await, first, "the same connection served all of them");
        // Also when a caller is cancelled while its read is in flight.
        for _ in 0..20 {
            let mut lease = store.reads().await.unwrap();
            let _ = futures_util::poll!(lease.ping());
        }
        ping(&store).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_down_is_a_clear_error_without_its_url() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = PostgresUrl::parse(&format!("postgres://ada:s3cret@127.0.0.1:{port}/doorward")).unwrap();
    let error = PostgresStore::connect(&url, PostgresOptions::default())
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(
        shown.contains("Connection refused") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_database_that_never_answers_is_unavailable_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = PostgresUrl::parse(&format!("postgres://ada@{}/doorward", listener.local_addr().unwrap())).unwrap();
    let options = PostgresOptions {
        acquire_timeout: Duration::from_millis(300),
        ..PostgresOptions::default()
    };
    let started = Instant::now();
    let error = PostgresStore::connect(&url, options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn t18_a_connection_that_closes_at_its_request_for_tls_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = PostgresUrl::parse(&format!("postgres://ada@{}/doorward", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            // Read, so that it is closed and not reset.
            connection.read_exact(&mut [0; 8]).await.unwrap();
        }
    });
    let error = PostgresStore::connect(&url, PostgresOptions::default()).await;
    assert!(matches!(error, Err(StoreError::Unavailable(_))), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_is_not_used_until_it_does() {
    with_postgres(async |database| {
        let options = PostgresOptions {
            acquire_timeout: Duration::from_millis(500),
            ..PostgresOptions::default()
        };
        let store = PostgresStore::connect(&database.url(), options.clone()).await.unwrap();
        ping(&store).await.unwrap();
        // As on a standby, every transaction of a new connection is read-only.
        let read_only = |value: &str| {
            let name = database.options().get_database().unwrap().to_owned();
            format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}")
        };
        database.administer(&read_only("on")).await;
        database.terminate_connections().await;
        ping(&store).await.unwrap_err();
        for _ in 0..3 {
            let refused = ping(&store).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        let refused = PostgresStore::connect(&database.url(), options).await.unwrap_err();
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert!(cause.contains("takes no writes"), "{cause}");

        database.administer(&read_only("off")).await;
        ping(&store).await.unwrap();
        stored_pending(&(Arc::new(store) as AnyStore), new_id(), "ada@example.com").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_answers_read_only_is_closed_with_those_that_were_opened_before() {
    with_postgres(async |database| {
        let store = database.connect().await;
        let leases = [store.reads().await.unwrap(), store.reads().await.unwrap()];
        let writing = store.begin().await.unwrap();
        drop((leases, writing));
        ping(&store).await.unwrap();
        let before = database.connections().await;
        assert_eq!(before.len(), 3);

        database.fail_registrations("25006").await;
        let mut tx = store.begin().await.unwrap();
        let ada = Registration::Pending(pending(new_id(), "ada@example.com"));
        let refused = tx.insert_registration(&ada).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        drop(tx);
        let leases = [store.reads().await.unwrap(), store.reads().await.unwrap()];
        let writing = store.begin().await.unwrap();
        let after = database.connections().await;
        assert!(before.iter().all(|id| !after.contains(id)), "{before:?} {after:?}");
        drop((leases, writing));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s86_only_what_was_certainly_undone_is_a_conflict() {
    with_postgres(async |database| {
        let store = database.connect().await;
        for (code, conflict) in [("40001", true), ("40P01", true), ("40003", false), ("40000", false)] {
            database.fail_registrations(code).await;
            let mut tx = store.begin().await.unwrap();
            let ada = Registration::Pending(pending(new_id(), "ada@example.com"));
            let error = tx.insert_registration(&ada).await.unwrap_err();
            match error {
                StoreError::Conflict(_) => assert!(conflict, "{code}"),
                StoreError::Unavailable(_) => assert!(!conflict, "{code}"),
                StoreError::Unexpected(_) => panic!("{error:?}"),
            }
        }
        // The connection is still the same one.
        assert_eq!(database.connections().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_hosts_the_one_that_answers_is_used() {
    with_postgres(async |database| {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Accepts connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = unused.local_addr().unwrap();
        drop(unused);
        let options = database.options();
        let url = options.to_url_lossy();
        let one = format!("{}:{}", options.get_host(), options.get_port());
        let silent = silent.local_addr().unwrap();
        for hosts in [format!("{dead},{silent},{one}"), format!("{one},{silent}")] {
            let url = url.as_str().replace(&one, &hosts);
            let url = PostgresUrl::parse(&format!("{url}&target_session_attrs=read-write")).unwrap();
            let store = PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap();
            stored_pending(&(Arc::new(store.clone()) as AnyStore), new_id(), "ada@example.com").await;
            // From here on, the host that answered is the first one to be tried.
            database.terminate_connections().await;
            let begun = Instant::now();
            while ping(&store).await.is_err() {
                assert!(begun.elapsed() < Duration::from_secs(10), "it does not recover");
            }
        }
    })
    .await;
}

/// This test takes as long as the store waits for an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_unavailable_in_time_and_the_store_recovers() {
    with_postgres(async |database| {
        let (line, open) = Line::to(&database).await;
        let url = database.options().host("127.0.0.1").port(line).to_url_lossy();
        let options = PostgresOptions {
            max_connections: 2,
            acquire_timeout: Duration::from_secs(2),
            ..PostgresOptions::default()
        };
        let url = PostgresUrl::parse(url.as_str()).unwrap();
        let store = PostgresStore::connect(&url, options).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let started = Instant::now();
        open.send(false).unwrap();
        let ada = Registration::Pending(pending(new_id(), "ada@example.com"));
        let (writing, reading) = tokio::join!(tx.insert_registration(&ada), ping(&store));
        assert!(matches!(writing, Err(StoreError::Unavailable(_))), "{writing:?}");
        assert!(matches!(reading, Err(StoreError::Unavailable(_))), "{reading:?}");
        assert!(tx.commit().await.is_err());
        assert!(started.elapsed() < Duration::from_secs(30));
        open.send(true).unwrap();
        let mut failures = 0;
        while let Err(error) = ping(&store).await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            failures += 1;
            assert!(failures < 10, "it does not recover");
        }
    })
    .await;
}

/// A proxy between the store and the database that can fall silent without closing a connection.
struct Line;

impl Line {
    async fn to(database: &PostgresDatabase) -> (u16, watch::Sender<bool>) {
        let server = (database.options().get_host().to_owned(), database.options().get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, gate) = watch::channel(true);
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let far = TcpStream::connect(&server).await.unwrap();
                let (near, far) = (near.into_split(), far.into_split());
                tokio::spawn(Self::carry(near.0, far.1, gate.clone()));
                tokio::spawn(Self::carry(far.0, near.1, gate.clone()));
            }
        });
        (port, open)
    }

    async fn carry(from: OwnedReadHalf, to: OwnedWriteHalf, mut gate: watch::Receiver<bool>) {
        let mut buffer = [0; 8192];
        loop {
            from.readable().await.unwrap();
            let bytes = match from.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(_) => return,
            };
            if gate.wait_for(|open| *open).await.is_err() {
                return;
            }
            let mut rest = &buffer[..bytes];
            while !rest.is_empty() {
                to.writable().await.unwrap();
                match to.try_write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_is_unavailable_in_time() {
    with_postgres(async |database| {
        let options = PostgresOptions {
            max_connections: 1,
            acquire_timeout: Duration::from_millis(300),
            ..PostgresOptions::default()
        };
        let store = PostgresStore::connect(&database.url(), options).await.unwrap();
        let held = store.begin().await.unwrap();
        assert!(matches!(store.begin().await.err(), Some(StoreError::Unavailable(_))));
        held.commit().await.unwrap();
        read!(store, ping());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_does_not_quote_the_row_that_it_is_about() {
    with_postgres(async |database| {
        let store = node(&database).await;
        let app: AppObjectId = new_id();
        let ada = stored_confirmed(&store, app, "ada@example.com").await;
        let impostor = doorward_core::PendingRegistration {
            id: ada.id,
            ..pending(app, "eve@example.com")
        };
        let mut tx = store.begin().await.unwrap();
        let error = tx
            .insert_registration(&Registration::Pending(impostor))
            .await
            .unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("registrations_pkey"), "{shown}");
        assert!(
            !shown.contains(&ada.id.to_string()) && !shown.contains("argon2"),
            "{shown}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_the_tables_hold_no_usable_token() {
    with_postgres(async |database| {
        let store = node(&database).await;
        let app: AppObjectId = new_id();
        let ada = stored_pending(&store, app, "ada@example.com").await;
        for purpose in Purpose::ALL {
            let (token, mail) = issued(&store, app, ada.id, purpose).await;
            let secret = token_keys().derive(&token).unwrap().secret;
            let mut connection = database.options().connect().await.unwrap();
            let sql = "SELECT database_to_xml(true, false, '')::text";
            let dump: String = connection.fetch_one(sql).await.unwrap().get(0);
            assert_no_usable_token(dump.as_bytes(), &secret, mail);
        }
    })
    .await;
}

/// A connection, once all others to the database have ended: each hands in its statistics when it ends.
async fn alone(database: &PostgresDatabase) -> PgConnection {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut connection = database.options().connect().await.unwrap();
    while connection.fetch_one(sql).await.unwrap().get::<i64, _>(0) > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    connection
}

/// How many rows of a table were read since the statistics were reset, with and without an index.
async fn rows_read(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = "SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0)
               FROM pg_stat_user_tables WHERE relname = $1";
    let row = sqlx::query(sql).bind(table).fetch_one(connection).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_asks_reads_few_rows_however_many_mails_wait() {
    const BACKLOG: &str = "
        INSERT INTO registrations (id, app_id, email, password_hash, created_at)
            SELECT 'r' || n, 'a', n || '@example.com', '$none$', 0 FROM generate_series(1, 20000) n;
        INSERT INTO mail_tokens (id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at)
            SELECT 't' || n, 'a', 'r' || n, 'reset', 'email/email', 'key-1', 0, 9e15::bigint
            FROM generate_series(1, 20000) n;
        INSERT INTO mails (id, token_id, expires_at, state, created_at, due_at, tried, attempts)
            SELECT 'f' || lpad(n::text, 23, '0'), 't' || n, 9e15::bigint, 'waiting', 0, 9e14::bigint + n, n % 2, 0
            FROM generate_series(1, 20000) n;
        ANALYZE";
    with_postgres(async |database| {
        database.connect().await.close().await;
        let mut connection = database.options().connect().await.unwrap();
        connection.execute(BACKLOG).await.unwrap();
        connection.close().await.unwrap();
        let mut connection = alone(&database).await;
        connection.execute("SELECT pg_stat_reset()").await.unwrap();
        connection.close().await.unwrap();
        let store = database.connect().await;
        let any: AnyStore = Arc::new(store.clone());
        let app: AppObjectId = new_id();
        let ada = stored_pending(&any, app, "ada@example.com").await;
        for number in 0..20 {
            let (token, mail) = issued(&any, app, ada.id, Purpose::Reset).await;
            assert!(commit!(store, expire_mail(at(0), 500)).is_empty());
            let claimed = commit!(store, claim_mail("worker", at(0), at(60), 48, false));
            assert_eq!(claimed.len(), 1, "{number}");
            assert!(read!(store, holds_mail("worker", mail)));
            assert_eq!(commit!(store, extend_mail_claims("worker", at(0), at(60))), [mail]);
            let sent = doorward_core::DeliveryOutcome::Sent;
            assert!(commit!(store, record_delivery("worker", mail, &sent, at(0))));
            commit!(store, consume_mail_token(app, Purpose::Reset, token.id, METHODS, at(0))).unwrap();
            commit!(store, set_password(ada.id, &hash("other"), at(0)));
            assert_eq!(
                read!(store, next_mail_due(at(0))).unwrap().as_millis(),
                900_000_000_000_001
            );
            commit!(store, sweep(at(0), at(0)));
        }
        store.close().await;
        let mut connection = alone(&database).await;
        for table in ["mails", "mail_tokens", "registrations"] {
            let read = rows_read(&mut connection, table).await;
            assert!((20..20_000).contains(&read), "{table}: {read}");
        }
    })
    .await;
}
