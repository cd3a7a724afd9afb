//! Many mails that are no longer to be sent stand in the way of none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::store::Reads;
use doorward_core::{Confirmation, DeliveryOutcome, Purpose, Store, StoreError, Tx};

use crate::support::{LIFETIME, Recorder, World};

/// Counts transactions.
struct Counting {
    inner: Arc<dyn Store>,
    begun: AtomicUsize,
}

#[async_trait]
impl Store for Counting {
    async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
        self.inner.reads().await
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.inner.begin().await
    }
}

/// Delivers what is due, and returns the mails that were sent, how many others ended, and how many transactions it
/// took.
async fn deliver(world: World) -> (Vec<String>, usize, usize) {
    let store = Arc::new(Counting {
        inner: Arc::clone(&world.store),
        begun: AtomicUsize::new(0),
    });
    let world = world.over(store.clone());
    let recorder = Recorder::default();
    let ended = world.worker(&recorder).deliver_due().await.unwrap();
    let unsent = ended.iter().filter(|(_, outcome)| *outcome != DeliveryOutcome::Sent);
    (recorder.sent(), unsent.count(), store.begun.load(Ordering::SeqCst))
}

#[tokio::test]
async fn what_has_expired_ends_in_a_few_transactions() {
    let world = World::new().await;
    for number in 0..1_200 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
    }
    world.clock.advance(LIFETIME);
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    let (sent, unsent, transactions) = deliver(world).await;
    assert_eq!((sent, unsent), (vec![format!("<{mail}@notes.example>")], 1_200));
    // Three to end the others, and one each to claim and to record. Each further look is two.
    assert!(transactions <= 10, "{transactions}");
}

#[tokio::test]
async fn what_another_method_promised_ends_in_a_few_transactions() {
    let mut world = World::new().await;
    for number in 0..200 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Reset)
            .await;
    }
    world.app.providers.email_password.as_mut().unwrap().confirmation = Confirmation::Automatic;
    world.clock.advance(Duration::from_secs(1));
    let (sent, unsent, transactions) = deliver(world).await;
    assert_eq!((sent.len(), unsent), (0, 200));
    // 48 go at a time: a look for what has expired, a claim, and a record.
    assert!(transactions <= 20, "{transactions}");
}
