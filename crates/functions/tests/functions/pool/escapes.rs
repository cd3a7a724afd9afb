//! What a worker cannot do, even when its engine has been taken over.

use doorward_functions::{CallError, Confinement, Sandbox, StartError, Workers, WorkersConfig};
use libtest_mimic::Trial;

use super::{app, limits, run, workers};
use crate::{trials, worker};

pub(super) fn trials() -> Vec<Trial> {
    trials![
        s75_and_t17_every_way_out_of_the_sandbox_is_refused,
        without_the_sandbox_the_same_ways_lead_out,
        a_worker_that_becomes_another_program_is_killed,
        a_worker_has_no_environment,
        memory_is_bounded_even_when_the_engine_does_not_count,
        a_probe_says_what_the_machine_has,
        t17_a_worker_without_the_sandbox_runs_nothing_where_it_is_required,
    ]
}

async fn s75_and_t17_every_way_out_of_the_sandbox_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file").to_str().unwrap().to_owned();
    let existing = directory.path().join("existing").to_str().unwrap().to_owned();
    std::fs::write(&existing, "precious").unwrap();
    let server = std::process::id().to_string();
    let ways = [
        ("read-file", "/etc/passwd"),
        ("read-file", "/proc/self/environ"),
        ("read-file", &existing),
        ("list", "/"),
        ("metadata", "/etc/passwd"),
        ("write-file", &file),
        ("make-directory", &file),
        ("remove", &existing),
        ("connect", &address),
        ("listen", ""),
        ("udp", ""),
        ("socket-pair", ""),
        ("execute", ""),
        ("thread", ""),
        ("duplicate", ""),
        ("signal", &server),
        ("kill", &server),
        ("raise-limits", ""),
        ("raise-time", ""),
        ("limit-other", &server),
        ("priority", ""),
    ];
    let (workers, app) = (workers(limits()), app(""));
    let mut results = Vec::new();
    for (way, argument) in ways {
        let result = run(&workers, &app, way, argument).await.unwrap();
        results.push((way, argument, result));
    }
    let escaped: Vec<_> = results.iter().filter(|(.., result)| result != "refused").collect();
    assert!(escaped.is_empty(), "{escaped:#?}");
    assert_eq!(std::fs::read_to_string(&existing).unwrap(), "precious");
    assert!(!std::path::Path::new(&file).exists());
    assert!(listener.accept().is_err(), "there was no connection");
}

async fn without_the_sandbox_the_same_ways_lead_out() {
    // Otherwise the test above would pass without a sandbox too.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::process::id().to_string();
    let (workers, app) = (workers(limits()), app("unconfined"));
    for (way, argument) in [
        ("read-file", "/etc/passwd"),
        ("list", "/"),
        ("connect", &address),
        ("execute", ""),
        ("thread", ""),
        ("duplicate", ""),
        ("signal", &server),
    ] {
        assert_eq!(run(&workers, &app, way, argument).await.unwrap(), "escaped", "{way}");
    }
}

async fn a_worker_that_becomes_another_program_is_killed() {
    let (workers, app) = (workers(limits()), app(""));
    assert_eq!(run(&workers, &app, "become", "").await, Err(CallError::Crashed));
    assert_eq!(run(&workers, &app, "echo", "hello").await.unwrap(), r#"["hello"]"#);
}

async fn a_worker_has_no_environment() {
    let (workers, app) = (workers(limits()), app(""));
    assert_eq!(run(&workers, &app, "environment", "").await.unwrap(), "0");
}

async fn memory_is_bounded_even_when_the_engine_does_not_count() {
    let (workers, app) = (workers(limits()), app(""));
    let taken = run(&workers, &app, "allocate", "4096").await.unwrap();
    assert!(taken.starts_with("refused after"), "{taken}");
}

async fn a_probe_says_what_the_machine_has() {
    let workers = workers(limits());
    let confinement = workers.probe().await.unwrap();
    assert!(confinement.resource_limits);
    assert!(confinement.seccomp || cfg!(not(target_os = "linux")));
}

async fn t17_a_worker_without_the_sandbox_runs_nothing_where_it_is_required() {
    let workers = Workers::start(WorkersConfig {
        sandbox: Sandbox::Required,
        ..worker::config(worker::command(worker::ACTIONS), limits())
    })
    .unwrap();
    let unconfined = app("unconfined");
    let error = workers.prepare(&unconfined).await.unwrap_err();
    assert!(
        matches!(error, StartError::Unconfined(confinement) if confinement == Confinement::default()),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "a worker would run without resource limits and Landlock and seccomp"
    );
    assert_eq!(run(&workers, &unconfined, "echo", "").await, Err(CallError::NoWorker));
}
