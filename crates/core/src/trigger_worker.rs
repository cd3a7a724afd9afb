//! Delivers what is queued for triggers: of one user in order, one after the other; of different users side by side.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{self, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    Accounts, App, AppObjectId, AuthError, ClaimedDelivery, DeliveryError, FunctionMail, NotRun, ObjectId, StoreError,
    UserId, Wake,
};

/// How long to wait after something failed that may pass.
const PAUSE: Duration = Duration::from_secs(1);

/// How much longer than its function a claim lasts: the function may have waited for its turn and for a process, and its end is written
/// down afterwards.
const CLAIM_GRACE: Duration = Duration::from_secs(30);

/// How long a delivery is left to others whose trigger this server does not know.
const ELSEWHERE: Duration = Duration::from_secs(15);

/// The longest pause before a web service that gave no answer is asked again. The first is [`PAUSE`], and each is twice the one before.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// How often a web service is asked that gives no answer. With the pauses that takes a day.
const ATTEMPTS: u32 = 100;

/// How the worker paces itself.
#[derive(Debug, Clone)]
pub struct TriggerWorkerSettings {
    /// How long it sleeps at most while nothing is due.
    pub longest_sleep: Duration,
    /// How long after its event a trigger that this server does not know may be known to another one. After that, nobody has it any more.
    pub unknown_for: Duration,
    /// How many deliveries run at once. They share the processes for functions with those that somebody waits for.
    pub concurrency: usize,
}

impl TriggerWorkerSettings {
    /// For a store of this process alone: every event comes with a wake, and what this server does not know is gone.
    pub const fn alone(concurrency: usize) -> Self {
        Self {
            longest_sleep: Duration::from_secs(15),
            unknown_for: Duration::ZERO,
            concurrency,
        }
    }

    /// For a store that other processes share: their events come without a wake, and may be of a later version of the app.
    pub const fn shared(concurrency: usize) -> Self {
        Self {
            longest_sleep: Duration::from_secs(1),
            unknown_for: Duration::from_hours(1),
            concurrency,
        }
    }
}

/// Delivers to triggers. Any number of workers, in any number of processes, can share one database.
pub struct TriggerWorker {
    accounts: Arc<Accounts>,
    apps: HashMap<AppObjectId, App>,
    name: String,
    wake: Wake,
    settings: TriggerWorkerSettings,
}

/// Deliveries that have begun.
#[derive(Default)]
struct InFlight {
    /// Each says for how long no other should begin, if there is a reason.
    tasks: JoinSet<Option<Duration>>,
    users: HashMap<task::Id, UserId>,
}

impl TriggerWorker {
    /// A worker for the triggers of these apps. Those without triggers are named too: what waits for one that was taken out is theirs.
    pub fn new(
        accounts: Arc<Accounts>,
        apps: impl IntoIterator<Item = App>,
        wake: Wake,
        settings: TriggerWorkerSettings,
    ) -> Self {
        Self {
            name: ObjectId::random(accounts.entropy()).to_string(),
            apps: apps.into_iter().map(|app| (app.object_id, app)).collect(),
            accounts,
            wake,
            settings,
        }
    }

    /// Works until told to stop. Then it claims nothing more, and waits for the functions that are running: what was told once is not
    /// told again after the next start.
    pub async fn run(self, shutdown: CancellationToken) {
        let worker = Arc::new(self);
        let concurrency = worker.settings.concurrency.max(1);
        let mut in_flight = InFlight::default();
        let mut poll_at = Instant::now();
        let mut not_before = poll_at;
        let mut trouble = false;
        while !shutdown.is_cancelled() {
            poll_at = poll_at.max(not_before);
            let room = concurrency.saturating_sub(in_flight.tasks.len());
            if room > 0 && poll_at <= Instant::now() {
                poll_at = worker.poll(&mut in_flight, room, &mut trouble).await;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = worker.wake.woken() => poll_at = Instant::now(),
                // While every place is taken, a place that falls free is what there is to wait for.
                () = sleep_until(poll_at), if room > 0 => {}
                // The next one of the same user may be due now.
                Some(rest) = in_flight.next() => {
                    poll_at = Instant::now();
                    not_before = not_before.max(poll_at + rest.unwrap_or_default());
                }
            }
        }
        // Not for ever: where the database stays away, claims lapse, and what was told and not written down is told again.
        let ended = async { while in_flight.next().await.is_some() {} };
        _ = timeout(worker.claim_lifetime(), ended).await;
    }

    /// Begins what is due, and says when to look again. Trouble with the database is told once, not at every look.
    async fn poll(self: &Arc<Self>, in_flight: &mut InFlight, room: usize, trouble: &mut bool) -> Instant {
        let found = self.claim_due(room).await.inspect_err(|error| {
            if !*trouble {
                warn!(%error, "what waits for triggers cannot be read; trying again every second");
            }
        });
        *trouble = found.is_err();
        let wait = match found {
            Ok(Due::Never) => self.settings.longest_sleep,
            Ok(Due::In(wait)) => wait.min(self.settings.longest_sleep),
            // Somebody else was faster.
            Ok(Due::Now(claimed)) if claimed.is_empty() => PAUSE,
            Ok(Due::Now(claimed)) => {
                for delivery in claimed {
                    self.begin(in_flight, delivery);
                }
                Duration::ZERO
            }
            Err(_) => PAUSE,
        };
        Instant::now() + wait
    }

    /// Reads before it writes, so that an idle server does not take turns at writing.
    async fn claim_due(&self, room: usize) -> Result<Due, StoreError> {
        let apps: Vec<AppObjectId> = self.apps.keys().copied().collect();
        let Some(due) = self.accounts.store().next_trigger_due(&apps).await? else {
            return Ok(Due::Never);
        };
        let wait = due.since(self.accounts.now());
        if !wait.is_zero() {
            return Ok(Due::In(wait));
        }
        let mut tx = self.accounts.store().begin().await?;
        let now = self.accounts.now();
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let claimed = tx
            .claim_triggers(&self.name, &apps, now, now.plus(self.claim_lifetime()), limit)
            .await?;
        tx.commit().await?;
        Ok(Due::Now(claimed))
    }

    fn claim_lifetime(&self) -> Duration {
        self.accounts.settings().function_timeout + CLAIM_GRACE
    }

    fn begin(self: &Arc<Self>, in_flight: &mut InFlight, delivery: ClaimedDelivery) {
        // A claim has lapsed while it could not be written down that something was told, and the user's queue is ours again. When that has been
        // written down, the next one is due.
        if in_flight.users.values().any(|user| *user == delivery.user.id) {
            return;
        }
        let (worker, user) = (Arc::clone(self), delivery.user.id);
        let task = in_flight.tasks.spawn(async move { worker.deliver(delivery).await });
        in_flight.users.insert(task.id(), user);
    }

    /// Says for how long no other delivery should begin, if there is a reason.
    async fn deliver(&self, delivery: ClaimedDelivery) -> Option<Duration> {
        // It is, since these are what was asked for.
        let app = self.apps.get(&delivery.user.app)?;
        let Some(trigger) = app.triggers.iter().find(|trigger| trigger.name == delivery.trigger) else {
            if self.accounts.now().since(delivery.at) < self.settings.unknown_for {
                self.postpone(&delivery, ELSEWHERE, delivery.attempts).await;
            } else {
                warn!(app = %app.id, trigger = delivery.trigger, "a trigger is gone, and what waited for it is dropped");
                self.finish(app, &delivery, &[]).await;
            }
            return None;
        };
        let rest = match self
            .accounts
            .functions()
            .trigger(app, &trigger.function, &delivery)
            .await
        {
            Ok(result) => {
                self.finish(app, &delivery, &result.mails).await;
                return None;
            }
            Err(DeliveryError::NotRun(NotRun::Busy { retry_after })) => retry_after,
            Err(DeliveryError::NotRun(NotRun::Unavailable)) => PAUSE,
            Err(DeliveryError::Unanswered) => {
                self.try_later(app, &delivery).await;
                return None;
            }
        };
        self.postpone(&delivery, rest, delivery.attempts).await;
        Some(rest)
    }

    /// A web service that is away now may be back in a moment, or tomorrow.
    async fn try_later(&self, app: &App, delivery: &ClaimedDelivery) {
        let attempts = delivery.attempts.saturating_add(1);
        if attempts < ATTEMPTS {
            let pause = PAUSE.saturating_mul(2_u32.saturating_pow(delivery.attempts));
            return self.postpone(delivery, pause.min(LONGEST_PAUSE), attempts).await;
        }
        warn!(app = %app.id, trigger = delivery.trigger, attempts, "a web service gives no answer, and what waited for it is dropped");
        self.finish(app, delivery, &[]).await;
    }

    /// Writes down that it was told. Not to know how that ended must not tell it twice, so it is tried until it is known.
    async fn finish(&self, app: &App, delivery: &ClaimedDelivery, mails: &[FunctionMail]) {
        let mut trouble = false;
        while let Err(error) = self.try_finish(app, delivery, mails).await {
            if !trouble {
                warn!(%error, trigger = delivery.trigger, "a delivery cannot be written down; trying again every second");
            }
            trouble = true;
            sleep(PAUSE).await;
        }
    }

    async fn try_finish(&self, app: &App, delivery: &ClaimedDelivery, mails: &[FunctionMail]) -> Result<(), AuthError> {
        let mut tx = self.accounts.store().begin().await?;
        if !tx.finish_trigger(&self.name, delivery, self.accounts.now()).await? {
            return Ok(());
        }
        self.accounts.promise_function_mails(&mut *tx, app, mails).await?;
        self.accounts.commit_and_wake(tx, !mails.is_empty(), false).await
    }

    /// If this fails, the claim lapses by itself.
    async fn postpone(&self, delivery: &ClaimedDelivery, wait: Duration, attempts: u32) {
        let until = self.accounts.now().plus(wait);
        let postponed = async {
            let mut tx = self.accounts.store().begin().await?;
            tx.postpone_trigger(&self.name, delivery, until, attempts).await?;
            tx.commit().await
        };
        if let Err(error) = postponed.await {
            warn!(%error, trigger = delivery.trigger, "a delivery cannot be given back");
        }
    }
}

/// What there is to do.
enum Due {
    Never,
    In(Duration),
    /// What was claimed.
    Now(Vec<ClaimedDelivery>),
}

impl InFlight {
    /// The end of one, after which no other should begin for so long. One that panicked is told again when its claim lapses.
    async fn next(&mut self) -> Option<Option<Duration>> {
        let (id, rest) = match self.tasks.join_next_with_id().await? {
            Ok((id, rest)) => (id, rest),
            Err(panicked) => (panicked.id(), None),
        };
        self.users.remove(&id);
        Some(rest)
    }
}

impl fmt::Debug for TriggerWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TriggerWorker").field(&self.name).finish()
    }
}
