//! Relays that are down, refuse, hang or lose a reply: every mail arrives all the same, and is recognisable when it
//! arrives twice.

use std::time::Duration;

use doorward_core::{DeliveryOutcome, Purpose};
use doorward_mail::{OutboxWorker, SmtpTransport, Transport};
use doorward_testkit::smtp_server::{SmtpMode, SmtpOptions, SmtpServer};

use crate::support::{Dialogue, ScriptedRelay, World};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_mail_travels_as_it_was_written() {
    let world = World::new().await;
    let server = SmtpServer::start(SmtpOptions::default()).await;
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    assert_eq!(deliver(&worker(&world, server.port())).await, "sent");
    let [received] = server.wait_for(1, SOON).await.try_into().unwrap();
    assert_eq!(
        (received.from.as_str(), received.to.as_slice()),
        ("no-reply@notes.example", &["ada@example.com".to_owned()][..])
    );
    assert_eq!(received.message_id, Some(format!("<{mail}@notes.example>")));
    let headers = received.raw.split("\r\n\r\n").next().unwrap();
    for header in [
        "From: Notes <no-reply@notes.example>",
        "To: ada@example.com",
        "Subject: Confirm your e-mail address for Notes",
        "Date: Thu, 01 Jan 2026 00:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(
            headers.lines().any(|line| line == header),
            "{header} is missing in\n{headers}"
        );
    }
    assert!(headers.contains("Content-Type: multipart/alternative;"), "{headers}");
    assert!(
        received.raw.contains("Content-Type: text/plain; charset=utf-8"),
        "{}",
        received.raw
    );
    assert!(received.raw.contains("Content-Type: text/html; charset=utf-8"));
}

#[tokio::test]
async fn t15_and_t29_nothing_in_a_mail_adds_a_header_a_recipient_or_a_command() {
    let mut world = World::new().await;
    world.app.name =
        "Notes\r\nBcc: eve@example.com\r\n\r\n<b>\r\n.\r\nMAIL FROM:<eve@example.com>\r\nNötes \r \n.\n".to_owned();
    let mut server = SmtpServer::start(SmtpOptions::default()).await;
    for address in ["a'b+c&d@example.com", "x=y{z}|~@example.com"] {
        world.promise(address, Purpose::Confirm).await;
    }
    let worker = worker(&world, server.port());
    assert_eq!(deliver(&worker).await, "sent");
    server.catch_up().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "no second mail was smuggled in");
    for mail in mails {
        assert_eq!(
            (mail.to.len(), mail.from.as_str()),
            (1, "no-reply@notes.example"),
            "{:?}",
            mail.to
        );
        let headers = mail.raw.split("\r\n\r\n").next().unwrap();
        let mut names: Vec<&str> = headers
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "Auto-Submitted",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "To"
            ]
        );
        let bare = mail.raw.replace("\r\n", "");
        assert!(
            !bare.contains(['\r', '\n']),
            "a bare line break lets some relays see the end of the mail elsewhere"
        );
    }
}

#[tokio::test]
async fn s51_a_quoted_address_reaches_the_relay_as_one_recipient() {
    for address in [
        "\"a b\"@example.com",
        "\"<x>, y@evil.example\"@example.com",
        "\"RCPT TO:<eve>\"@example.com",
    ] {
        let world = World::new().await;
        let relay = ScriptedRelay::start(Dialogue {
            greeting: "220 hi",
            replies: &[],
        })
        .await;
        world.promise(address, Purpose::Confirm).await;
        assert_eq!(deliver(&worker(&world, relay.port)).await, "sent");
        let commands = [
            "EHLO",
            "MAIL FROM:<no-reply@notes.example>",
            &format!("RCPT TO:<{address}>"),
            "DATA",
        ];
        assert_eq!(relay.heard(), commands);
    }
}

#[tokio::test]
async fn s55_a_relay_that_is_down_gets_the_mail_when_it_is_back() {
    let world = World::new().await;
    let server = SmtpServer::start(SmtpOptions::default()).await;
    let port = server.port();
    let worker = worker(&world, port);
    server.stop().await;
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    assert_eq!(
        deliver(&worker).await,
        "connecting to the relay failed: Connection refused (os error 111)"
    );
    let mut server = SmtpServer::start(SmtpOptions {
        port,
        ..SmtpOptions::default()
    })
    .await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(&worker).await, "sent");
    server.catch_up().await;
    assert_eq!(server.mails()[0].message_id, Some(format!("<{mail}@notes.example>")));
}

#[tokio::test]
async fn s55_a_relay_that_refuses_temporarily_gets_another_attempt() {
    let world = World::new().await;
    let mut server = SmtpServer::start(SmtpOptions {
        mode: SmtpMode::Refuse(450),
        ..SmtpOptions::default()
    })
    .await;
    let worker = worker(&world, server.port());
    world.promise("ada@example.com", Purpose::Confirm).await;
    assert_eq!(deliver(&worker).await, "the relay refused the recipient: 450");
    server.set_mode(SmtpMode::Normal).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(&worker).await, "sent");
    server.catch_up().await;
    assert_eq!(server.connections(), 1, "a clean refusal does not cost the connection");
}

#[tokio::test]
async fn a_recipient_that_is_refused_for_good_is_not_tried_again() {
    let world = World::new().await;
    let server = SmtpServer::start(SmtpOptions {
        mode: SmtpMode::Refuse(550),
        ..SmtpOptions::default()
    })
    .await;
    world.promise("ada@example.com", Purpose::Confirm).await;
    let outcomes = worker(&world, server.port()).deliver_due().await.unwrap();
    let [(_, DeliveryOutcome::Failed { reason })] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert!(
        reason.starts_with("the relay refused the recipient: 550") && !reason.contains('@'),
        "{reason}"
    );
    assert_eq!(world.states().await, "failed 1");
}

#[tokio::test]
async fn s55_a_relay_that_hangs_gets_the_mail_when_it_wakes_up() {
    let mut world = World::new().await;
    world.settings.attempt_timeout = Duration::from_millis(400);
    let mut server = SmtpServer::start(SmtpOptions {
        mode: SmtpMode::Hang,
        ..SmtpOptions::default()
    })
    .await;
    let worker = worker(&world, server.port());
    for number in 0..3 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
    }
    assert_eq!(deliver(&worker).await, "the relay did not answer in time");
    server.set_mode(SmtpMode::Normal).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(&worker).await, "sent");
    server.wait_for(3, SOON).await;
}

#[tokio::test]
async fn s55_a_hang_of_kept_connections_costs_one_attempt_at_most() {
    let mut world = World::new().await;
    world.settings.attempt_timeout = Duration::from_secs(4);
    let mut server = SmtpServer::start(SmtpOptions::default()).await;
    let worker = worker(&world, server.port());
    for number in 0..5 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
    }
    worker.deliver_due().await.unwrap();
    server.set_mode(SmtpMode::Hang).await;
    world.promise("ada@example.com", Purpose::Confirm).await;
    assert_eq!(deliver(&worker).await, "the relay did not answer in time");
    server.set_mode(SmtpMode::Normal).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(&worker).await, "sent");
    server.catch_up().await;
    assert_eq!(server.mails().len(), 6);
}

#[tokio::test]
async fn s55_a_mail_whose_reception_was_not_acknowledged_is_repeated_under_its_message_id() {
    let mut world = World::new().await;
    world.settings.attempt_timeout = Duration::from_millis(500);
    let mut server = SmtpServer::start(SmtpOptions {
        mode: SmtpMode::HangAfterData,
        ..SmtpOptions::default()
    })
    .await;
    let worker = worker(&world, server.port());
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    assert_eq!(deliver(&worker).await, "the relay did not answer in time");
    server.catch_up().await;
    assert_eq!((server.unanswered(), server.mails().len()), (1, 0));

    server.set_mode(SmtpMode::DropAfterAccept).await;
    world.clock.advance(Duration::from_secs(1));
    let reason = deliver(&worker).await;
    assert!(reason.starts_with("the connection to the relay broke: "), "{reason}");

    server.set_mode(SmtpMode::Normal).await;
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(deliver(&worker).await, "sent");
    let ids: Vec<_> = server
        .wait_for(2, SOON)
        .await
        .into_iter()
        .map(|mail| mail.message_id.unwrap())
        .collect();
    assert_eq!(
        ids,
        [format!("<{mail}@notes.example>"), format!("<{mail}@notes.example>")]
    );
    assert_eq!(deliver(&worker).await, "");
}

#[tokio::test]
async fn connections_are_kept_for_the_next_mail() {
    let world = World::new().await;
    let mut server = SmtpServer::start(SmtpOptions::default()).await;
    let worker = worker(&world, server.port());
    for number in 0..5 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
        assert_eq!(deliver(&worker).await, "sent");
    }
    server.catch_up().await;
    assert_eq!((server.mails().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn trouble_with_the_session_is_no_fault_of_the_mail() {
    for (greeting, replies, reason) in [
        (
            "554 5.3.2 no service for ada@example.com",
            &[][..],
            "the relay refused the connection: 554 5.3.2",
        ),
        (
            "421 4.3.2 too many connections",
            &[],
            "the relay refused the connection: 421 4.3.2",
        ),
        (
            "220 hi",
            &[("MAIL", "530 5.7.0 log in first")],
            "the relay refused the sender: 530 5.7.0",
        ),
        (
            "220 hi",
            &[("MAIL", "550 5.7.1 no-reply@notes.example may not send")],
            "the relay refused the sender: 550 5.7.1",
        ),
        (
            "220 hi",
            &[("RCPT", "530 5.7.1 log in first")],
            "the relay refused the recipient: 530 5.7.1",
        ),
        (
            "220 hi",
            &[("RCPT", "451 <ada@example.com> greylisted")],
            "the relay refused the recipient: 451",
        ),
        (
            "220 hi",
            &[("DATA", "421 4.4.2 bye")],
            "the relay refused the mail: 421 4.4.2",
        ),
        ("hello", &[], "connecting to the relay failed: no valid reply"),
    ] {
        let world = World::new().await;
        let relay = ScriptedRelay::start(Dialogue { greeting, replies }).await;
        world.promise("ada@example.com", Purpose::Confirm).await;
        assert_eq!(deliver(&worker(&world, relay.port)).await, reason);
        assert_eq!(world.states().await, "waiting 1");
    }
}

#[tokio::test]
async fn s50_an_address_beyond_ascii_needs_smtputf8() {
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[("EHLO", "250-hi\r\n250 8BITMIME")],
    })
    .await;
    let world = World::new().await;
    world.promise("üser@example.com", Purpose::Confirm).await;
    world.promise("user@exämple.com", Purpose::Confirm).await;
    let outcomes = worker(&world, relay.port).deliver_due().await.unwrap();
    let reason = "the address is not ASCII, and the relay does not offer SMTPUTF8".to_owned();
    assert!(
        outcomes
            .iter()
            .all(|(_, outcome)| *outcome == DeliveryOutcome::Failed { reason: reason.clone() }),
        "{outcomes:?}"
    );
    assert!(
        !relay.heard().iter().any(|line| line.starts_with("MAIL")),
        "{:?}",
        relay.heard()
    );

    let mut server = SmtpServer::start(SmtpOptions::default()).await;
    let world = World::new().await;
    world.promise("üser@exämple.com", Purpose::Confirm).await;
    assert_eq!(deliver(&worker(&world, server.port())).await, "sent");
    server.catch_up().await;
    assert_eq!(server.mails()[0].to, ["üser@exämple.com"]);
}

fn worker(world: &World, port: u16) -> OutboxWorker {
    world.worker_on(std::sync::Arc::new(smtp(port)))
}

fn smtp(port: u16) -> impl Transport + 'static {
    SmtpTransport::from_url(&format!("smtp://127.0.0.1:{port}")).unwrap()
}

/// Attempts the mails that are due and returns `sent`, or the reason, once if it is the same for all.
async fn deliver(worker: &OutboxWorker) -> String {
    let mut ends: Vec<String> = worker
        .deliver_due()
        .await
        .unwrap()
        .into_iter()
        .map(|(_, outcome)| say(outcome))
        .collect();
    ends.sort_unstable();
    ends.dedup();
    ends.join(" / ")
}

fn say(outcome: DeliveryOutcome) -> String {
    match outcome {
        DeliveryOutcome::Retry { reason, .. } => reason,
        DeliveryOutcome::Failed { reason } => format!("failed: {reason}"),
        other => other.state().to_owned(),
    }
}
