//! Workers that hang, die or misbehave: their own call fails, and no other.

use super::*;

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn a_worker_that_dies_or_misbehaves_fails_its_call_only() {
    let (workers, app) = (workers(limits()), app(""));
    for fault in ["abort", "leave", "nonsense", "boast", "babble"] {
        let (failed, other) = tokio::join!(run(&workers, &app, fault, ""), run(&workers, &app, "echo", fault));
        assert_eq!(failed, Err(CallError::Crashed), "{fault}");
        assert_eq!(other.unwrap(), format!("[\"{fault}\"]"));
    }
}

#[tokio::test]
async fn what_is_said_twice_is_not_the_answer_to_the_next_call() {
    let (workers, app) = (workers(limits()), app(""));
    assert_eq!(run(&workers, &app, "repeat", "").await.unwrap(), "once");
    assert_eq!(run(&workers, &app, "echo", "").await, Err(CallError::Crashed));
    assert_eq!(run(&workers, &app, "echo", "new").await.unwrap(), "[\"new\"]");
}

#[tokio::test]
async fn a_worker_that_asks_too_much_fails() {
    let limits = Limits {
        async_operations: 20,
        ..limits()
    };
    let (workers, app) = (workers(limits), app(""));
    assert_eq!(run(&workers, &app, "ask", "20").await.unwrap(), "20 answers");
    assert_eq!(run(&workers, &app, "ask", "21").await, Err(CallError::Crashed));
}

#[tokio::test]
async fn workers_that_cannot_start_fail_calls_without_a_rush() {
    let (workers, app) = (workers(limits()), app("refuse-to-start"));
    let begun = Instant::now();
    for _ in 0..1000 {
        assert_eq!(run(&workers, &app, "echo", "").await, Err(CallError::Crashed));
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    // Whether or not a pause has just ended, this one is within the next.
    assert!(workers.prepare(&app).await.is_err());
    let prepared = workers.prepare(&app).await;
    assert!(matches!(prepared, Err(StartError::Pausing)), "{prepared:?}");
}
