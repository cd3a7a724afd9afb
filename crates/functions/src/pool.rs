//! The pool of worker processes: it starts, feeds, bounds and ends them. It does no input or output for scripts: what a
//! script asks for goes to the [`HostServices`] of its app.

mod admission;
mod conversation;
mod cool_down;
mod cpu;
mod error;
mod frames;
mod idle;
mod metrics;
mod process;
mod running;
mod spawner;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_core::Causes;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::admission::Admission;
use self::cool_down::CoolDown;
pub use self::error::{CallError, StartError};
use self::idle::IdleWorkers;
pub use self::metrics::{CallEnd, CallLabels, WorkerMetrics};
use self::process::Worker;
use self::running::{Busy, End, Running};
use self::spawner::Spawner;
use crate::protocol::{Call, Outcome, Program};
use crate::services::{HostServices, NoServices};
use crate::{Confinement, Limits};

/// How the pool works.
#[derive(Debug, Clone)]
pub struct WorkersConfig {
    /// How a worker is started.
    pub command: WorkerCommand,
    /// What calls may take.
    pub limits: Limits,
    /// Which workers may run scripts.
    pub sandbox: Sandbox,
}

/// Which workers may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Only those that every layer of the sandbox confines.
    Required,
    /// Those too whose system lacks a layer.
    BestEffort,
}

/// How a worker is started. Its standard input is the pipe to the server.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// The program of an app, and the services for its scripts. A worker belongs to the very program that it was started
/// with, not to an equal one: each deployment makes a new program.
pub struct AppProgram {
    program: Program,
    services: Arc<dyn HostServices>,
    /// Another revision of the app has taken its place, so no worker of it is kept.
    retired: AtomicBool,
}

impl AppProgram {
    /// Joins a program and the services for its scripts.
    pub fn new(program: Program, services: Arc<dyn HostServices>) -> Arc<Self> {
        Arc::new(Self {
            program,
            services,
            retired: AtomicBool::new(false),
        })
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

/// Worker processes for the functions of all apps. Clones are the same pool.
#[derive(Clone)]
pub struct Workers {
    inner: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    spawner: Spawner,
    admission: Admission,
    idle: IdleWorkers,
    cool_down: CoolDown,
    sandbox: Sandbox,
    metrics: WorkerMetrics,
    /// Calls and starts in flight.
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Workers {
    /// Makes a pool without workers: [`Workers::prepare`] or the first call starts one. It must be called within a
    /// runtime.
    pub fn start(config: WorkersConfig) -> io::Result<Self> {
        let concurrency = config.limits.workers.max(1);
        let inner = Inner {
            spawner: Spawner::start(config.command)?,
            admission: Admission::new(concurrency, config.limits.queue_deadline),
            idle: IdleWorkers::new(concurrency),
            cool_down: CoolDown::default(),
            sandbox: config.sandbox,
            limits: config.limits,
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
        if let Some(confinement) = self.inner.idle.confinement_for(app) {
            return Ok(confinement);
        }
        let worker = self.inner.start_worker(app).await?;
        let confinement = worker.confinement;
        self.inner.keep(worker);
        Ok(confinement)
    }

    /// What this machine has to confine workers with, whatever is required of them. A worker is started and ended to
    /// find out, because a sandbox cannot be left again.
    pub async fn probe(&self) -> Result<Confinement, StartError> {
        let empty = AppProgram::new(Program::default(), Arc::new(NoServices));
        let worker = Worker::start(&self.inner.spawner, &self.inner.limits, empty).await?;
        let confinement = worker.confinement;
        worker.kill().await;
        Ok(confinement)
    }

    /// Ends the idle workers of a program that will not be called again.
    pub async fn forget(&self, app: &Arc<AppProgram>) {
        for worker in self.inner.idle.take_all_of(app) {
            worker.kill().await;
        }
    }

    /// Ends the idle workers of a program that another revision of its app has replaced, and keeps none from now on.
    pub(crate) fn retire(&self, app: &Arc<AppProgram>) {
        app.retired.store(true, Ordering::Relaxed);
        // Dropped, they are killed.
        drop(self.inner.idle.take_all_of(app));
    }

    /// Runs a call as soon as it is admitted.
    ///
    /// Dropping the future kills the worker: its outcome would not be read, and clients that hang up and come again
    /// could otherwise fill the pool with calls that no client waits for.
    pub async fn call(&self, app: &Arc<AppProgram>, call: Call) -> Result<Outcome, CallError> {
        let mut end = End::new(&self.inner.metrics);
        let outcome = self.run(app, call).await;
        end.set(&outcome);
        outcome
    }

    /// Refuses new calls, gives running ones some time to end, kills the rest, and returns when no process is left.
    pub async fn stop(&self, grace: Duration) {
        let inner = &self.inner;
        inner.admission.close();
        inner.tasks.close();
        if tokio::time::timeout(grace, inner.tasks.wait()).await.is_err() {
            inner.stop.cancel();
            inner.tasks.wait().await;
        }
        inner.stop.cancel();
        for worker in inner.idle.take_all() {
            worker.kill().await;
        }
    }

    async fn run(&self, app: &Arc<AppProgram>, call: Call) -> Result<Outcome, CallError> {
        let inner = &self.inner;
        let _task = inner.tasks.token();
        let queued = Instant::now();
        let _permit = inner.admission.admit().await?;
        inner.metrics.queue_wait.observe(queued.elapsed().as_secs_f64());
        let _busy = Busy::new(&inner.metrics);
        let mut running = Running::new(self, inner.worker_for(app).await?);
        let started = Instant::now();
        let result = running.converse(call).await;
        let took = started.elapsed();
        inner.admission.record(took);
        inner.metrics.run_time.observe(took.as_secs_f64());
        match result {
            Ok(outcome) => {
                running.succeed();
                Ok(outcome)
            }
            Err(broken) => Err(running.end(broken).await),
        }
    }

    /// Starts a worker in place of one that was ended, so that the next call need not wait for it.
    fn replace(&self, app: Arc<AppProgram>) {
        let inner = &self.inner;
        let is_stopping = inner.stop.is_cancelled() || inner.tasks.is_closed();
        if is_stopping || inner.cool_down.is_active() {
            return;
        }
        // Where a call is waiting now, it has begun to start a worker of its own.
        let Some(reservation) = inner.idle.reserve() else {
            return;
        };
        let workers = self.clone();
        inner.tasks.spawn(async move {
            let inner = &workers.inner;
            let worker = tokio::select! {
                worker = inner.worker_or_log(&app) => worker,
                () = inner.stop.cancelled() => Err(CallError::Stopped),
            };
            inner.idle.release(reservation);
            if let Ok(worker) = worker {
                inner.keep(worker);
            }
        });
    }
}

impl Inner {
    /// An idle worker of the app, or a new one.
    async fn worker_for(&self, app: &Arc<AppProgram>) -> Result<Worker, CallError> {
        while let Some(mut worker) = self.idle.take(app) {
            if worker.is_sound() {
                return Ok(worker);
            }
            let ending = worker.kill().await;
            tracing::warn!(%ending, "an idle worker of functions ended or misbehaved");
        }
        self.worker_or_log(app).await
    }

    /// A new worker, or one line in the log.
    async fn worker_or_log(&self, app: &Arc<AppProgram>) -> Result<Worker, CallError> {
        self.start_worker(app).await.map_err(|error| {
            // A cool-down follows an error that is in the log already.
            if !matches!(error, StartError::CoolingDown) {
                tracing::error!(error = %Causes(&error), "functions have no worker");
            }
            CallError::NoWorker
        })
    }

    async fn start_worker(&self, app: &Arc<AppProgram>) -> Result<Worker, StartError> {
        if self.cool_down.is_active() {
            return Err(StartError::CoolingDown);
        }
        let started = match Worker::start(&self.spawner, &self.limits, Arc::clone(app)).await {
            Ok(worker) => self.confined(worker).await,
            Err(error) => Err(error),
        };
        match &started {
            Ok(_) => self.cool_down.end(),
            Err(_) => self.cool_down.begin(),
        }
        started
    }

    /// The worker, if it is confined well enough to run scripts.
    async fn confined(&self, worker: Worker) -> Result<Worker, StartError> {
        let confinement = worker.confinement;
        if self.sandbox == Sandbox::BestEffort || confinement.missing().is_empty() {
            return Ok(worker);
        }
        worker.kill().await;
        Err(StartError::Unconfined(confinement))
    }

    /// Keeps a worker for the next call, unless there will be none.
    fn keep(&self, worker: Worker) {
        let is_retired = worker.app.retired.load(Ordering::Relaxed);
        if !self.stop.is_cancelled() && !is_retired {
            self.idle.put(worker);
        }
    }
}
