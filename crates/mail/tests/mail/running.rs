//! The running worker: when it wakes, when it sleeps, how it stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_core::Purpose;
use doorward_mail::DevMailbox;
use doorward_testkit::FlakyStore;
use tokio_util::sync::CancellationToken;

use crate::support::{Recorder, Refuses, Stuck, World, wait_until};

#[tokio::test]
async fn a_wake_sends_immediately_and_a_shutdown_finishes_attempts_in_flight() {
    let world = World::new().await;
    let mailbox = DevMailbox::new();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(world.worker(&mailbox).run(shutdown.clone()));
    for number in 0..20 {
        let before = Instant::now();
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
        wait_until(|| mailbox.messages().len() > number).await;
        // The bound is ten times the goal: this machine may be busy.
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    }
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(world.states().await, "sent 20");
}

#[tokio::test]
async fn a_retry_is_taken_up_when_it_is_due_without_a_wake() {
    let mut world = World::new().await;
    world.settings.longest_sleep = Duration::from_millis(200);
    let recorder = Recorder::default();
    world.promise("ada@example.com", Purpose::Confirm).await;
    world.worker(&Refuses("not now")).deliver_due().await.unwrap();
    let shutdown = CancellationToken::new();
    world.wake.woken().await;
    let running = tokio::spawn(world.worker(&recorder).run(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(recorder.sent().len(), 0);
    world.clock.advance(Duration::from_secs(1));
    wait_until(|| recorder.sent().len() == 1).await;
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_waits_for_attempts_for_a_limited_time() {
    let mut world = World::new().await;
    world.settings.shutdown_grace = Duration::from_secs(1);
    world.promise("slow@example.com", Purpose::Confirm).await;
    world.promise("stuck@example.com", Purpose::Confirm).await;
    let stuck = Stuck(Recorder::slow(Duration::from_millis(300)), Arc::default());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(world.worker(&stuck).run(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    let before = Instant::now();
    running.await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(4));
    assert_eq!(world.states().await, "sent 1, waiting 1");
}

#[tokio::test]
async fn a_worker_survives_a_database_that_is_away() {
    let world = World::new().await;
    let store = FlakyStore::new(Arc::clone(&world.store));
    store.set_down(true);
    let recorder = Recorder::default();
    let shutdown = CancellationToken::new();
    let flaky = world.over(store.clone());
    let running = tokio::spawn(flaky.worker(&recorder).run(shutdown.clone()));
    wait_until(|| store.refused() > 0).await;
    store.set_down(false);
    flaky.promise("ada@example.com", Purpose::Confirm).await;
    wait_until(|| recorder.sent().len() == 1).await;
    shutdown.cancel();
    running.await.unwrap();
}
