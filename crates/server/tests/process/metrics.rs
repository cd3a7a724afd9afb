//! What Prometheus reads after a known sequence of requests.

use std::time::Duration;

use doorward_client::Credentials;
use doorward_testkit::smtp_server::{SmtpOptions, SmtpServer};
use tempfile::TempDir;

use crate::support::{Call, Figures, Letter, PASSWORD, Program, notes, refusal};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happened_and_nothing_that_clients_made_up() {
    let relay = SmtpServer::start(SmtpOptions::default()).await;
    let data = TempDir::new().unwrap();
    let program = Program::serve(&notes(), data.path().to_str().unwrap());
    let server = program
        .with(["--metrics-listen", "127.0.0.1:0"])
        .with_smtp(relay.port())
        .start()
        .await;
    let url = server.metrics_url().await;

    let app = server.app();
    let auth = app.email_password_auth();
    let (ada, nobody) = ("ada@example.com", "made-up-address@example.com");
    let refused = async |email, password| refusal(app.log_in(Credentials::email_password(email, password)).await);
    auth.register_user(ada, PASSWORD).await.unwrap();
    assert_eq!(
        refusal(auth.register_user(ada, PASSWORD).await),
        "409 AccountNameInUse name already in use"
    );
    assert_eq!(refused(ada, PASSWORD).await, "401 AuthError unauthorized");
    assert_eq!(refused(ada, "wrong horse").await, "401 InvalidPassword unauthorized");
    assert_eq!(refused(nobody, PASSWORD).await, "401 InvalidPassword unauthorized");
    assert_eq!(
        refusal(auth.send_reset_password_email(nobody).await),
        "404 UserNotFound user not found"
    );
    for (call, answer) in [
        (Call::get("/made-up-path"), "404"),
        (Call::get("/made-up-path").with_method("MADEUP"), "404"),
        (Call::log_in(ada, PASSWORD).in_app("made-up-app"), "404"),
        (Call::log_in(ada, PASSWORD).with_method("PUT"), "405"),
    ] {
        assert_eq!(server.ask(&call).await, answer, "{call:?}");
    }
    let letter = Letter::read(&relay.wait_for(1, Duration::from_secs(10)).await[0]);
    auth.confirm_user(&letter.pair()).await.unwrap();

    let sent = "doorward_outbox_mails{state=\"sent\"}";
    let figures = Figures::wait_for(&url, sent, 1, Duration::from_secs(10)).await;
    let provider = "/api/client/v2.0/app/{app_id}/auth/providers/local-userpass";
    let login = "/api/client/v2.0/app/{app_id}/auth/providers/{provider}/login";
    let request = |method: &str, route: &str, status: u16| {
        format!("doorward_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    for (name, value) in [
        (request("POST", &format!("{provider}/register"), 201), 1),
        (request("POST", &format!("{provider}/register"), 409), 1),
        (request("POST", &format!("{provider}/confirm"), 200), 1),
        (request("POST", &format!("{provider}/reset/send"), 404), 1),
        (request("POST", login, 401), 3),
        (request("POST", login, 404), 1),
        (request("PUT", login, 405), 1),
        (request("GET", "none", 404), 1),
        (request("other", "none", 404), 1),
        (format!("doorward_http_request_seconds_count{{route=\"{login}\"}}"), 5),
        // Two registrations and three logins; the request to an unknown app hashes no password.
        ("doorward_password_hashes_total".to_owned(), 5),
        ("doorward_password_queue_wait_seconds_count".to_owned(), 5),
        ("doorward_password_refusals_total".to_owned(), 0),
        ("doorward_outbox_mails{state=\"waiting\"}".to_owned(), 0),
        ("doorward_outbox_mails{state=\"expired\"}".to_owned(), 0),
        ("doorward_outbox_mails{state=\"superseded\"}".to_owned(), 0),
        ("doorward_outbox_mails{state=\"failed\"}".to_owned(), 0),
        ("doorward_mail_attempts_total{outcome=\"sent\"}".to_owned(), 1),
        ("doorward_mail_handover_delay_seconds_count".to_owned(), 1),
    ] {
        assert!(
            value == 0 || figures.0.contains(&*name),
            "{name} is missing in\n{}",
            figures.0
        );
        assert_eq!(figures.get(&name), value, "{name}");
    }
    for name in [
        "password_refusals_total",
        "outbox_mails{state=\"failed\"}",
        "store_wait_seconds_count",
        "trigger_events_waiting{}",
    ] {
        assert!(
            figures.0.contains(&format!("\ndoorward_{name} ")),
            "{name} is missing in\n{}",
            figures.0
        );
    }
    // A registration, a confirmation, and what the outbox records.
    assert!(figures.get("doorward_store_wait_seconds_count") >= 4);
    assert!(!figures.0.contains("doorward_doorward"), "{}", figures.0);

    let page = figures.0.to_lowercase();
    for made_up in ["made-up", "madeup", "ada@", "notes-abcde"] {
        assert!(!page.contains(made_up), "{made_up} became a label");
    }
    assert_eq!(
        server.ask(&Call::get("/metrics")).await,
        "404",
        "clients cannot read the metrics"
    );
}
