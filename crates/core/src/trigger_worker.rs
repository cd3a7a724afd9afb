//! Delivers what is queued for triggers: of one user in order, one after the other; of different users side by side.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    Accounts, App, AppObjectId, AuthError, ClaimedTrigger, FunctionMail, NotRun, ObjectId, StoreError, Timestamp, Wake,
};

/// How long to wait after something failed that may pass.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a delivery is left to others that this process cannot make, because it does not serve the app.
const ELSEWHERE: Duration = Duration::from_secs(15);

/// How much longer than its function a claim lasts: the function may have waited for its turn, and its end is written down afterwards.
const CLAIM_GRACE: Duration = Duration::from_secs(15);

/// How the worker paces itself.
#[derive(Debug, Clone)]
pub struct TriggerWorkerSettings {
    /// How long it sleeps at most while nothing is due.
    pub longest_sleep: Duration,
    /// How many deliveries run at once. They share the processes for functions with those that somebody waits for.
    pub at_once: usize,
}

/// Delivers to triggers. Any number of workers, in any number of processes, can share one database.
pub struct TriggerWorker {
    accounts: Arc<Accounts>,
    apps: HashMap<AppObjectId, App>,
    name: String,
    wake: Wake,
    settings: TriggerWorkerSettings,
}

impl TriggerWorker {
    /// A worker for the triggers of these apps.
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
        let at_once = worker.settings.at_once.max(1);
        let mut deliveries = JoinSet::new();
        let mut look_at = Instant::now();
        let mut trouble = false;
        while !shutdown.is_cancelled() {
            let room = at_once.saturating_sub(deliveries.len());
            if room > 0 && look_at <= Instant::now() {
                look_at = worker.look(&mut deliveries, room, &mut trouble).await;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = worker.wake.woken() => look_at = Instant::now(),
                // While every place is taken, a place that falls free is what there is to wait for.
                () = sleep_until(look_at), if deliveries.len() < at_once => {}
                // The next one of the same user may be due now.
                Some(_) = deliveries.join_next() => look_at = Instant::now(),
            }
        }
        while deliveries.join_next().await.is_some() {}
    }

    /// Claims what is due, and says when to look again. Trouble with the database is told once, not at every look.
    async fn look(self: &Arc<Self>, deliveries: &mut JoinSet<()>, room: usize, trouble: &mut bool) -> Instant {
        let found = async {
            let claimed = self.claim(room).await?;
            Ok::<_, StoreError>((claimed, self.accounts.store().next_trigger_due().await?))
        };
        let found = found.await.inspect_err(|error| {
            if !*trouble {
                warn!(%error, "what waits for triggers cannot be read; trying again every second");
            }
        });
        *trouble = found.is_err();
        let Ok((claimed, next)) = found else {
            return Instant::now() + PAUSE;
        };
        let now = self.accounts.now();
        let wait = match next {
            // There may be more than there was room for: look again as soon as there is room.
            _ if claimed.len() == room => Duration::ZERO,
            None => self.settings.longest_sleep,
            // It was due and yet was not ours to claim.
            Some(due) if due <= now => PAUSE,
            Some(due) => due.since(now),
        };
        for told in claimed {
            let worker = Arc::clone(self);
            deliveries.spawn(async move { worker.deliver(told).await });
        }
        Instant::now() + wait.min(self.settings.longest_sleep)
    }

    async fn claim(&self, room: usize) -> Result<Vec<ClaimedTrigger>, StoreError> {
        let now = self.accounts.now();
        let mut tx = self.accounts.store().begin().await?;
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let claimed = tx
            .claim_triggers(&self.name, now, now.plus(self.claim_lifetime()), limit)
            .await?;
        tx.commit().await?;
        Ok(claimed)
    }

    fn claim_lifetime(&self) -> Duration {
        self.accounts.settings().function_timeout + CLAIM_GRACE
    }

    async fn deliver(&self, told: ClaimedTrigger) {
        let Some(app) = self.apps.get(&told.user.app) else {
            return self.postpone(&told, ELSEWHERE).await;
        };
        let Some(trigger) = app.triggers.iter().find(|trigger| trigger.name == told.trigger) else {
            warn!(app = %app.id, trigger = told.trigger, "a trigger is gone, and what waited for it is dropped");
            return self.finish(app, &told, &[]).await;
        };
        match self.accounts.functions().trigger(app, &trigger.function, &told).await {
            Ok(ran) => self.finish(app, &told, &ran.mails).await,
            Err(NotRun::Busy { retry_after }) => self.postpone(&told, retry_after).await,
            Err(NotRun::Unavailable) => self.postpone(&told, PAUSE).await,
        }
    }

    /// Writes down that it was told. Not to know how that ended must not tell it twice, so it is tried for as long as the claim holds.
    async fn finish(&self, app: &App, told: &ClaimedTrigger, mails: &[FunctionMail]) {
        let until = Instant::now() + CLAIM_GRACE;
        while let Err(error) = self.try_finish(app, told, mails).await {
            warn!(%error, trigger = told.trigger, "a delivery cannot be written down");
            if Instant::now() >= until {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    async fn try_finish(&self, app: &App, told: &ClaimedTrigger, mails: &[FunctionMail]) -> Result<(), AuthError> {
        let mut tx = self.accounts.store().begin().await?;
        if !tx.finish_trigger(&self.name, told.id).await? {
            return Ok(());
        }
        self.accounts.promise_function_mails(&mut *tx, app, mails).await?;
        self.accounts.commit_and_wake(tx, !mails.is_empty(), false).await
    }

    /// If this fails, the claim lapses by itself.
    async fn postpone(&self, told: &ClaimedTrigger, wait: Duration) {
        let until: Timestamp = self.accounts.now().plus(wait);
        let postponed = async {
            let mut tx = self.accounts.store().begin().await?;
            tx.postpone_trigger(&self.name, told.id, until).await?;
            tx.commit().await
        };
        if let Err(error) = postponed.await {
            warn!(%error, trigger = told.trigger, "a delivery cannot be given back");
        }
    }
}

impl fmt::Debug for TriggerWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TriggerWorker").field(&self.name).finish()
    }
}
