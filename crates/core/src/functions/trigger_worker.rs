//! Delivers what is queued for triggers: of one user in order, one after the other; of different users side by side.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{self, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, info_span, warn};

use super::{ClaimedDelivery, FunctionError};
use crate::backoff::Backoff;
use crate::conflict::retry_conflicts;
use crate::{Accounts, Actor, AppAccounts, Causes, FunctionMail, ObjectId, StoreError, UserId};

/// How long to wait after a failure that may pass.
const PAUSE: Duration = Duration::from_secs(1);

/// How much longer than its function a claim lasts: the function may have waited for its turn and for a process, and
/// its end is recorded afterwards.
const CLAIM_GRACE: Duration = Duration::from_secs(30);

/// How long a delivery is left to other servers when this one does not know its trigger.
const LEFT_TO_OTHERS: Duration = Duration::from_secs(15);

/// The pauses before a web service that gave no answer is called again.
const BACKOFF: Backoff = Backoff::new(PAUSE, Duration::from_mins(15));

/// How often a web service that gives no answer is called in all. With the pauses that takes a day.
const ATTEMPTS: u32 = 100;

/// How the worker paces itself.
#[derive(Debug, Clone)]
pub struct TriggerWorkerSettings {
    /// How long it sleeps at most while nothing is due.
    pub longest_sleep: Duration,
    /// How long after an event another server may still know a trigger that this one does not.
    /// After that, the trigger is gone.
    pub unknown_for: Duration,
    /// How many deliveries run side by side. They share the processes for functions with
    /// the calls that clients wait for.
    pub concurrency: usize,
}

impl TriggerWorkerSettings {
    /// For a store of this process alone: every event comes with a wake, and a trigger that this server
    /// does not know is gone.
    pub const fn alone(concurrency: usize) -> Self {
        Self {
            longest_sleep: Duration::from_secs(15),
            unknown_for: Duration::ZERO,
            concurrency,
        }
    }

    /// For a store that other processes share: their events come without a wake, and may be
    /// of a later version of the app.
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
    accounts: Accounts,
    name: String,
    settings: TriggerWorkerSettings,
}

/// Deliveries that have begun.
#[derive(Default)]
struct InFlight {
    /// Each ends with a cool-down during which no other should begin, if there is a reason for one.
    tasks: JoinSet<Option<Duration>>,
    users: HashMap<task::Id, UserId>,
}

/// What a poll found.
enum Due {
    Never,
    In(Duration),
    /// The deliveries that it claimed.
    Now(Vec<ClaimedDelivery>),
}

impl TriggerWorker {
    /// A worker for the triggers of the apps that this server runs, as they are at each poll. Apps without
    /// triggers are polled too: deliveries to a trigger that was removed may still wait.
    pub fn new(accounts: Accounts, settings: TriggerWorkerSettings) -> Self {
        Self {
            name: ObjectId::random(accounts.entropy()).to_string(),
            accounts,
            settings,
        }
    }

    /// Works until it is stopped. Then it claims nothing more, and waits for the functions that are running: a delivery
    /// that was made is not repeated after the next start.
    pub async fn run(self, shutdown: CancellationToken) {
        let worker = Arc::new(self);
        let concurrency = worker.settings.concurrency.max(1);
        let mut in_flight = InFlight::default();
        let mut poll_at = Instant::now();
        let mut not_before = poll_at;
        let mut failing = false;
        while !shutdown.is_cancelled() {
            poll_at = poll_at.max(not_before);
            let room = concurrency.saturating_sub(in_flight.tasks.len());
            if room > 0 && poll_at <= Instant::now() {
                poll_at = worker.poll(&mut in_flight, room, &mut failing).await;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = worker.accounts.triggers().woken() => poll_at = Instant::now(),
                // While every slot is taken, only a slot that becomes free lets it go on.
                () = sleep_until(poll_at), if room > 0 => {}
                // The next one of the same user may be due now.
                Some(cool_down) = in_flight.next() => {
                    poll_at = Instant::now();
                    not_before = not_before.max(poll_at + cool_down.unwrap_or_default());
                }
            }
        }
        // Bounded: where the database stays away, claims lapse, and what was delivered and could not
        // be recorded is delivered again.
        let ended = async { while in_flight.next().await.is_some() {} };
        _ = timeout(worker.claim_lifetime(), ended).await;
    }

    /// Begins what is due, and says when to poll again. A database outage is logged once, not at every poll.
    async fn poll(self: &Arc<Self>, in_flight: &mut InFlight, room: usize, failing: &mut bool) -> Instant {
        let due = self.claim_due(room).await.inspect_err(|error| {
            if !*failing {
                warn!(error = %Causes(error), "deliveries to triggers cannot be read; trying again every second");
            }
        });
        *failing = due.is_err();
        let wait = match due {
            Ok(Due::Never) => self.settings.longest_sleep,
            Ok(Due::In(wait)) => wait.min(self.settings.longest_sleep),
            // Another worker has claimed them first.
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

    /// Reads before it writes, so that an idle server does not compete for writing.
    async fn claim_due(&self, room: usize) -> Result<Due, StoreError> {
        let apps = self.accounts.apps().object_ids();
        let now = self.accounts.now();
        let mut reads = self.accounts.store().reads().await?;
        let Some(due) = reads.next_delivery_due(&apps, now).await? else {
            return Ok(Due::Never);
        };
        drop(reads);
        let wait = due.since(now);
        if !wait.is_zero() {
            return Ok(Due::In(wait));
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        retry_conflicts(self.accounts.entropy(), || async {
            let mut tx = self.accounts.store().begin().await?;
            let now = self.accounts.now();
            let claimed = tx
                .claim_deliveries(&self.name, &apps, now, now.plus(self.claim_lifetime()), limit)
                .await?;
            tx.commit().await?;
            Ok(Due::Now(claimed))
        })
        .await
    }

    fn claim_lifetime(&self) -> Duration {
        self.accounts.settings().function_timeout + CLAIM_GRACE
    }

    fn begin(self: &Arc<Self>, in_flight: &mut InFlight, delivery: ClaimedDelivery) {
        // A claim has lapsed while its delivery could not be recorded, and this worker claimed the user's queue again.
        // Once the delivery is recorded, the next one is due.
        if in_flight.users.values().any(|user| *user == delivery.user.id) {
            return;
        }
        let (worker, user) = (Arc::clone(self), delivery.user.id);
        let task = in_flight.tasks.spawn(async move { worker.deliver(delivery).await });
        in_flight.users.insert(task.id(), user);
    }

    /// Returns a cool-down during which no other delivery should begin, if there is a reason for one.
    async fn deliver(&self, delivery: ClaimedDelivery) -> Option<Duration> {
        // An app that has been taken out since the poll: its deliveries wait until a server serves it again.
        let app = self.accounts.apps().find_by_object_id(delivery.user.app)?;
        let span = info_span!("delivery", app = %app.id, trigger = delivery.trigger);
        let accounts = self.accounts.of(app, Actor::System);
        self.deliver_for(&accounts, &delivery).instrument(span).await
    }

    async fn deliver_for(&self, accounts: &AppAccounts, delivery: &ClaimedDelivery) -> Option<Duration> {
        let app = accounts.app();
        let Some(trigger) = app.triggers.iter().find(|trigger| trigger.name == delivery.trigger) else {
            if self.accounts.now().since(delivery.at) < self.settings.unknown_for {
                self.postpone(delivery, LEFT_TO_OTHERS, delivery.attempts).await;
            } else {
                warn!("the trigger is gone, and a delivery to it is dropped");
                self.finish(accounts, delivery, &[]).await;
            }
            return None;
        };
        let cool_down = match app.functions.deliver(&trigger.function, delivery).await {
            Ok(result) => {
                self.finish(accounts, delivery, &result.mails).await;
                return None;
            }
            Err(FunctionError::Busy { retry_after }) => retry_after,
            Err(FunctionError::Unavailable) => PAUSE,
            Err(FunctionError::Unanswered { .. }) => {
                self.try_later(accounts, delivery).await;
                return None;
            }
            // An error of a script is in the log, and is no reason to deliver again.
            Err(
                FunctionError::NotFound
                | FunctionError::NotAllowed
                | FunctionError::Threw { .. }
                | FunctionError::TimedOut,
            ) => {
                self.finish(accounts, delivery, &[]).await;
                return None;
            }
        };
        self.postpone(delivery, cool_down, delivery.attempts).await;
        Some(cool_down)
    }

    /// A web service that does not answer now may be back in a moment, or tomorrow.
    async fn try_later(&self, accounts: &AppAccounts, delivery: &ClaimedDelivery) {
        let attempts = delivery.attempts.saturating_add(1);
        if attempts < ATTEMPTS {
            return self
                .postpone(delivery, BACKOFF.pause(delivery.attempts), attempts)
                .await;
        }
        warn!(
            attempts,
            "a web service gives no answer, and a delivery to it is dropped"
        );
        self.finish(accounts, delivery, &[]).await;
    }

    /// Records that it was delivered. A failure to record must not deliver it twice, so it is tried until it succeeds.
    async fn finish(&self, accounts: &AppAccounts, delivery: &ClaimedDelivery, mails: &[FunctionMail]) {
        let mut failing = false;
        while let Err(error) = self.try_finish(accounts, delivery, mails).await {
            if !failing {
                warn!(error = %Causes(&error), "a delivery cannot be recorded; trying again every second");
            }
            failing = true;
            sleep(PAUSE).await;
        }
    }

    async fn try_finish(
        &self,
        accounts: &AppAccounts,
        delivery: &ClaimedDelivery,
        mails: &[FunctionMail],
    ) -> Result<(), StoreError> {
        accounts
            .transact(|| async {
                let mut change = accounts.begin().await?;
                if !change
                    .finish_delivery(&self.name, delivery, self.accounts.now())
                    .await?
                {
                    return Ok(());
                }
                change.promise_function_mails(mails).await?;
                change.commit().await
            })
            .await
    }

    /// If this fails, the claim lapses by itself.
    async fn postpone(&self, delivery: &ClaimedDelivery, wait: Duration, attempts: u32) {
        let now = self.accounts.now();
        let postponed = retry_conflicts(self.accounts.entropy(), || async {
            let mut tx = self.accounts.store().begin().await?;
            tx.postpone_delivery(&self.name, delivery, now, now.plus(wait), attempts)
                .await?;
            tx.commit().await
        });
        if let Err(error) = postponed.await {
            warn!(error = %Causes(&error), "a delivery cannot be given back");
        }
    }
}

impl InFlight {
    /// Takes a finished delivery out, and returns its cool-down. One that panicked is delivered again when its
    /// claim lapses.
    async fn next(&mut self) -> Option<Option<Duration>> {
        let (id, cool_down) = match self.tasks.join_next_with_id().await? {
            Ok((id, cool_down)) => (id, cool_down),
            Err(panicked) => (panicked.id(), None),
        };
        self.users.remove(&id);
        Some(cool_down)
    }
}

impl fmt::Debug for TriggerWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TriggerWorker").field(&self.name).finish()
    }
}
