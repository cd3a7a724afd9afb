//! The supervisor of the workers: who starts, feeds, bounds and ends them. It does no input or output of its own for a script: what a script
//! asks for, an [`Outside`] answers.

mod conversation;
mod cpu;
mod frames;
mod metrics;
mod process;
mod spawner;
mod turns;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::protocol::{Answer, Ask, Call, Ejson, Outcome, Program};
use crate::webhook::WebhookError;
use crate::{Confinement, Limits};
use conversation::Broken;
pub use metrics::{CallEnd, CallLabels, WorkerMetrics};
pub use process::StartError;
use process::Worker;
use spawner::Spawner;
use turns::{Backoff, Turns};

/// How the pool works.
#[derive(Debug, Clone)]
pub struct WorkersConfig {
    /// What a worker is.
    pub command: WorkerCommand,
    /// What calls may take.
    pub limits: Limits,
}

/// How a worker is started. Its standard input is the pipe to the server.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A program, shared. Workers belong to the one that they were started with, not to an equal one: a deployment makes a new one.
pub struct AppProgram {
    program: Program,
    outside: Arc<dyn Outside>,
}

impl AppProgram {
    /// Shares a program, and says who answers what its scripts ask for.
    pub fn new(program: Program, outside: Arc<dyn Outside>) -> Arc<Self> {
        Arc::new(Self { program, outside })
    }

    /// What it consists of.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

/// What the scripts of an app ask for and workers cannot do. Answers are given under the deadline of the call: a future that is not ready
/// then is dropped.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Answers a question. An error is text for the script.
    async fn answer(&self, ask: Ask) -> Result<Answer, String>;

    /// Calls a function that is a web service, with an object as its answer. A message that is sent again keeps its id; without one it gets
    /// a new one. There are none, unless this is written anew.
    async fn call_webhook(&self, _: Option<&str>, function: &str, _: &Ejson) -> Result<Ejson, WebhookError> {
        Err(WebhookError::NotFound(function.to_owned()))
    }
}

/// An [`Outside`] where there is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

#[async_trait]
impl Outside for Nowhere {
    async fn answer(&self, _: Ask) -> Result<Answer, String> {
        Err("this is not available here".to_owned())
    }
}

/// Why a call has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// Too many others are before it.
    #[error("the functions are busy")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Its time was over, and the worker has been killed.
    #[error("the function took too long")]
    TimedOut,
    /// The worker died or misbehaved during the call. The log says more.
    #[error("the function's worker failed")]
    Crashed,
    /// No worker could be started, so the call has not begun. The log says more.
    #[error("the function has no worker")]
    NoWorker,
    /// The server is stopping.
    #[error("the functions have been stopped")]
    Stopped,
}

/// Worker processes for the functions of all apps. Clones are the same pool.
#[derive(Clone)]
pub struct Workers {
    inner: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    spawner: Spawner,
    turns: Turns,
    idle: Mutex<Idle>,
    metrics: WorkerMetrics,
    /// Calls and starts that are under way.
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Workers without a call: those used last are at the end.
struct Idle {
    workers: Vec<Worker>,
    /// Starts in advance that have not ended yet, so that they count.
    starting: usize,
    backoff: Backoff,
}

impl Workers {
    /// A pool without workers: [`Workers::prepare`] or the first call starts one. Must be called within a runtime.
    pub fn start(config: WorkersConfig) -> io::Result<Self> {
        let inner = Inner {
            spawner: Spawner::start(config.command)?,
            turns: Turns::new(config.limits.workers.max(1), config.limits.queue_deadline),
            limits: config.limits,
            idle: Mutex::new(Idle {
                workers: Vec::new(),
                starting: 0,
                backoff: Backoff::default(),
            }),
            metrics: WorkerMetrics::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What bounds its calls.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The counters.
    pub fn metrics(&self) -> &WorkerMetrics {
        &self.inner.metrics
    }

    /// Starts a worker for an app in advance, unless one is idle, and says what confines it.
    pub async fn prepare(&self, app: &Arc<AppProgram>) -> Result<Confinement, StartError> {
        if let Some(confinement) = self.inner.idle().confinement_for(app) {
            return Ok(confinement);
        }
        let worker = self.inner.start_worker(app).await?;
        let confinement = worker.confinement;
        self.inner.rest(worker);
        Ok(confinement)
    }

    /// What this machine has to confine workers with. A throw-away worker finds it out, since there is no way back for it.
    pub async fn probe(&self) -> Result<Confinement, StartError> {
        let nothing = AppProgram::new(Program::default(), Arc::new(Nowhere));
        let worker = Worker::start(&self.inner.spawner, &self.inner.limits, nothing).await?;
        let confinement = worker.confinement;
        worker.kill().await;
        Ok(confinement)
    }

    /// Ends the idle workers of a program that will not be called again.
    pub async fn forget(&self, app: &Arc<AppProgram>) {
        let forgotten: Vec<_> = self
            .inner
            .idle()
            .workers
            .extract_if(.., |worker| Arc::ptr_eq(&worker.app, app))
            .collect();
        for worker in forgotten {
            worker.kill().await;
        }
    }

    /// Runs one call when its turn has come.
    ///
    /// When the returned future is dropped, the worker is killed: nobody would read what it does, and a client that hangs up and comes
    /// again could otherwise fill all turns with calls that nobody waits for.
    pub async fn call(&self, app: &Arc<AppProgram>, call: Call) -> Result<Outcome, CallError> {
        let mut end = End::new(&self.inner.metrics);
        let outcome = self.take_turn(app, call).await;
        end.end = match &outcome {
            Ok(Outcome { result: Ok(_), .. }) => CallEnd::returned,
            Ok(_) => CallEnd::threw,
            Err(CallError::Busy { .. }) => CallEnd::busy,
            Err(CallError::TimedOut) => CallEnd::timed_out,
            Err(CallError::Crashed) => CallEnd::crashed,
            Err(CallError::NoWorker) => CallEnd::no_worker,
            Err(CallError::Stopped) => CallEnd::stopped,
        };
        outcome
    }

    /// Refuses new calls, lets running ones end for as long as `patience` lasts, kills the rest, and returns when no process is left.
    pub async fn stop(&self, patience: Duration) {
        let inner = &self.inner;
        inner.turns.close();
        inner.tasks.close();
        if tokio::time::timeout(patience, inner.tasks.wait()).await.is_err() {
            inner.stop.cancel();
            inner.tasks.wait().await;
        }
        inner.stop.cancel();
        let idle = std::mem::take(&mut inner.idle().workers);
        for worker in idle {
            worker.kill().await;
        }
    }

    async fn take_turn(&self, app: &Arc<AppProgram>, call: Call) -> Result<Outcome, CallError> {
        let inner = &self.inner;
        let _task = inner.tasks.token();
        let queued = Instant::now();
        let _turn = inner.turns.take().await?;
        inner.metrics.queue_wait.observe(queued.elapsed().as_secs_f64());
        let _busy = Busy::count(&inner.metrics);
        let mut running = Running {
            workers: self,
            worker: Some(inner.worker_for(app).await?),
        };
        let begun = Instant::now();
        let result = running.converse(call).await;
        let took = begun.elapsed();
        inner.turns.measure(took);
        inner.metrics.run_time.observe(took.as_secs_f64());
        match result {
            Ok(outcome) => {
                if let Some(worker) = running.worker.take() {
                    inner.rest(worker);
                }
                Ok(outcome)
            }
            Err(broken) => Err(running.end(broken).await),
        }
    }

    /// Starts a worker in the place of one that was ended, so that the next call need not wait for it.
    fn replace(&self, app: Arc<AppProgram>) {
        let mut idle = self.inner.idle();
        // A call that is waiting now has begun to start its own.
        let enough = idle.workers.len() + idle.starting >= self.inner.limits.workers.max(1);
        if self.inner.stop.is_cancelled() || self.inner.tasks.is_closed() || idle.backoff.is_pausing() || enough {
            return;
        }
        idle.starting += 1;
        drop(idle);
        let workers = self.clone();
        self.inner.tasks.spawn(async move {
            let inner = &workers.inner;
            let worker = tokio::select! {
                worker = inner.worker_or_log(&app) => worker,
                () = inner.stop.cancelled() => Err(CallError::Stopped),
            };
            inner.idle().starting -= 1;
            if let Ok(worker) = worker {
                inner.rest(worker);
            }
        });
    }
}

impl Inner {
    /// An idle worker of the app, or a new one, for which an idle one of another app may have to go.
    async fn worker_for(&self, app: &Arc<AppProgram>) -> Result<Worker, CallError> {
        loop {
            let found = self.idle().take(app);
            let Some(mut worker) = found else {
                return self.worker_or_log(app).await;
            };
            if worker.is_sound() {
                return Ok(worker);
            }
            let ending = worker.kill().await;
            tracing::warn!(%ending, "an idle worker of functions ended or misbehaved");
        }
    }

    /// A new worker, or one line in the log.
    async fn worker_or_log(&self, app: &Arc<AppProgram>) -> Result<Worker, CallError> {
        self.start_worker(app).await.map_err(|error| {
            // A pause is the consequence of an error that is in the log.
            if !matches!(error, StartError::Pausing) {
                tracing::error!(error = &error as &dyn std::error::Error, "functions have no worker");
            }
            CallError::NoWorker
        })
    }

    async fn start_worker(&self, app: &Arc<AppProgram>) -> Result<Worker, StartError> {
        if self.idle().backoff.is_pausing() {
            return Err(StartError::Pausing);
        }
        let started = Worker::start(&self.spawner, &self.limits, Arc::clone(app)).await;
        let mut idle = self.idle();
        match &started {
            Ok(_) => idle.backoff.succeeded(),
            Err(_) => idle.backoff.failed(),
        }
        drop(idle);
        started
    }

    /// Keeps a worker for the next call. Together with the busy ones there are at most twice as many processes as calls at once.
    fn rest(&self, worker: Worker) {
        if self.stop.is_cancelled() {
            return;
        }
        let mut idle = self.idle();
        if idle.workers.len() >= self.limits.workers.max(1) {
            // The one that was used longest ago. Dropped, it is killed.
            idle.workers.remove(0);
        }
        idle.workers.push(worker);
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // No code that could panic half-way through a change runs under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn take(&mut self, app: &Arc<AppProgram>) -> Option<Worker> {
        let place = self.workers.iter().rposition(|worker| Arc::ptr_eq(&worker.app, app))?;
        Some(self.workers.remove(place))
    }

    fn confinement_for(&self, app: &Arc<AppProgram>) -> Option<Confinement> {
        let worker = self.workers.iter().find(|worker| Arc::ptr_eq(&worker.app, app))?;
        Some(worker.confinement)
    }
}

/// A worker in a call. Dropped with it, the worker is killed and replaced.
struct Running<'a> {
    workers: &'a Workers,
    worker: Option<Worker>,
}

impl Running<'_> {
    async fn converse(&mut self, call: Call) -> Result<Outcome, Broken> {
        let inner = &self.workers.inner;
        let Some(worker) = &mut self.worker else {
            return Err(Broken::Stopped);
        };
        conversation::run(worker, call, &inner.limits, &inner.stop).await
    }

    /// Kills the worker, starts another, and says what the caller hears. The log has one line of it.
    async fn end(&mut self, broken: Broken) -> CallError {
        let Some(worker) = self.worker.take() else {
            return CallError::Crashed;
        };
        self.workers.inner.metrics.kills.inc();
        let app = Arc::clone(&worker.app);
        let ending = worker.kill().await;
        self.workers.replace(app);
        match broken {
            Broken::Stopped => CallError::Stopped,
            Broken::TimedOut => {
                tracing::warn!("a function was killed: its time was over");
                CallError::TimedOut
            }
            Broken::Pipe(_) if ending.is_processor_time() => {
                tracing::warn!("a function was killed: its processor time was over");
                CallError::TimedOut
            }
            Broken::Pipe(error) => {
                tracing::warn!(%error, %ending, "a worker of functions died or misbehaved");
                CallError::Crashed
            }
            Broken::TooManyQuestions => {
                tracing::warn!("a worker of functions asked for more than a call may");
                CallError::Crashed
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            self.workers.inner.metrics.kills.inc();
            // Without a runtime there is nobody to start another for.
            if tokio::runtime::Handle::try_current().is_ok() {
                self.workers.replace(Arc::clone(&worker.app));
            }
        }
    }
}

/// Counts a busy worker for as long as it lives.
struct Busy<'a>(&'a WorkerMetrics);

impl<'a> Busy<'a> {
    fn count(metrics: &'a WorkerMetrics) -> Self {
        metrics.busy.inc();
        Self(metrics)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.dec();
    }
}

/// Counts the end of a call, also when the caller goes away.
struct End<'a> {
    metrics: &'a WorkerMetrics,
    end: CallEnd,
}

impl<'a> End<'a> {
    fn new(metrics: &'a WorkerMetrics) -> Self {
        Self {
            metrics,
            end: CallEnd::abandoned,
        }
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.metrics.ended(self.end);
    }
}
