//! The worker's steps: claims, attempts, and the outcomes that it records.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::{AppObjectId, Clock as _, Confirmation, DeliveryOutcome, KeyId, MailId, ObjectId, Purpose};
use doorward_mail::{Claim, DevMailbox, Message, SendError, SmtpTransport, Transport};
use doorward_testkit::FlakyStore;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{Dialogue, LIFETIME, Recorder, Refuses, ScriptedRelay, Stuck, World, wait_until};

#[tokio::test]
async fn a_promised_mail_is_sent_once() {
    let world = World::new().await;
    let mailbox = DevMailbox::new();
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    let worker = world.worker(&mailbox);
    assert_eq!(worker.deliver_due().await.unwrap(), [(mail, DeliveryOutcome::Sent)]);
    assert_eq!(worker.deliver_due().await.unwrap(), []);
    let [message] = mailbox.messages().try_into().unwrap();
    assert_eq!((message.to.as_str(), message.id), ("ada@example.com", mail.to_string()));
    assert_eq!(world.states().await, "sent 1");
}

#[tokio::test]
async fn a_failed_attempt_is_repeated_with_growing_delays_until_the_link_expires() {
    let world = World::new().await;
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    let worker = world.worker(&Refuses("the relay is away"));
    let start = world.clock.now();
    let mut delays = Vec::new();
    let end = loop {
        match worker.deliver_due().await.unwrap().as_slice() {
            [(id, DeliveryOutcome::Retry { at, reason })] => {
                assert_eq!((*id, reason.as_str()), (mail, "the relay is away"));
                let delay = at.since(start).as_secs();
                delays.push(delay);
                // Just before that time, it is not due.
                world
                    .clock
                    .advance(at.since(world.clock.now()).saturating_sub(Duration::from_millis(1)));
                assert_eq!(worker.deliver_due().await.unwrap(), []);
                world.clock.advance(Duration::from_millis(1));
            }
            [(_, outcome)] => break outcome.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end, DeliveryOutcome::Expired);
    assert_eq!(delays[..7], [1, 3, 7, 15, 30, 45, 60]);
    assert!(
        delays
            .windows(2)
            .all(|pair| pair[1] - pair[0] <= if pair[0] < 300 { 15 } else { 60 }),
        "{delays:?}"
    );
    assert_eq!(delays.last(), Some(&LIFETIME.as_secs()));
    assert_eq!(world.states().await, "expired 1");
}

#[tokio::test]
async fn s55_a_mail_with_a_dead_link_is_not_sent() {
    let world = World::new().await;
    let recorder = Recorder::default();
    let worker = world.worker(&recorder);

    let spent = world.token(Purpose::Confirm, KeyId("k1".to_owned()));
    let used = world.new_mail_id();
    world.promise_with(used, &spent, "ada@example.com").await;
    // Its owner follows the link while the relay is away. The mail is the link's own, and no other was voided.
    let away = world.worker(&Refuses("the relay is away"));
    assert_eq!(away.deliver_due().await.unwrap().len(), 1);
    world.spend(&spent).await;
    world.clock.advance(Duration::from_secs(1));
    let outcomes = worker.deliver_due().await.unwrap();
    assert_eq!(outcomes, [(used, DeliveryOutcome::Superseded)]);

    let late = world.promise("bob@example.com", Purpose::Reset).await;
    world.clock.advance(LIFETIME);
    let outcomes = worker.deliver_due().await.unwrap();
    assert_eq!(outcomes, [(late, DeliveryOutcome::Expired)]);

    let new = world.promise("eve@example.com", Purpose::Reset).await;
    worker.deliver_due().await.unwrap();
    assert_eq!(recorder.sent(), [message_id(new)]);
    assert_eq!(world.states().await, "expired 1, sent 1, superseded 1");
}

#[tokio::test]
async fn t05_a_link_of_a_method_that_was_switched_off_is_not_sent() {
    let mut world = World::new().await;
    world.promise("ada@example.com", Purpose::Confirm).await;
    world.app.providers.email_password.as_mut().unwrap().confirmation = Confirmation::Automatic;
    let recorder = Recorder::default();
    world.worker(&recorder).deliver_due().await.unwrap();
    assert_eq!(
        (world.states().await.as_str(), recorder.sent()),
        ("superseded 1", vec![])
    );
}

#[tokio::test]
async fn a_mail_waits_for_its_key_its_provider_or_its_app() {
    let mut world = World::new().await;
    let token = world.token(Purpose::Confirm, KeyId("lost".to_owned()));
    world.promise_with(world.new_mail_id(), &token, "ada@example.com").await;
    assert_eq!(reason(&world).await, "the key lost of its token is not here");

    let mut world_without_provider = World::new().await;
    world_without_provider
        .promise("ada@example.com", Purpose::Confirm)
        .await;
    world_without_provider.app.providers.email_password = None;
    assert_eq!(
        reason(&world_without_provider).await,
        "e-mail and password accounts are switched off in its app"
    );

    world = World::new().await;
    world.promise("ada@example.com", Purpose::Confirm).await;
    world.app.object_id = AppObjectId(ObjectId::zero());
    assert_eq!(reason(&world).await, "its app is not served here");
}

#[tokio::test]
async fn a_few_stuck_recipients_do_not_hold_up_the_others() {
    let mut world = World::new().await;
    world.settings.attempt_timeout = Duration::from_secs(1);
    for number in 0..10 {
        world
            .promise(&format!("stuck{number}@example.com"), Purpose::Confirm)
            .await;
    }
    for number in 0..190 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
    }
    let stuck = Stuck::default();
    let worker = world.worker(&stuck);
    let delivery = tokio::spawn(async move { worker.deliver_due().await.unwrap() });
    // The stuck attempts are still in flight when all others have ended.
    wait_until(|| stuck.0.sent().len() == 190).await;
    assert!(!delivery.is_finished());
    assert_eq!(delivery.await.unwrap().len(), 200);
    assert_eq!(world.states().await, "sent 190, waiting 10");
}

#[tokio::test]
async fn any_number_of_stuck_mails_holds_up_no_new_one() {
    let mut world = World::new().await;
    world.settings.concurrency = 8;
    world.settings.attempt_timeout = Duration::from_millis(200);
    for number in 0..40 {
        world
            .promise(&format!("stuck{number}@example.com"), Purpose::Confirm)
            .await;
    }
    let stuck = Stuck::default();
    let worker = world.worker(&stuck);
    worker.deliver_due().await.unwrap();
    assert_eq!(world.states().await, "waiting 40");

    // All forty are due again, and hang until the test ends.
    world.settings.attempt_timeout = Duration::from_mins(1);
    world.clock.advance(Duration::from_secs(1));
    let stuck = Stuck::default();
    let running = tokio::spawn(world.worker(&stuck).run(CancellationToken::new()));
    wait_until(|| stuck.hanging() == 6).await;
    world.promise("new@example.com", Purpose::Confirm).await;
    world.wake.wake();
    wait_until(|| stuck.0.sent().len() == 1).await;
    running.abort();
}

#[tokio::test]
async fn s55_a_slow_relay_is_given_more_time_at_each_attempt() {
    let mut world = World::new().await;
    world.settings.attempt_timeout = Duration::from_millis(300);
    let recorder = Recorder::slow(Duration::from_millis(800));
    world.promise("ada@example.com", Purpose::Confirm).await;
    let worker = world.worker(&recorder);
    for expected in ["waiting 1", "waiting 1", "sent 1"] {
        worker.deliver_due().await.unwrap();
        assert_eq!(world.states().await, expected);
        world.clock.advance(Duration::from_secs(15));
    }
}

#[tokio::test]
async fn s55_two_workers_never_send_the_same_mail_twice() {
    let world = World::new().await;
    for number in 0..100 {
        world
            .promise(&format!("user{number}@example.com"), Purpose::Confirm)
            .await;
    }
    let recorder = Recorder::slow(Duration::from_millis(5));
    let (one, two) = (world.worker(&recorder), world.worker(&recorder));
    let (one, two) = tokio::join!(one.deliver_due(), two.deliver_due());
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 100);
    let mut sent = recorder.sent();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!((sent.len(), recorder.sent().len()), (100, 100));
}

#[tokio::test]
async fn a_slow_attempt_keeps_its_claim() {
    let mut world = World::new().await;
    world.settings.claim_lifetime = Duration::from_millis(300);
    let recorder = Recorder::slow(Duration::from_millis(1_500));
    world.promise("ada@example.com", Purpose::Confirm).await;
    let (one, two) = (world.worker(&recorder), world.worker(&recorder));
    let slow = tokio::spawn(async move { one.deliver_due().await.unwrap() });
    while !slow.is_finished() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.clock.advance(Duration::from_millis(50));
        two.deliver_due().await.unwrap();
    }
    assert_eq!((recorder.sent().len(), world.states().await.as_str()), (1, "sent 1"));
}

#[tokio::test]
async fn a_mail_that_cannot_be_recorded_is_not_sent_again() {
    let world = World::new().await;
    let store = FlakyStore::new(Arc::clone(&world.store));
    let world = world.over(store.clone());
    world.promise("ada@example.com", Purpose::Confirm).await;
    // The database fails while the attempt is in flight.
    let transport = TakesAndBreaks {
        store: Arc::clone(&store),
        recorder: Recorder::default(),
    };
    let worker = world.worker(&transport);
    let delivery = tokio::spawn(async move { worker.deliver_due().await });
    wait_until(|| store.refused() >= 2).await;
    assert!(!delivery.is_finished(), "it keeps trying to record");
    store.set_down(false);
    delivery.await.unwrap().unwrap();
    assert_eq!(
        (transport.recorder.sent().len(), world.states().await.as_str()),
        (1, "sent 1")
    );
}

#[tokio::test]
async fn t18_a_panic_costs_one_attempt_and_nothing_else() {
    let world = World::new().await;
    world.promise("panic@example.com", Purpose::Confirm).await;
    world.promise("ada@example.com", Purpose::Confirm).await;
    world.worker(&Panics).deliver_due().await.unwrap();
    assert_eq!(world.states().await, "sent 1, waiting 1");
}

#[tokio::test]
async fn s28_a_failure_is_one_log_line_without_address_or_link() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    // Other tests log without a subscriber; the first one to reach a log statement would disable it for all threads. A
    // subscriber that is always interested prevents that.
    let _ = tracing_subscriber::registry().try_init();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let relay = ScriptedRelay::start(Dialogue {
        greeting: "220 hi",
        replies: &[("RCPT", "550 5.1.1 <ada@example.com> is unknown here")],
    })
    .await;
    let mail = world.promise("ada@example.com", Purpose::Confirm).await;
    let smtp = SmtpTransport::from_url(&format!("smtp://user:sesame@127.0.0.1:{}", relay.port)).unwrap();
    world.worker_on(Arc::new(smtp)).deliver_due().await.unwrap();
    let smtp = SmtpTransport::from_url(&format!("smtp://127.0.0.1:{}", relay.port)).unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.worker_on(Arc::new(smtp)).deliver_due().await.unwrap();
    let lines = log.text();
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    let line = |attempt: u32, reason: &str| {
        format!("WARN doorward_mail::attempt: a mail was not sent mail={mail} attempt={attempt} reason={reason:?}")
    };
    assert_eq!(
        lines,
        [
            line(
                1,
                "logging in to the relay failed: No compatible authentication mechanism was found"
            ),
            line(2, "the relay refused the recipient: 550 5.1.1"),
        ]
    );
}

#[tokio::test]
async fn attempts_are_counted_by_outcome() {
    let world = World::new().await;
    let mut registry = Registry::default();
    world.metrics.register(&mut registry);
    world.promise("ada@example.com", Purpose::Confirm).await;
    world.worker(&Refuses("not now")).deliver_due().await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.worker(&Recorder::default()).deliver_due().await.unwrap();
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in [
        "mail_attempts_total{outcome=\"retry\"} 1",
        "mail_attempts_total{outcome=\"sent\"} 1",
        "mail_handover_delay_seconds_sum 2.0",
        "mail_handover_delay_seconds_count 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
}

/// Accepts a mail, and then breaks the database.
#[derive(Clone)]
struct TakesAndBreaks {
    store: Arc<FlakyStore>,
    recorder: Recorder,
}

#[async_trait]
impl Transport for TakesAndBreaks {
    async fn send(&self, message: &Message, claim: &Claim) -> Result<(), SendError> {
        self.store.set_down(true);
        self.recorder.send(message, claim).await
    }
}

/// Panics at one address.
#[derive(Clone)]
struct Panics;

#[async_trait]
impl Transport for Panics {
    async fn send(&self, message: &Message, _: &Claim) -> Result<(), SendError> {
        assert!(!message.to.as_str().starts_with("panic"), "on purpose");
        Ok(())
    }
}

/// The log lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn reason(world: &World) -> String {
    match world
        .worker(&Recorder::default())
        .deliver_due()
        .await
        .unwrap()
        .as_slice()
    {
        [(_, DeliveryOutcome::Retry { reason, .. })] => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn message_id(mail: MailId) -> String {
    format!("<{mail}@notes.example>")
}
