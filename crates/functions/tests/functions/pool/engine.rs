//! The real engine in real processes: scripts that are stopped, scripts that are killed, and what works inside the
//! sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doorward_functions::{
    AppProgram, Call, CallError, Ejson, HostRequest, HostResponse, HostServices, HttpResponse, Limits, Program,
    Returned, Script, ThrownKind, Wanted, Workers,
};
use libtest_mimic::Trial;

use super::{call, limits, run};
use crate::{trials, worker};

pub(super) fn trials() -> Vec<Trial> {
    trials![
        a_hook_runs_and_speaks_with_the_outside,
        an_endless_loop_is_stopped_by_its_own_worker,
        what_cannot_be_interrupted_is_killed_and_the_next_call_is_well,
        chance_and_time_work_in_the_sandbox,
        signatures_work_in_the_sandbox,
        a_memory_bomb_fails_its_own_call,
        two_thousand_calls_take_no_more_memory_than_a_hundred,
    ]
}

/// Workers that run JavaScript.
fn engines(limits: Limits) -> Workers {
    let command = worker::command(worker::ENGINE);
    Workers::start(worker::config(command, limits)).expect("a thread can be started")
}

/// Answers HTTP requests with their own body.
struct Repeats;

#[async_trait]
impl HostServices for Repeats {
    async fn respond(&self, request: HostRequest) -> Result<HostResponse, String> {
        match request {
            HostRequest::Http(request) if request.url == "https://refused/" => Err("not allowed".to_owned()),
            HostRequest::Http(request) => Ok(HostResponse::Http(HttpResponse {
                status: "201 Created".to_owned(),
                status_code: 201,
                headers: vec![("x-method".to_owned(), request.method)],
                body: request.body.unwrap_or_default(),
            })),
            _ => Ok(HostResponse::NoModule),
        }
    }
}

fn program(functions: &[(&str, &str)]) -> Arc<AppProgram> {
    let functions = functions.iter().map(|(name, text)| {
        let script = Script {
            path: format!("functions/{name}.js"),
            text: (*text).to_owned(),
            run_as_system: false,
            run_as_script: None,
        };
        ((*name).to_owned(), script)
    });
    let program = Program {
        functions: functions.collect::<BTreeMap<_, _>>(),
        ..Program::default()
    };
    AppProgram::new(program, Arc::new(Repeats))
}

/// The result of one function, in a pool of its own.
async fn alone(text: &str, argument: &str) -> String {
    let app = program(&[("f", text)]);
    run(&engines(limits()), &app, "f", argument)
        .await
        .expect("the worker lives")
}

async fn a_hook_runs_and_speaks_with_the_outside() {
    let text = "exports = async ({username}) => { const r = await context.http.post({url: 'https://a/', body: username}); console.log(r.statusCode); return {status: r.body.text() === 'ada' ? 'success' : 'fail'} }";
    let hook = Call {
        arguments: Ejson::parse(r#"[{"username":"ada"}]"#.to_owned()).unwrap(),
        wanted: Wanted::Status,
        ..call("f", "")
    };
    let outcome = engines(limits()).call(&program(&[("f", text)]), hook).await.unwrap();
    assert_eq!(outcome.result, Ok(Returned::Status(Some("success".to_owned()))));
    assert_eq!(outcome.console[0].text, "201");
    assert!(outcome.memory > 0 && outcome.cpu_time > Duration::ZERO);
    let refused = alone(
        "exports = () => context.http.get({url: 'https://refused/'}).catch(e => e.message)",
        "",
    )
    .await;
    assert_eq!(refused, "not allowed");
}

async fn an_endless_loop_is_stopped_by_its_own_worker() {
    let limits = Limits {
        wall_time: Duration::from_secs(2),
        ..limits()
    };
    let workers = engines(limits);
    let app = program(&[
        ("f", "\n\nexports = () => {\n  for (;;) {}\n}"),
        ("g", "exports = () => 'well'"),
    ]);
    let looping = workers
        .call(
            &app,
            Call {
                wall_time: Duration::from_secs(1),
                ..call("f", "")
            },
        )
        .await;
    match looping {
        Ok(outcome) => {
            let thrown = outcome.result.unwrap_err();
            assert_eq!(thrown.kind, ThrownKind::Time);
            // The line of a loop with nothing in it is the one before.
            let stack = thrown.stack.unwrap();
            assert!(stack.contains("functions/f.js:"), "{stack}");
        }
        Err(error) => assert_eq!(error, CallError::TimedOut),
    }
    assert_eq!(run(&workers, &app, "g", "").await.unwrap(), "well");
}

/// While these run, the engine does not call its interrupt handler.
const UNINTERRUPTIBLE: [&str; 3] = [
    "exports = () => 'a'.repeat(4e6).includes('a'.repeat(2e6) + 'b')",
    "exports = () => Array.prototype.splice.call({length: 2 ** 53 - 1}, 0, 1)",
    "exports = () => { const b = 3n ** 300000n; for (let i = 0; i < 9000; i++) b * b }",
];

async fn what_cannot_be_interrupted_is_killed_and_the_next_call_is_well() {
    let limits = Limits {
        wall_time: Duration::from_secs(1),
        ..limits()
    };
    let workers = engines(limits);
    for text in UNINTERRUPTIBLE {
        let app = program(&[("f", text), ("g", "exports = () => 'well'")]);
        let begun = Instant::now();
        match run(&workers, &app, "f", "").await {
            Err(error) => assert_eq!(error, CallError::TimedOut, "{text}"),
            Ok(result) => assert!(result.contains("kind: Time"), "{text}: {result}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
        assert_eq!(run(&workers, &app, "g", "").await.unwrap(), "well", "{text}");
    }
}

async fn chance_and_time_work_in_the_sandbox() {
    let text = "exports = () => { const crypto = require('crypto'); const now = new Date(); return [Math.random() !== Math.random(), crypto.randomBytes(16).length, crypto.randomUUID().length, now.getFullYear() > 2020, String(now).length > 0, now.toLocaleString().length > 0, String(new BSON.ObjectId()).length].join() }";
    assert_eq!(alone(text, "").await, "true,16,36,true,true,true,24");
}

async fn signatures_work_in_the_sandbox() {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../../../js/node/expected/keys.json")).unwrap();
    let text = "exports = (text) => { const key = JSON.parse(text); return utils.jwt.decode(utils.jwt.encode(key.jwt, {a: 'it is well'}, key.private), key.public).a }";
    for key in keys.as_array().unwrap() {
        assert_eq!(alone(text, &key.to_string()).await, "it is well", "{}", key["name"]);
    }
    let text = "exports = () => utils.jwt.decode(utils.jwt.encode('HS256', {a: 'b'}, 'k'), 'k').a + require('crypto').pbkdf2Sync('a', 'b', 10, 8, 'sha256').length";
    assert_eq!(alone(text, "").await, "b8");
    let text = "exports = () => utils.crypto.decrypt('aes', utils.crypto.encrypt('aes', 'well', '0123456789abcdef'), '0123456789abcdef').text()";
    assert_eq!(alone(text, "").await, "well");
}

async fn a_memory_bomb_fails_its_own_call() {
    let workers = engines(limits());
    let app = program(&[
        (
            "f",
            "exports = () => { const a = []; for (;;) a.push(new Uint8Array(1e6)) }",
        ),
        ("g", "exports = () => 'well'"),
    ]);
    let bomb = run(&workers, &app, "f", "").await.unwrap();
    assert!(bomb.contains("Limit") && bomb.contains("out of memory"), "{bomb}");
    assert_eq!(run(&workers, &app, "g", "").await.unwrap(), "well");
}

/// Kibibytes of a process that are in memory.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("the kernel says how much")
}

/// The processes below this one that are engines, found by their arguments.
fn children() -> Vec<u32> {
    let own = std::process::id().to_string();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        let mark = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        parent.is_some_and(|parent| parent.trim() == own) && mark.ends_with(b"flat\0")
    };
    numbers.filter(is_child).collect()
}

async fn two_thousand_calls_take_no_more_memory_than_a_hundred() {
    // The process is found by its last argument, which no other test uses.
    let mut command = worker::command(worker::ENGINE);
    command.arguments.push("flat".to_owned());
    let limits = Limits { workers: 1, ..limits() };
    let workers = Workers::start(worker::config(command, limits)).unwrap();
    let text = "exports = async (a) => { globalThis.left = new Array(1e4).fill(a); console.log(a); return require('crypto').createHash('sha256').update(a).digest('hex') }";
    let app = program(&[("f", text)]);
    let mut after_a_hundred = 0;
    let mut process = 0;
    for number in 0..2000 {
        assert_eq!(run(&workers, &app, "f", "a").await.unwrap().len(), 64);
        if number == 100 {
            let [only] = children()[..] else {
                panic!("{:?}", children())
            };
            process = only;
            after_a_hundred = resident(process);
        }
    }
    assert_eq!(children(), [process], "it is the same worker");
    let end = resident(process);
    assert!(end < after_a_hundred + 8192, "{after_a_hundred} KiB, then {end} KiB");
    assert!(end < 128 << 10, "{end} KiB");
}
