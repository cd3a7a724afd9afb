//! Limits on what strangers can cause.

use std::time::Duration;

use doorward_core::{EmailAddress, Limit, LimitSweeper};
use doorward_testkit::{Reply, TestApp};
use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::json;

const STRANGER: &str = "198.51.100.1";
const HOME: &str = "203.0.113.7";

async fn guess(app: &TestApp, from: &str, email: &str) -> Reply {
    app.anonymous().at(from).log_in(email, "a wrong password").await
}

/// How many of so many guesses at once, each from an address of its own, were tried.
async fn tried(app: &TestApp, email: &str, guesses: u8) -> usize {
    let guesses = (0..guesses).map(async |n| guess(app, &format!("192.0.2.{n}"), email).await);
    let answers = join_all(guesses).await;
    answers.iter().filter(|answer| answer.status() == 401).count()
}

fn retry_after(reply: &Reply) -> u64 {
    reply.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn s59_an_account_allows_ten_wrong_passwords_and_then_one_every_ten_seconds() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for _ in 0..10 {
        assert_eq!(guess(&app, STRANGER, &ada.email).await.status(), 401);
    }
    let hashes = app.hashes_computed();
    let refused = guess(&app, STRANGER, &ada.email).await;
    assert_snapshot!(refused.error(), @"429 - too many requests");
    assert!((10..=11).contains(&retry_after(&refused)), "{}", retry_after(&refused));
    assert_eq!(app.hashes_computed(), hashes, "a refused guess costs no hash");
    // Also the right password is refused: a guess must not be told apart by the answer.
    let right = app.anonymous().at(STRANGER).log_in(&ada.email, &ada.password).await;
    assert_eq!(right.status(), 429);

    app.advance(Duration::from_secs(10));
    assert_eq!(guess(&app, STRANGER, &ada.email).await.status(), 401);
    assert_eq!(guess(&app, STRANGER, &ada.email).await.status(), 429);
}

#[tokio::test]
async fn s59_after_a_hundred_wrong_passwords_in_a_row_there_is_one_every_quarter_of_an_hour() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for _ in 0..100 {
        app.advance(Duration::from_secs(10));
        assert_eq!(guess(&app, "192.0.2.1", &ada.email).await.status(), 401);
    }
    app.advance(Duration::from_mins(14));
    assert_eq!(guess(&app, "192.0.2.2", &ada.email).await.status(), 401);
    app.advance(Duration::from_mins(14));
    let refused = guess(&app, "192.0.2.2", &ada.email).await;
    assert_eq!(refused.status(), 429);
    assert!((60..=61).contains(&retry_after(&refused)), "{}", retry_after(&refused));

    // A right password ends the row.
    app.advance(Duration::from_mins(1));
    assert_eq!(app.anonymous().log_in(&ada.email, &ada.password).await.status(), 200);
    assert_eq!(tried(&app, &ada.email, 12).await, 10);
}

#[tokio::test]
async fn s59_t14_a_stranger_cannot_lock_the_owner_out_of_a_network_that_the_account_knows() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let at_home = || app.anonymous().at(HOME);
    assert_eq!(at_home().log_in(&ada.email, &ada.password).await.status(), 200);
    assert_eq!(tried(&app, &ada.email, 20).await, 10);

    let elsewhere = app.anonymous().at("203.0.113.8");
    assert_eq!(elsewhere.log_in(&ada.email, &ada.password).await.status(), 429);
    for _ in 0..3 {
        assert_eq!(at_home().log_in(&ada.email, &ada.password).await.status(), 200);
    }
    // The network of the owner has limits too.
    for _ in 0..10 {
        assert_eq!(guess(&app, HOME, &ada.email).await.status(), 401);
    }
    assert_eq!(guess(&app, HOME, &ada.email).await.status(), 429);
    // It is known for 30 days.
    app.advance(Duration::from_hours(31 * 24));
    assert_eq!(tried(&app, &ada.email, 20).await, 10);
    assert_eq!(at_home().log_in(&ada.email, &ada.password).await.status(), 429);
}

#[tokio::test]
async fn s60_t13_of_500_guesses_at_once_no_more_are_tried_than_the_account_allows() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let both = [&ada.email, "nobody@example.com"];
    for email in both {
        assert_eq!(tried(&app, email, 250).await, 10, "{email}");
    }
}

#[tokio::test]
async fn s61_t13_all_spellings_of_an_address_share_one_bucket() {
    let app = TestApp::auto_confirm().await;
    for n in 0..10 {
        let email = if n % 2 == 0 {
            "Ada@Example.com"
        } else {
            "ADA@example.COM"
        };
        assert_eq!(guess(&app, STRANGER, email).await.status(), 401);
    }
    assert_eq!(guess(&app, STRANGER, "ada@example.com").await.status(), 429);
}

#[tokio::test]
async fn s62_t13_a_network_has_a_hundred_wrong_passwords_whatever_accounts_it_tries() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for n in 0..100 {
        let from = format!("2001:db8:1:2::{n:x}");
        assert_eq!(guess(&app, &from, &format!("{n}@example.com")).await.status(), 401);
    }
    let hashes = app.hashes_computed();
    let login = "/auth/providers/local-userpass/login";
    let client = app.anonymous().at("2001:db8:1:2::ffff");
    let refused = client.post_raw(login, Some("application/json"), b"not even JSON").await;
    assert_eq!(refused.status(), 429, "it is refused before its body is read");
    assert_eq!(app.hashes_computed(), hashes);
    let neighbour = app.anonymous().at("2001:db8:1:3::1");
    assert_eq!(neighbour.log_in(&ada.email, &ada.password).await.status(), 200);
    assert_eq!(
        app.api().accounts.limit_metrics().refused(Limit::FailedLoginsOfNetwork),
        1
    );
    app.advance(Duration::from_secs(5));
    assert_eq!(guess(&app, "2001:db8:1:2::1", "x@example.com").await.status(), 401);
}

#[tokio::test]
async fn a_network_that_goes_on_at_an_account_without_permits_runs_into_its_own_limit() {
    let app = TestApp::auto_confirm().await;
    let metrics = app.api().accounts.limit_metrics();
    for _ in 0..100 {
        guess(&app, STRANGER, "ada@example.com").await;
    }
    assert_eq!(metrics.refused(Limit::FailedLoginsOfAccount), 90);
    assert_eq!(guess(&app, STRANGER, "ada@example.com").await.status(), 429);
    assert_eq!(metrics.refused(Limit::FailedLoginsOfNetwork), 1);
}

#[tokio::test]
async fn s63_other_spellings_of_the_path_share_the_buckets() {
    let app = TestApp::auto_confirm().await;
    let root = format!("/api/client/v2.0/app/{}/auth/providers", TestApp::ID);
    let paths = [
        format!("{root}/local-userpass/login"),
        format!("{root}//local-userpass///login/"),
        format!("{root}/local%2Duserpass/login"),
    ];
    let mut answers = Vec::new();
    for n in 0..102 {
        let body = json!({ "username": format!("{n}@example.com"), "password": "wrong" });
        let client = app.anonymous().at(STRANGER);
        answers.push(client.send_json("POST", &paths[n % 3], body).await.status().as_u16());
    }
    assert_eq!(answers[..100], [401; 100]);
    assert_eq!(answers[100..], [429; 2]);
}

#[tokio::test]
async fn right_passwords_at_the_same_moment_do_not_limit_each_other() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let logins = (0..30).map(async |_| app.anonymous().at(HOME).log_in(&ada.email, &ada.password).await);
    for login in join_all(logins).await {
        assert_eq!(login.status(), 200, "{}", login.text());
    }
}

#[tokio::test]
async fn a_right_password_without_a_confirmation_costs_nothing() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let _unused = app.mailed_token("ada@example.com");
    for _ in 0..12 {
        let waiting = app.anonymous().at(HOME).log_in("ada@example.com", "ada-password").await;
        assert_eq!(waiting.error(), "401 AuthError unauthorized");
    }
}

#[tokio::test]
async fn s37_a_recipient_gets_five_mails_for_each_purpose_and_then_one_every_twelve_minutes() {
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    let known = json!({ "email": ada.email });
    let unknown = json!({ "email": "nobody@example.com" });
    let send = async |body: &serde_json::Value| app.anonymous().email_password("reset/send", body.clone()).await;
    for _ in 0..5 {
        assert_eq!(send(&known).await.status(), 200);
        assert_eq!(send(&unknown).await.status(), 404);
    }
    let refused = send(&known).await;
    assert_snapshot!(refused.error(), @"429 - too many requests");
    assert!((720..=721).contains(&retry_after(&refused)));
    assert_eq!(
        send(&unknown).await.status(),
        429,
        "an unknown address is limited as a known one"
    );
    app.advance(Duration::from_mins(12));
    assert_eq!(send(&known).await.status(), 200);
    while app.unread_mails() > 0 {
        let _unused = app.next_mail();
    }
}

#[tokio::test]
async fn s37_a_network_asks_for_thirty_mails_and_then_one_every_two_minutes() {
    let app = TestApp::auto_confirm().await;
    let send = async |call: &str, n: u32| {
        let body = json!({ "email": format!("{n}@example.com") });
        app.anonymous()
            .at(STRANGER)
            .email_password(call, body)
            .await
            .status()
            .as_u16()
    };
    for n in 0..15 {
        assert_eq!(send("reset/send", n).await, 404);
        assert_eq!(send("confirm/send", n).await, 404);
    }
    assert_eq!(send("reset/send", 99).await, 429);
    assert_eq!(send("confirm/send", 99).await, 429);
    app.advance(Duration::from_mins(2));
    assert_eq!(send("confirm/send", 99).await, 404);
    assert_eq!(send("confirm/send", 99).await, 429);
}

#[tokio::test]
async fn a_network_registers_twenty_addresses_and_then_one_every_three_minutes() {
    let app = TestApp::auto_confirm().await;
    let register = async |n: u32| {
        let body = json!({ "email": format!("{n}@example.com"), "password": "secret-password" });
        app.anonymous().at(STRANGER).email_password("register", body).await
    };
    for n in 0..20 {
        assert_eq!(register(n).await.status(), 201);
    }
    let hashes = app.hashes_computed();
    assert_snapshot!(register(20).await.error(), @"429 - too many requests");
    assert_eq!(app.hashes_computed(), hashes);
    app.advance(Duration::from_mins(3));
    assert_eq!(register(20).await.status(), 201);
}

#[tokio::test]
async fn s37_limits_outlive_a_restart() {
    let mut app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(tried(&app, &ada.email, 12).await, 10);
    let same = doorward_core::App::clone(app.app());
    app.restart([(same, TestApp::keys())]);
    assert_eq!(guess(&app, STRANGER, &ada.email).await.status(), 429);
}

#[tokio::test]
async fn what_is_full_again_is_forgotten() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.anonymous().at(HOME).log_in(&ada.email, &ada.password).await;
    guess(&app, STRANGER, &ada.email).await;
    let rows = async |table: &str| app.dump().await.matches(&format!("\n{table} ")).count();
    let sweeper = LimitSweeper::new(app.api().accounts.clone());
    sweeper.sweep().await.unwrap();
    assert_eq!((rows("limit_buckets").await, rows("known_networks").await), (1, 1));
    app.advance(Duration::from_hours(25));
    sweeper.sweep().await.unwrap();
    assert_eq!((rows("limit_buckets").await, rows("known_networks").await), (0, 1));
    app.advance(Duration::from_hours(30 * 24));
    sweeper.sweep().await.unwrap();
    assert_eq!(rows("known_networks").await, 0);
}

#[tokio::test]
async fn administrators_and_the_server_itself_are_not_limited() {
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    for _ in 0..8 {
        app.accounts()
            .send_reset_password_email(&EmailAddress::parse(&ada.email).unwrap())
            .await
            .unwrap();
    }
    app.deliver_mail().await;
    while app.unread_mails() > 0 {
        let _unused = app.next_mail();
    }
}

#[tokio::test]
async fn no_address_is_readable_in_the_rows_of_limits() {
    let app = TestApp::auto_confirm().await;
    guess(&app, STRANGER, "a-password-in-the-wrong-field").await;
    let dump = app.dump().await;
    assert!(dump.contains("limit_buckets"));
    assert!(!dump.contains("a-password-in-the-wrong-field") && !dump.contains(STRANGER));
}
