//! The pool and the sandbox, with real processes whose "functions" are Rust actions.

mod crashes;
mod engine;
mod escapes;
mod lifetimes;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doorward_functions::{
    Answer, AppProgram, Ask, Call, CallError, Ejson, HttpResponse, Limits, Outcome, Outside, Program, Returned,
    StartError, Wanted, WorkerCommand, Workers, WorkersConfig,
};

/// Answers every request at once.
struct Instantly;

#[async_trait]
impl Outside for Instantly {
    async fn answer(&self, ask: Ask) -> Result<Answer, String> {
        let Ask::Http(request) = ask else {
            return Err("only requests".to_owned());
        };
        Ok(Answer::Http(HttpResponse {
            status: "200 OK".to_owned(),
            status_code: 200,
            headers: Vec::new(),
            body: request.url,
        }))
    }
}

fn workers(limits: Limits) -> Workers {
    let command = WorkerCommand {
        program: PathBuf::from(env!("CARGO_BIN_EXE_doorward-test-worker")),
        arguments: Vec::new(),
    };
    Workers::start(WorkersConfig { command, limits }).expect("a thread can be started")
}

/// A few workers, and patience with a busy machine.
fn limits() -> Limits {
    Limits {
        workers: 2,
        queue_deadline: Duration::from_mins(5),
        wall_time: Duration::from_mins(5),
        cpu_time: Duration::from_mins(1),
        ..Limits::default()
    }
}

fn app(tag: &str) -> Arc<AppProgram> {
    let program = Program {
        environment_tag: tag.to_owned(),
        ..Program::default()
    };
    AppProgram::new(program, Arc::new(Instantly))
}

fn call(function: &str, argument: &str) -> Call {
    Call {
        function: function.to_owned(),
        arguments: Ejson::of(&[argument]).expect("text is JSON"),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted: Wanted::Value,
        secrets: Vec::new(),
        wall_time: Duration::from_mins(5),
    }
}

/// What a function returned, as text.
async fn run(workers: &Workers, app: &Arc<AppProgram>, function: &str, argument: &str) -> Result<String, CallError> {
    workers
        .call(app, call(function, argument))
        .await
        .map(|outcome| text(&outcome))
}

fn text(outcome: &Outcome) -> String {
    match &outcome.result {
        Ok(Returned::Value(value)) => {
            serde_json::from_str(value.as_str()).unwrap_or_else(|_| value.as_str().to_owned())
        }
        other => format!("{other:?}"),
    }
}

/// Whether a process runs; one that has ended and that nobody has asked about counts as one that is there.
fn exists(process: &str) -> bool {
    std::path::Path::new("/proc").join(process).exists()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
