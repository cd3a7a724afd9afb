//! The pool, the sandbox and the engine in real processes.

mod crashes;
mod engine;
mod escapes;
mod lifetimes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doorward_functions::{
    AppProgram, Call, CallError, Ejson, HostRequest, HostResponse, HostServices, HttpResponse, Limits, Outcome,
    Program, Returned, SecretTexts, Wanted, Workers,
};
use libtest_mimic::Trial;

use crate::worker;

pub(crate) fn trials() -> Vec<Trial> {
    let parts = [
        crashes::trials(),
        engine::trials(),
        escapes::trials(),
        lifetimes::trials(),
    ];
    parts.into_iter().flatten().collect()
}

/// Answers every HTTP request immediately.
struct Instantly;

#[async_trait]
impl HostServices for Instantly {
    async fn respond(&self, request: HostRequest) -> Result<HostResponse, String> {
        let HostRequest::Http(request) = request else {
            return Err("only HTTP requests".to_owned());
        };
        Ok(HostResponse::Http(HttpResponse {
            status: "200 OK".to_owned(),
            status_code: 200,
            headers: Vec::new(),
            body: request.url,
        }))
    }
}

/// Workers whose "functions" are the actions of [`worker`].
fn workers(limits: Limits) -> Workers {
    let command = worker::command(worker::ACTIONS);
    Workers::start(worker::config(command, limits)).expect("a thread can be started")
}

/// A few workers, with time limits for a busy machine.
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
        arguments: Ejson::canonical(vec![argument]),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted: Wanted::Value,
        secrets: SecretTexts::default(),
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

/// Whether a process exists, which includes one that has ended and is not reaped.
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
