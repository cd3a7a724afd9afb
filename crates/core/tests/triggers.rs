//! The worker that delivers to triggers: what happens to a delivery that cannot be made now.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::{
    Accounts, App, AppObjectId, Apps, ClaimedDelivery, Clock as _, ConfirmCall, CreateUserCall, Ejson,
    ExternalIdentity, FunctionCall, FunctionError, FunctionName, FunctionResult, Functions, KeyId, LoginCall,
    NewTriggerEvent, ObjectId, OsEntropy, Parts, PasswordPool, PoolConfig, Provider, ResetCall, Settings, Store,
    Timestamp, TokenKeys, Trigger, TriggerWorker, TriggerWorkerSettings, UserEvent, UserId, UserProfile, Verdict, Wake,
};
use doorward_store::{SqliteOptions, SqliteStore};
use doorward_testkit::{FlakyStore, ManualClock, NoFunctions, SeededEntropy, notes};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// It only bounds a test that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

const BUSY: FunctionError = FunctionError::Busy {
    retry_after: Duration::from_secs(30),
};
const NO_WORKER: FunctionError = FunctionError::Unavailable;

/// Functions that only deliveries reach, with the answers that a test has prepared. Without one the delivery succeeds.
struct Audience {
    delivered: watch::Sender<Vec<UserId>>,
    answers: Mutex<VecDeque<FunctionError>>,
    /// Every delivery waits here before it ends.
    gate: Semaphore,
}

#[async_trait]
impl Functions for Audience {
    async fn deliver(&self, _: &FunctionName, delivery: &ClaimedDelivery) -> Result<FunctionResult<()>, FunctionError> {
        self.delivered.send_modify(|all| all.push(delivery.user.id));
        let _permit = self.gate.acquire().await.unwrap();
        match self.answers.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(FunctionResult {
                value: (),
                mails: Vec::new(),
            }),
        }
    }

    async fn confirm(&self, name: &FunctionName, call: ConfirmCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        NoFunctions.confirm(name, call).await
    }

    async fn reset(&self, name: &FunctionName, call: ResetCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        NoFunctions.reset(name, call).await
    }

    async fn identify(
        &self,
        name: &FunctionName,
        call: LoginCall,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, FunctionError> {
        NoFunctions.identify(name, call).await
    }

    async fn create_user(
        &self,
        name: &FunctionName,
        call: CreateUserCall,
    ) -> Result<FunctionResult<()>, FunctionError> {
        NoFunctions.create_user(name, call).await
    }

    async fn call(&self, call: FunctionCall) -> Result<FunctionResult<Ejson>, FunctionError> {
        NoFunctions.call(call).await
    }
}

struct World {
    store: Arc<FlakyStore>,
    clock: ManualClock,
    audience: Arc<Audience>,
    app: App,
    wake: Wake,
    _files: tempfile::TempDir,
}

/// A running worker. It is stopped when this is dropped.
struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    async fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&files.path().join("test.db"), SqliteOptions::default()).await;
        let audience = Arc::new(Audience {
            delivered: watch::Sender::new(Vec::new()),
            answers: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        Self {
            store: FlakyStore::new(Arc::new(store.unwrap())),
            clock: ManualClock::default(),
            app: App {
                functions: Arc::<Audience>::clone(&audience),
                triggers: vec![Trigger {
                    name: "onLogin".to_owned(),
                    function: FunctionName("tell".to_owned()),
                    events: vec![UserEvent::Login],
                    providers: vec![Provider::EmailPassword],
                }],
                ..notes(AppObjectId(ObjectId::random(&SeededEntropy::new(1))))
            },
            audience,
            wake: Wake::default(),
            _files: files,
        }
    }

    /// Starts a worker for an app.
    fn run(&self, app: &App, settings: TriggerWorkerSettings) -> Running {
        let key = KeyId("test".to_owned());
        let accounts = Accounts::new(
            Parts {
                apps: Apps::new([app.clone()]),
                store: Arc::<FlakyStore>::clone(&self.store),
                passwords: PasswordPool::start(PoolConfig::default()).unwrap(),
                token_keys: Arc::new(TokenKeys::new(key.clone(), [(key, [1; 64].as_slice())]).unwrap()),
                clock: Arc::new(self.clock.clone()),
                entropy: Arc::new(OsEntropy),
                outbox: Wake::default(),
                triggers: self.wake.clone(),
            },
            Settings::default(),
        );
        let worker = TriggerWorker::new(accounts, settings);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(worker.run(shutdown.clone()));
        Running { shutdown, task }
    }

    /// A user logs in.
    async fn log_in(&self, number: u64) -> UserId {
        let user = UserProfile {
            id: UserId(ObjectId::random(&SeededEntropy::new(number))),
            app: self.app.object_id,
            identities: Vec::new(),
        };
        let event = NewTriggerEvent {
            event: UserEvent::Login,
            user: &user,
            providers: &[Provider::EmailPassword],
            triggers: &["onLogin"],
            at: self.clock.now(),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.queue_trigger_event(&event).await.unwrap();
        tx.commit().await.unwrap();
        self.wake.wake();
        user.id
    }

    /// A user logs in, and the web service will give no answer the first `times` times.
    async fn log_in_unanswered(&self, number: u64, times: usize) -> UserId {
        for _ in 0..times {
            self.will_answer(FunctionError::Unanswered {
                text: "it is away".to_owned(),
            });
        }
        self.log_in(number).await
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.wake.wake();
    }

    fn will_answer(&self, error: FunctionError) {
        self.audience.answers.lock().unwrap().push_back(error);
    }

    /// The users of the deliveries so far; waits for at least `times`.
    async fn delivered(&self, times: usize) -> Vec<UserId> {
        let mut delivered = self.audience.delivered.subscribe();
        let waited = delivered.wait_for(|delivered| delivered.len() >= times);
        let waited = timeout(PATIENCE, waited).await;
        waited.expect("it is delivered in time").unwrap().clone()
    }

    /// How many deliveries wait.
    async fn waiting(&self) -> u64 {
        self.store.reads().await.unwrap().count_deliveries().await.unwrap()
    }

    /// Waits until no delivery is left.
    async fn nothing_waits(&self) {
        let nothing = async {
            while self.waiting().await > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, nothing).await.expect("nothing waits any more");
    }

    /// Lets time pass in steps of `step` until there were `times` deliveries.
    async fn pass_until_delivered(&self, times: usize, step: Duration) {
        let passing = async {
            while self.audience.delivered.borrow().len() < times {
                self.pass(step);
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, passing).await.expect("it is delivered in time");
    }

    async fn next_due(&self) -> Option<Timestamp> {
        let mut reads = self.store.reads().await.unwrap();
        reads
            .next_delivery_due(&[self.app.object_id], self.clock.now())
            .await
            .unwrap()
    }

    /// Waits until a claimed delivery is due again after `wait`.
    async fn given_back(&self, wait: Duration) {
        let due = Some(self.clock.now().plus(wait));
        let given_back = async {
            while self.next_due().await != due {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, given_back).await.expect("it is given back");
    }

    /// Long enough for a worker to do what it should not.
    async fn a_while(&self) {
        for _ in 0..20 {
            self.wake.wake();
            sleep(Duration::from_millis(10)).await;
        }
    }
}

fn alone() -> TriggerWorkerSettings {
    TriggerWorkerSettings::alone(1)
}

#[tokio::test]
async fn what_finds_no_worker_is_delivered_when_there_is_one() {
    let world = World::new().await;
    let _running = world.run(&world.app, alone());
    for _ in 0..3 {
        world.will_answer(NO_WORKER);
    }
    let ada = world.log_in(1).await;
    // The worker pauses for a second by the clock of the machine, and the event waits for one by ours.
    world.pass_until_delivered(4, Duration::from_secs(1)).await;
    assert_eq!(world.delivered(4).await, [ada; 4]);
    world.nothing_waits().await;
}

#[tokio::test]
async fn while_functions_are_busy_no_other_event_is_tried() {
    let world = World::new().await;
    let _running = world.run(&world.app, alone());
    world.will_answer(BUSY);
    let ada = world.log_in(1).await;
    world.delivered(1).await;
    world.log_in(2).await;
    world.a_while().await;
    assert_eq!(world.delivered(1).await, [ada], "Bob's event waits, although it is due");
    assert_eq!(world.waiting().await, 2);
}

#[tokio::test]
async fn a_web_service_that_gives_no_answer_is_called_again_with_longer_pauses_and_others_meanwhile() {
    let world = World::new().await;
    let _running = world.run(&world.app, alone());
    let ada = world.log_in_unanswered(1, 4).await;
    for (times, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        assert_eq!(world.delivered(times).await, vec![ada; times]);
        world.given_back(Duration::from_secs(pause)).await;
        world.pass(Duration::from_millis(pause * 1_000 - 1));
        world.a_while().await;
        assert_eq!(
            world.delivered(times).await.len(),
            times,
            "it is not called before {pause} s are over"
        );
        world.pass(Duration::from_millis(1));
    }
    assert_eq!(world.delivered(5).await, [ada; 5]);
    world.nothing_waits().await;

    let bob = world.log_in_unanswered(2, 1).await;
    world.delivered(6).await;
    let eve = world.log_in(3).await;
    assert_eq!(world.delivered(7).await[5..], [bob, eve]);
}

#[tokio::test]
async fn a_web_service_that_never_answers_is_given_up_in_the_end() {
    let world = World::new().await;
    let _running = world.run(&world.app, alone());
    world.log_in_unanswered(1, 100).await;
    world.pass_until_delivered(100, Duration::from_mins(15)).await;
    world.nothing_waits().await;
    assert_eq!(world.delivered(100).await.len(), 100);
}

#[tokio::test]
async fn an_outage_longer_than_the_claim_delivers_nothing_twice() {
    let world = World::new().await;
    let _running = world.run(&world.app, TriggerWorkerSettings::alone(2));
    world.audience.gate.forget_permits(Semaphore::MAX_PERMITS);
    world.log_in(1).await;
    world.delivered(1).await;
    world.store.set_down(true);
    world.audience.gate.add_permits(10);
    world.a_while().await;
    world.pass(Duration::from_hours(1));
    world.store.set_down(false);
    // The worker polls before it tries again to record what it has delivered.
    world.a_while().await;
    world.nothing_waits().await;
    assert_eq!(world.delivered(1).await.len(), 1);
}

#[tokio::test]
async fn a_stop_waits_until_a_delivery_is_recorded() {
    let world = World::new().await;
    let running = world.run(&world.app, alone());
    world.audience.gate.forget_permits(Semaphore::MAX_PERMITS);
    world.log_in(1).await;
    world.delivered(1).await;
    world.store.set_down(true);
    running.shutdown.cancel();
    world.audience.gate.add_permits(10);
    world.a_while().await;
    assert!(!running.task.is_finished());
    world.store.set_down(false);
    world.nothing_waits().await;
}

#[tokio::test]
async fn what_waits_for_a_trigger_that_was_taken_out_is_dropped() {
    let world = World::new().await;
    world.log_in(1).await;
    let without = App {
        triggers: Vec::new(),
        ..world.app.clone()
    };
    let _running = world.run(&without, alone());
    world.nothing_waits().await;
    assert_eq!(world.delivered(0).await, []);
}

#[tokio::test]
async fn a_trigger_that_only_another_server_knows_is_left_to_it_for_an_hour() {
    let world = World::new().await;
    let ada = world.log_in(1).await;
    let older = App {
        triggers: Vec::new(),
        ..world.app.clone()
    };
    let older = world.run(&older, TriggerWorkerSettings::shared(1));
    world.given_back(Duration::from_secs(15)).await;
    let newer = world.run(&world.app, TriggerWorkerSettings::shared(1));
    // The server that knows the trigger claims it sooner or later, since the other one always gives it back.
    world.pass_until_delivered(1, Duration::from_secs(15)).await;
    assert_eq!(world.delivered(1).await, [ada]);
    world.nothing_waits().await;

    drop(newer);
    world.log_in(2).await;
    world.given_back(Duration::from_secs(15)).await;
    world.pass(Duration::from_hours(1));
    world.nothing_waits().await;
    assert_eq!(world.delivered(1).await, [ada]);
    drop(older);
}
