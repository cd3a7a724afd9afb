//! Workers that hang, die or misbehave: their own call fails, and no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_core::{
    Actor, App, AppObjectId, ClaimedDelivery, ConfirmCall, CreateUserCall, EmailAddress, FunctionCall, FunctionError,
    FunctionName, Functions, LoginCall, ObjectId, Timestamp, TokenPair, UserEvent, UserId, UserProfile,
};
use doorward_functions::{
    AppFunctions, Call, CallError, Ejson, Function, FunctionHost, Limits, Source, StartError, Wanted,
};
use doorward_testkit::notes;
use libtest_mimic::Trial;

use super::{Instantly, app, call, exists, limits, run, text, workers};
use crate::trials;

pub(super) fn trials() -> Vec<Trial> {
    trials![
        a_call_gets_its_own_answer,
        a_worker_that_hangs_is_killed_at_the_deadline_and_replaced,
        processor_time_is_limited_from_outside,
        a_worker_that_dies_or_misbehaves_fails_its_call_only,
        a_repeated_answer_is_not_the_answer_to_the_next_call,
        a_worker_that_sends_too_many_requests_fails,
        t17_a_worker_that_says_more_than_a_call_may_is_killed,
        workers_that_cannot_start_fail_calls_without_a_rush,
        a_function_without_a_worker_was_not_run,
    ]
}

async fn a_call_gets_its_own_answer() {
    let (workers, app) = (workers(limits()), app(""));
    for word in ["one", "two"] {
        let outcome = run(&workers, &app, "echo", word).await.unwrap();
        assert_eq!(outcome, format!("[\"{word}\"]"));
    }
    let processes = [
        run(&workers, &app, "process", "").await,
        run(&workers, &app, "process", "").await,
    ];
    assert_eq!(processes[0], processes[1], "a worker serves more than one call");
}

async fn a_worker_that_hangs_is_killed_at_the_deadline_and_replaced() {
    let limits = Limits {
        wall_time: Duration::from_millis(200),
        ..limits()
    };
    let (workers, app) = (workers(limits), app(""));
    for hanging in ["spin", "sleep"] {
        let process = run(&workers, &app, "process", "").await.unwrap();
        let begun = Instant::now();
        assert_eq!(run(&workers, &app, hanging, "").await, Err(CallError::TimedOut));
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(!exists(&process), "nothing is left of it");
        assert_ne!(run(&workers, &app, "process", "").await.unwrap(), process);
    }
    assert_eq!(workers.metrics().kills.get(), 2);
    assert_eq!(workers.metrics().busy.get(), 0);
}

async fn processor_time_is_limited_from_outside() {
    let limits = Limits {
        cpu_time: Duration::ZERO,
        wall_time: Duration::from_mins(1),
        ..limits()
    };
    let (workers, app) = (workers(limits), app(""));
    let spin = Call {
        wall_time: Duration::from_mins(1),
        ..call("spin", "")
    };
    let begun = Instant::now();
    let end = workers.call(&app, spin).await;
    assert_eq!(end.map(|outcome| text(&outcome)), Err(CallError::TimedOut));
    assert!(begun.elapsed() < Duration::from_secs(50), "the kernel was first");
}

async fn a_worker_that_dies_or_misbehaves_fails_its_call_only() {
    let (workers, app) = (workers(limits()), app(""));
    for fault in ["abort", "leave", "nonsense", "boast", "babble"] {
        let (failed, other) = tokio::join!(run(&workers, &app, fault, ""), run(&workers, &app, "echo", fault));
        assert_eq!(failed, Err(CallError::Crashed), "{fault}");
        assert_eq!(other.unwrap(), format!("[\"{fault}\"]"));
    }
}

async fn a_repeated_answer_is_not_the_answer_to_the_next_call() {
    let (workers, app) = (workers(limits()), app(""));
    assert_eq!(run(&workers, &app, "repeat", "").await.unwrap(), "once");
    assert_eq!(run(&workers, &app, "echo", "").await, Err(CallError::Crashed));
    assert_eq!(run(&workers, &app, "echo", "new").await.unwrap(), "[\"new\"]");
}

async fn a_worker_that_sends_too_many_requests_fails() {
    let limits = Limits {
        async_operations: 20,
        ..limits()
    };
    let (workers, app) = (workers(limits), app(""));
    assert_eq!(run(&workers, &app, "ask", "20").await.unwrap(), "20 answers");
    assert_eq!(run(&workers, &app, "ask", "21").await, Err(CallError::Crashed));
}

async fn t17_a_worker_that_says_more_than_a_call_may_is_killed() {
    let (workers, app) = (workers(limits()), app(""));
    let chatter = async |wanted, larger: &str| {
        let call = Call {
            wanted,
            ..call("chatter", larger)
        };
        workers.call(&app, call).await
    };
    let parts = [
        (Wanted::Status, "status"),
        (Wanted::Identity, "id"),
        (Wanted::Identity, "name"),
        (Wanted::Value, "value"),
        (Wanted::Nothing, "error"),
        (Wanted::Nothing, "stack"),
        (Wanted::Nothing, "line"),
        (Wanted::Nothing, "lines"),
    ];
    for (wanted, part) in parts {
        assert!(chatter(wanted, "").await.is_ok(), "{part}: the largest outcome is one");
        assert_eq!(chatter(wanted, part).await, Err(CallError::Crashed), "{part}");
    }
    assert_eq!(workers.metrics().kills.get(), parts.len() as u64);
}

async fn workers_that_cannot_start_fail_calls_without_a_rush() {
    let (workers, app) = (workers(limits()), app("refuse-to-start"));
    let begun = Instant::now();
    for _ in 0..1000 {
        assert_eq!(run(&workers, &app, "echo", "").await, Err(CallError::NoWorker));
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    // If the cool-down has just ended, this start fails and begins the next one.
    assert!(workers.prepare(&app).await.is_err());
    let prepared = workers.prepare(&app).await;
    assert!(matches!(prepared, Err(StartError::CoolingDown)), "{prepared:?}");
}

/// A fault of the machine neither refuses a user nor counts as a delivery.
async fn a_function_without_a_worker_was_not_run() {
    let source = Source::Script {
        path: "functions/hook.js".to_owned(),
        text: String::new(),
    };
    let hook = Function {
        private: false,
        can_evaluate: None,
        run_as_system: false,
        run_as_script: None,
        source,
    };
    let functions = AppFunctions {
        functions: BTreeMap::from([("hook".to_owned(), hook)]),
        environment_tag: "refuse-to-start".to_owned(),
        ..AppFunctions::default()
    };
    let app = notes(AppObjectId(ObjectId::zero()));
    let host = FunctionHost::new(workers(limits()), Duration::from_secs(30));
    let functions = host.host(functions, Arc::new(Instantly));
    let hook = FunctionName("hook".to_owned());
    let not_run = FunctionError::Unavailable;

    let confirm = ConfirmCall {
        email: EmailAddress::parse("ada@example.com").unwrap(),
        token: TokenPair::parse(&"1".repeat(128), &"1".repeat(24)).unwrap(),
        actor: Actor::System,
    };
    assert_eq!(functions.confirm(&hook, confirm).await.unwrap_err(), not_run);
    let log_in = LoginCall {
        payload: Ejson::from_json("{}".to_owned()),
        actor: Actor::System,
    };
    assert_eq!(functions.identify(&hook, log_in).await.unwrap_err(), not_run);
    let new = CreateUserCall {
        user: ada(&app),
        actor: Actor::System,
    };
    assert_eq!(functions.create_user(&hook, new).await.unwrap_err(), not_run);
    let delivery = ClaimedDelivery {
        id: 1,
        trigger: "onLogin".to_owned(),
        event: UserEvent::Login,
        providers: Vec::new(),
        user: ada(&app),
        at: Timestamp::from_millis(0),
        attempts: 0,
    };
    assert_eq!(functions.deliver(&hook, &delivery).await.unwrap_err(), not_run);
    let call = FunctionCall {
        function: hook,
        arguments: Ejson::from_json("[]".to_owned()),
        user: ada(&app),
        actor: Actor::System,
    };
    assert_eq!(Functions::call(&*functions, call).await.unwrap_err(), not_run);
}

fn ada(app: &App) -> UserProfile {
    UserProfile {
        id: UserId(ObjectId::zero()),
        app: app.object_id,
        identities: Vec::new(),
    }
}
