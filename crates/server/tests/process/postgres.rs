//! Servers that share a PostgreSQL database, and a database that goes away.

use std::time::{Duration, Instant};

use doorward_client::Credentials;
use doorward_testkit::smtp_server::SmtpMode;
use futures_util::TryFutureExt as _;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::time::sleep;

use crate::support::{Call, Client, Figures, Letter, PASSWORD, Purpose, Reply, Server, Site, refusal, with_database};

const MAIL: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_life_of_an_account() {
    with_database(async |database, _door| {
        let site = Site::new(&database).await;
        let server = site.start().await;
        let app = server.app();
        let auth = app.email_password_auth();
        let ada = "ada@example.com";
        let with = |password| Credentials::email_password(ada, password);
        auth.register_user(ada, PASSWORD).await.unwrap();
        assert_eq!(refusal(app.log_in(with(PASSWORD)).await), "401 AuthError unauthorized");
        let confirm = letter(&site, 1, Purpose::Confirm).await.pair();
        auth.confirm_user(&confirm).await.unwrap();
        let spent = "400 UserpassTokenInvalid userpass token is expired or invalid";
        assert_eq!(refusal(auth.confirm_user(&confirm).await), spent);
        let user = app.log_in(with(PASSWORD)).await.unwrap();
        user.refresh_access_token().await.unwrap();

        auth.send_reset_password_email(ada).await.unwrap();
        let reset = letter(&site, 2, Purpose::Reset).await.pair();
        auth.reset_password("a new password", &reset).await.unwrap();
        assert_eq!(refusal(auth.reset_password("another one", &reset).await), spent);
        assert!(user.refresh_access_token().await.unwrap_err().is_logged_out());
        let wrong = "401 InvalidPassword unauthorized";
        assert_eq!(refusal(app.log_in(with(PASSWORD)).await), wrong);
        let again = app.log_in(with("a new password")).await.unwrap();
        assert_eq!(again, user, "it is the same user");

        app.delete_user(&again).await.unwrap();
        assert_eq!(refusal(app.log_in(with("a new password")).await), wrong);
        // The address is free again.
        auth.register_user(ada, PASSWORD).await.unwrap();
        letter(&site, 3, Purpose::Confirm).await;
        let ended = server.stop().await;
        assert!(ended.status.success() && !ended.stderr.contains("ERROR"), "{ended:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_of_200_racers_on_two_nodes_one_spends_the_link() {
    with_database(async |database, _door| {
        let site = Site::new(&database).await;
        // Started side by side: both make the schema, the keys and the app, and agree on them.
        let (a, b) = tokio::join!(site.start(), site.start());
        let ada = "ada@example.com";
        a.register(ada).await;
        let confirm = Call::confirm(&letter(&site, 1, Purpose::Confirm).await);
        assert_eq!(race(&a, &b, &confirm, 200).await, ["200"]);
        assert_eq!(b.ask(&confirm).await, "400 UserpassTokenInvalid");

        assert_eq!(b.ask(&Call::send(Purpose::Reset, ada)).await, "200");
        let reset = Call::reset(&letter(&site, 2, Purpose::Reset).await, "a new password");
        assert_eq!(race(&a, &b, &reset, 32).await, ["200"]);
        assert_eq!(a.ask(&reset).await, "400 UserpassTokenInvalid");

        // What one node has signed, the other accepts.
        let session = a.ask(&Call::log_in(ada, "a new password")).await.session();
        assert_eq!(b.ask(&Call::profile(&session)).await, "200");
        assert_eq!(b.ask(&Call::refresh(&session)).await, "201");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_send_each_mail_once() {
    with_database(async |database, _door| {
        let site = Site::new(&database).await;
        let (a, b) = tokio::join!(site.start(), site.start());
        let calls = (0..40).map(|user| Call::register(&format!("user-{user}@example.com"), PASSWORD));
        let calls: Vec<_> = calls.collect();
        let replies = join_all(
            calls
                .iter()
                .zip([&a, &b].into_iter().cycle())
                .map(|(call, node)| node.ask(call)),
        )
        .await;
        assert!(replies.iter().all(|reply| *reply == "201"), "{replies:?}");
        site.relay.wait_for(40, MAIL).await;
        outbox_is_empty(&a).await;
        let mut ids: Vec<_> = site.relay.mails().into_iter().map(|mail| mail.message_id).collect();
        assert_eq!(ids.len(), 40);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_a_killed_node_had_claimed_are_sent_by_the_other() {
    with_database(async |database, _door| {
        let mut site = Site::new(&database).await;
        site.relay.set_mode(SmtpMode::Hang).await;
        let doomed = site.start().await;
        for user in 0..5 {
            doomed.register(&format!("user-{user}@example.com")).await;
        }
        let begun = Instant::now();
        while site.relay.connections() < 5 {
            assert!(
                begun.elapsed() < MAIL,
                "{} of 5 mails are under way",
                site.relay.connections()
            );
            sleep(Duration::from_millis(20)).await;
        }
        let other = site.start().await;
        doomed.kill().await;
        site.relay.set_mode(SmtpMode::Normal).await;
        site.relay.wait_for(5, Duration::from_secs(20)).await;
        outbox_is_empty(&other).await;
        assert_eq!(site.relay.mails().len(), 5, "each came once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_database_that_is_away_is_an_answer_and_no_restart_is_needed() {
    with_database(async |database, mut door| {
        let site = Site::new(&database).await;
        let server = site.start().await;
        let app = server.app();
        let auth = app.email_password_auth();
        let (ada, bob) = ("ada@example.com", "bob@example.com");
        auth.register_user(ada, PASSWORD).await.unwrap();
        let pair = letter(&site, 1, Purpose::Confirm).await.pair();
        auth.confirm_user(&pair).await.unwrap();
        let log_in = || app.log_in(Credentials::email_password(ada, PASSWORD));
        let user = log_in().await.unwrap();

        door.shut().await;
        let begun = Instant::now();
        let answers = tokio::join!(
            auth.register_user(bob, PASSWORD),
            auth.send_reset_password_email(ada),
            auth.confirm_user(&pair),
            app.delete_user(&user),
            log_in().map_ok(drop),
            user.refresh_access_token().map_ok(drop),
        );
        for answer in <[_; 6]>::from(answers) {
            assert_eq!(refusal(answer), "503 InternalServerError service unavailable");
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "that took {:?}",
            begun.elapsed()
        );
        assert!(user.is_logged_in(), "whoever was logged in still is");
        let ready = server.ask(&Call::get("/readyz")).await;
        let reason = json!({ "status": "not ready", "reason": "database unavailable" });
        assert_eq!((ready.status, ready.json()), (503, reason));
        let healthy = server.ask(&Call::get("/healthz")).await;
        assert_eq!((healthy.status, healthy.json()), (200, json!({ "status": "ok" })));
        let location = server.ask(&Call::get_of_app("location")).await;
        assert_eq!(location, "200", "what needs no database goes on");

        door.open().await;
        recovered(&server).await;
        // None of the failed requests was carried out later.
        user.refresh_access_token().await.unwrap();
        auth.register_user(bob, PASSWORD).await.unwrap();
        let letter = letter(&site, 2, Purpose::Confirm).await;
        assert_eq!(letter.to, bob, "the outbox has recovered too");
    })
    .await;
}

/// Every tenth row that a flow writes is refused, in turn as a serialization failure and as a deadlock.
#[tokio::test(flavor = "multi_thread")]
async fn s86_transactions_that_the_database_undoes_never_surface_and_nothing_doubles() {
    with_database(async |database, _door| {
        let site = Site::new(&database).await;
        let server = site.start().await;
        inject_conflicts(&database).await;
        // One call after the other, so that what is tried again has nine rows before it is refused once more.
        for user in 1..=30 {
            let email = format!("user-{user}@example.com");
            assert_eq!(server.ask(&Call::register(&email, PASSWORD)).await, "201");
            let letters = site.relay.wait_for(2 * user - 1, MAIL).await;
            let confirm = Call::confirm(&Letter::read(&letters[2 * user - 2]));
            assert_eq!(server.ask(&confirm).await, "200");
            assert_eq!(server.ask(&confirm).await, "400 UserpassTokenInvalid");
            assert_eq!(server.ask(&Call::send(Purpose::Reset, &email)).await, "200");
            let letters = site.relay.wait_for(2 * user, MAIL).await;
            let reset = Call::reset(&Letter::read(&letters[2 * user - 1]), "a new password");
            assert_eq!(server.ask(&reset).await, "200");
            let session = server.ask(&Call::log_in(&email, "a new password")).await.session();
            assert_eq!(server.ask(&Call::delete(&session)).await, "204");
        }
        assert_eq!(site.relay.mails().len(), 60, "no mail came twice");
        // Each of the accounts was made once, and is gone.
        let mut connection = PgConnection::connect(&database).await.unwrap();
        let left = "SELECT (SELECT count(*) FROM registrations) + (SELECT count(*) FROM users)
                           + (SELECT count(*) FROM sessions)";
        assert_eq!(connection.fetch_one(left).await.unwrap().get::<i64, _>(0), 0);
        let conflicts = connection
            .fetch_one("SELECT last_value FROM rows_written")
            .await
            .unwrap();
        assert!(conflicts.get::<i64, _>(0) > 500, "a tenth of these was refused");
        let ended = server.stop().await;
        assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    })
    .await;
}

/// A sequence is not rolled back, so what is tried again meets the next numbers.
async fn inject_conflicts(database: &str) {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let function = "CREATE SEQUENCE rows_written;
        CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE written bigint := nextval('rows_written');
        BEGIN
            IF written % 20 = 10 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END IF;
            IF written % 20 = 0 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40P01'; END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$";
    connection.execute(function).await.unwrap();
    for (table, events) in [
        ("registrations", "INSERT OR UPDATE OR DELETE"),
        ("mail_tokens", "INSERT OR UPDATE OR DELETE"),
        // The worker claims more than ten mails in one statement, which would never succeed.
        ("mails", "INSERT OR DELETE"),
        ("users", "INSERT OR UPDATE OR DELETE"),
        ("identities", "INSERT OR UPDATE OR DELETE"),
        ("sessions", "INSERT OR UPDATE OR DELETE"),
    ] {
        let trigger =
            format!("CREATE TRIGGER conflict BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION conflict()");
        connection.execute(AssertSqlSafe(trigger)).await.unwrap();
    }
}

/// Waits for a mail, counted from one.
async fn letter(site: &Site, number: usize, purpose: Purpose) -> Letter {
    let letter = Letter::read(&site.relay.wait_for(number, MAIL).await[number - 1]);
    assert_eq!(letter.purpose, purpose);
    letter
}

/// Sends a request many times in parallel to both nodes, and returns the answers to those that did not come too late.
async fn race(a: &Server, b: &Server, call: &Call, racers: usize) -> Vec<Reply> {
    let clients: Vec<Client> = [a, b].map(|node| node.client().clone()).into();
    let racers = clients.iter().cycle().take(racers).cloned().map(|client| {
        let call = call.clone();
        tokio::spawn(async move { client.ask(&call).await })
    });
    let replies = join_all(racers.collect::<Vec<_>>()).await;
    replies
        .into_iter()
        .map(Result::unwrap)
        .filter(|reply| *reply != "400 UserpassTokenInvalid")
        .collect()
}

async fn outbox_is_empty(server: &Server) {
    let url = server.metrics_url().await;
    Figures::wait_for(&url, "doorward_outbox_mails{state=\"waiting\"}", 0, MAIL).await;
}

async fn recovered(server: &Server) {
    let begun = Instant::now();
    while server.ask(&Call::get("/readyz")).await.status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the server has not recovered"
        );
        sleep(Duration::from_millis(50)).await;
    }
}
