//! How long workers live: as long as they are useful, and never longer than the server.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use doorward_functions::{CallError, Limits};
use libtest_mimic::Trial;

use super::{app, exists, limits, run, until, workers};
use crate::{trials, worker};

pub(super) fn trials() -> Vec<Trial> {
    trials![
        a_worker_serves_one_app,
        idle_workers_make_room_for_other_apps,
        calls_wait_for_their_turn_and_are_refused_when_it_does_not_come,
        a_caller_that_goes_away_takes_the_worker_with_it,
        a_stop_lets_running_calls_end,
        a_stop_kills_what_does_not_end,
        a_dropped_pool_leaves_no_process,
        no_worker_survives_a_server_that_is_killed,
    ]
}

async fn a_worker_serves_one_app() {
    let (workers, one, other) = (workers(limits()), app("one"), app("other"));
    let mut processes = std::collections::BTreeSet::new();
    for _ in 0..3 {
        assert_eq!(run(&workers, &one, "tag", "").await.unwrap(), "one");
        assert_eq!(run(&workers, &other, "tag", "").await.unwrap(), "other");
        processes.insert(run(&workers, &one, "process", "").await.unwrap());
        processes.insert(run(&workers, &other, "process", "").await.unwrap());
    }
    assert_eq!(processes.len(), 2);
}

async fn idle_workers_make_room_for_other_apps() {
    let workers = workers(limits());
    let mut processes = Vec::new();
    for number in 0..4 {
        let app = app(&number.to_string());
        processes.push(run(&workers, &app, "process", "").await.unwrap());
    }
    until("the end of the oldest", || {
        processes.iter().filter(|process| exists(process)).count() <= 2
    })
    .await;
}

async fn calls_wait_for_their_turn_and_are_refused_when_it_does_not_come() {
    let limits = Limits {
        workers: 1,
        wall_time: Duration::from_secs(3),
        queue_deadline: Duration::from_millis(100),
        ..limits()
    };
    let (workers, app) = (workers(limits), app(""));
    workers.prepare(&app).await.unwrap();
    let (slow, refused) = tokio::join!(run(&workers, &app, "sleep", ""), async {
        until("the first call", || workers.metrics().busy.get() == 1).await;
        run(&workers, &app, "echo", "").await
    });
    assert_eq!(slow, Err(CallError::TimedOut));
    assert!(matches!(refused, Err(CallError::Busy { retry_after }) if retry_after >= Duration::from_secs(1)));
}

async fn a_caller_that_goes_away_takes_the_worker_with_it() {
    let (workers, app) = (workers(limits()), app(""));
    let process = run(&workers, &app, "process", "").await.unwrap();
    let call = run(&workers, &app, "sleep", "");
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    until("the end of the worker", || !exists(&process)).await;
    assert_eq!(workers.metrics().busy.get(), 0);
}

async fn a_stop_lets_running_calls_end() {
    let (workers, app) = (workers(limits()), app(""));
    let process = run(&workers, &app, "process", "").await.unwrap();
    let (paused, ()) = tokio::join!(run(&workers, &app, "pause", "300"), async {
        until("the call", || workers.metrics().busy.get() == 1).await;
        workers.stop(Duration::from_mins(1)).await;
    });
    assert_eq!(paused.unwrap(), "");
    assert!(!exists(&process));
    assert_eq!(run(&workers, &app, "echo", "").await, Err(CallError::Stopped));
}

async fn a_stop_kills_what_does_not_end() {
    let (workers, app) = (workers(limits()), app(""));
    let process = run(&workers, &app, "process", "").await.unwrap();
    let (slept, ()) = tokio::join!(run(&workers, &app, "sleep", ""), async {
        until("the call", || workers.metrics().busy.get() == 1).await;
        workers.stop(Duration::from_millis(50)).await;
    });
    assert_eq!(slept, Err(CallError::Stopped));
    assert!(!exists(&process));
}

async fn a_dropped_pool_leaves_no_process() {
    let (workers, app) = (workers(limits()), app(""));
    let process = run(&workers, &app, "process", "").await.unwrap();
    drop(workers);
    until("the end of the worker", || !exists(&process)).await;
}

async fn no_worker_survives_a_server_that_is_killed() {
    let command = worker::command(worker::SUPERVISOR);
    let mut server = Command::new(command.program)
        .args(command.arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut process = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut process)
        .unwrap();
    let process = process.trim();
    assert!(!process.is_empty() && exists(process), "{process:?}");
    server.kill().unwrap();
    server.wait().unwrap();
    // Its new parent may be slow to reap it, so a process that waits to be reaped counts as ended.
    until("the end of the worker", || {
        std::fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| stat.contains(") Z "))
    })
    .await;
}
