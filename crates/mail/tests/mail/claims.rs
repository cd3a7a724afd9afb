//! A worker that was suspended, or cut off from the database, while the relay had not accepted the mail yet: another
//! worker has sent it meanwhile, and the first one does not send it again.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Clock as _, Purpose};
use doorward_mail::SmtpTransport;
use doorward_testkit::FlakyStore;

use crate::support::{Dialogue, Recorder, ScriptedRelay, World, wait_until};

const LEASE: Duration = Duration::from_millis(300);

/// Cuts the first worker off while the relay stalls at a command, until a second worker has sent the mail. Returns what
/// the relay of the first one has heard, and how many mails it has received.
async fn cut_off_at(command: &'static str) -> (Vec<String>, usize) {
    let mut world = World::new().await;
    world.settings.claim_lifetime = LEASE;
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[],
    })
    .await;
    relay.stall_at(command);
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    let recorder = Recorder::default();
    let second = world.worker(&recorder);

    let store = FlakyStore::new(Arc::clone(&world.store));
    let clock = world.clock.clone();
    let world = world.over(store.clone());
    let smtp = SmtpTransport::from_url(&format!("smtp://127.0.0.1:{}", relay.port)).unwrap();
    let first = world.worker_on(Arc::new(smtp));
    let suspended = tokio::spawn(async move { first.deliver_due().await });
    wait_until(|| relay.heard().iter().any(|line| line.starts_with(command))).await;

    store.set_down(true);
    tokio::time::sleep(LEASE * 2).await;
    clock.advance(LEASE * 2);
    assert_eq!(second.deliver_due().await.unwrap().len(), 1);
    assert_eq!(recorder.sent(), [format!("<{mail}@notes.example>")]);
    store.set_down(false);
    relay.go_on();
    suspended.await.unwrap().unwrap();
    assert_eq!(world.states().await, "sent 1");
    assert_eq!(
        world
            .store
            .reads()
            .await
            .unwrap()
            .next_mail_due(clock.now())
            .await
            .unwrap(),
        None
    );
    (relay.heard(), relay.mails())
}

#[tokio::test]
async fn s55_a_mail_that_another_worker_has_claimed_is_not_announced() {
    let (heard, mails) = cut_off_at("RCPT").await;
    assert!(!heard.iter().any(|line| line == "DATA"), "{heard:?}");
    assert_eq!(mails, 0);
}

#[tokio::test]
async fn s55_a_mail_that_another_worker_has_claimed_is_not_ended() {
    let (heard, mails) = cut_off_at("DATA").await;
    assert!(heard.iter().any(|line| line == "DATA"), "{heard:?}");
    assert_eq!(mails, 0);
}

#[tokio::test]
async fn s55_a_slow_relay_gets_the_mail_while_the_claim_is_prolonged() {
    let mut world = World::new().await;
    world.settings.claim_lifetime = LEASE;
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[],
    })
    .await;
    relay.stall_at("DATA");
    world.promise("ada@example.com", Purpose::Confirm).await;
    let smtp = SmtpTransport::from_url(&format!("smtp://127.0.0.1:{}", relay.port)).unwrap();
    let worker = world.worker_on(Arc::new(smtp));
    let slow = tokio::spawn(async move { worker.deliver_due().await });
    tokio::time::sleep(LEASE * 3).await;
    relay.go_on();
    slow.await.unwrap().unwrap();
    assert_eq!((relay.mails(), world.states().await.as_str()), (1, "sent 1"));
}
