//! A relay that is away, refuses, hangs or breaks off: clients notice nothing, and the mails come when the relay is
//! back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use doorward_testkit::smtp_server::{SmtpMode, SmtpOptions, SmtpServer};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::{Figures, Letter, Program, Server, notes, unused_port};

/// How long mails may take once the relay is well again: longer than the longest back-off that there can be by then.
const RECOVERY: Duration = Duration::from_secs(25);

const WAITING: &str = "doorward_outbox_mails{state=\"waiting\"}";
const SENT: &str = "doorward_outbox_mails{state=\"sent\"}";
const EXPIRED: &str = "doorward_outbox_mails{state=\"expired\"}";
const SENT_ATTEMPTS: &str = "doorward_mail_attempts_total{outcome=\"sent\"}";
const REPEATED_ATTEMPTS: &str = "doorward_mail_attempts_total{outcome=\"retry\"}";

#[tokio::test(flavor = "multi_thread")]
async fn s55_mails_wait_for_a_relay_that_is_down() {
    let data = TempDir::new().unwrap();
    let port = unused_port();
    let server = program(&data, port).start().await;
    register(&server, 20).await;
    let relay = SmtpServer::start(SmtpOptions {
        port,
        ..SmtpOptions::default()
    })
    .await;
    each_came_once(&server, &relay, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_mails_wait_for_a_relay_that_refuses() {
    let data = TempDir::new().unwrap();
    let mut relay = relay(SmtpMode::Refuse(450)).await;
    let server = program(&data, relay.port()).start().await;
    register(&server, 20).await;
    assert!(relay.refused() > 0, "the relay was tried");
    relay.set_mode(SmtpMode::Normal).await;
    each_came_once(&server, &relay, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_mails_wait_for_a_relay_that_hangs() {
    let data = TempDir::new().unwrap();
    let mut relay = relay(SmtpMode::Hang).await;
    let server = program(&data, relay.port()).start().await;
    register(&server, 20).await;
    assert!(relay.connections() > 0, "the relay was tried");
    relay.set_mode(SmtpMode::Normal).await;
    each_came_once(&server, &relay, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_a_mail_is_repeated_once_for_each_connection_that_broke_after_it_was_taken() {
    let data = TempDir::new().unwrap();
    let mut relay = relay(SmtpMode::DropAfterAccept).await;
    let server = program(&data, relay.port()).start().await;
    register(&server, 5).await;
    relay.wait_for(8, RECOVERY).await;
    relay.set_mode(SmtpMode::Normal).await;

    let figures = outbox_is_empty(&server).await;
    assert_eq!(figures.get(SENT), 5);
    let copies = copies(&relay);
    assert_eq!(copies.len(), 5, "all copies of a mail have the same Message-ID");
    assert!(
        copies.values().all(|copies| *copies >= 2),
        "each broke once at least: {copies:?}"
    );
    // Every attempt reached the relay; the server knows of the last of each mail only.
    let all = copies.values().sum::<u64>();
    assert_eq!(
        (figures.get(SENT_ATTEMPTS), figures.get(REPEATED_ATTEMPTS)),
        (5, all - 5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_mails_wait_over_a_restart() {
    let data = TempDir::new().unwrap();
    let port = unused_port();
    let server = program(&data, port).start().await;
    register(&server, 5).await;
    let begun = Instant::now();
    let ended = server.stop().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "a relay that is down does not hold up the end"
    );

    let relay = SmtpServer::start(SmtpOptions {
        port,
        ..SmtpOptions::default()
    })
    .await;
    let server = program(&data, port).start().await;
    each_came_once(&server, &relay, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s83_mails_that_a_killed_process_had_claimed_are_tried_again_immediately() {
    let data = TempDir::new().unwrap();
    let mut relay = relay(SmtpMode::Hang).await;
    let program = program(&data, relay.port());
    let server = program.start().await;
    register(&server, 5).await;
    let begun = Instant::now();
    while relay.connections() < 5 {
        assert!(
            begun.elapsed() < RECOVERY,
            "{} of 5 mails are under way",
            relay.connections()
        );
        sleep(Duration::from_millis(20)).await;
    }
    server.kill().await;
    relay.set_mode(SmtpMode::Normal).await;
    let server = program.start().await;
    // Well before the claims of the dead process would have lapsed.
    relay.wait_for(5, Duration::from_secs(8)).await;
    each_came_once(&server, &relay, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_a_mail_whose_link_expired_while_it_waited_is_not_sent() {
    let data = TempDir::new().unwrap();
    let port = unused_port();
    let server = program(&data, port)
        .with(["--email-token-lifetime", "10s"])
        .start()
        .await;
    register(&server, 3).await;
    let url = server.metrics_url().await;
    Figures::wait_for(&url, EXPIRED, 3, Duration::from_secs(30)).await;

    let relay = SmtpServer::start(SmtpOptions {
        port,
        ..SmtpOptions::default()
    })
    .await;
    server.register("late@example.com").await;
    let mails = relay.wait_for(1, RECOVERY).await;
    assert_eq!(Letter::read(&mails[0]).to, "late@example.com");
    let figures = outbox_is_empty(&server).await;
    assert_eq!(
        (figures.get(SENT), figures.get(EXPIRED), relay.mails().len()),
        (1, 3, 1)
    );
}

fn program(data: &TempDir, relay_port: u16) -> Program {
    Program::serve(&notes(), data.path().to_str().unwrap())
        .with(["--metrics-listen", "127.0.0.1:0"])
        .with_smtp(relay_port)
}

async fn relay(mode: SmtpMode) -> SmtpServer {
    SmtpServer::start(SmtpOptions {
        mode,
        ..SmtpOptions::default()
    })
    .await
}

/// Registers users one after another, each answered as if nothing was wrong with the relay.
async fn register(server: &Server, users: usize) {
    for user in 0..users {
        let begun = Instant::now();
        server.register(&format!("user-{user}@example.com")).await;
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "a registration took {:?}",
            begun.elapsed()
        );
    }
}

async fn each_came_once(server: &Server, relay: &SmtpServer, users: usize) {
    let mails = relay.wait_for(users, RECOVERY).await;
    let mut recipients: Vec<_> = mails.iter().map(|mail| Letter::read(mail).to).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len(), users, "everybody got a mail");
    let letter = Letter::read(&mails[0]);
    // The links in delayed mails work.
    server.confirm(&letter).await;
    outbox_is_empty(server).await;
    assert_eq!(relay.mails().len(), users, "nobody got two");
}

async fn outbox_is_empty(server: &Server) -> Figures {
    Figures::wait_for(&server.metrics_url().await, WAITING, 0, RECOVERY).await
}

fn copies(relay: &SmtpServer) -> HashMap<String, u64> {
    let mut copies = HashMap::new();
    for mail in relay.mails() {
        *copies.entry(mail.message_id.unwrap()).or_default() += 1;
    }
    copies
}
