//! A system that lacks a layer of the sandbox: functions do not run there unless the operator accepts it.

use serde_json::json;

use crate::support::{AppDir, Program, notes};

const WITHOUT_LANDLOCK: [i64; 1] = [libc::SYS_landlock_create_ruleset];

const WITHOUT_SECCOMP: [i64; 1] = [libc::SYS_seccomp];

fn app() -> AppDir {
    let app = AppDir::new(
        "notes-abcde",
        &json!({ "runConfirmationFunction": true, "confirmationFunctionName": "confirm" }),
    );
    app.write("functions/confirm.js", "exports = () => ({ status: 'success' });");
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_functions_do_not_run_where_a_layer_of_the_sandbox_is_missing() {
    let app = app();
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("data");
    for (calls, layer) in [(WITHOUT_LANDLOCK, "Landlock"), (WITHOUT_SECCOMP, "seccomp")] {
        let expected = format!(
            "doorward: functions would run without {layer} on this system; let the kernel, or the container's profile, \
             allow what is missing (doorward doctor says more), or accept it with --function-sandbox best-effort\n"
        );
        let serve = Program::serve(app.path(), data_dir.to_str().unwrap()).with(["--function-sandbox", "required"]);
        let run = Program::new([
            "functions",
            "run",
            app.path(),
            "confirm",
            "--function-sandbox",
            "required",
        ]);
        for program in [serve, run] {
            let ended = program.on_system_without(&calls).run().await;
            assert_eq!((ended.status.code(), &*ended.stderr), (Some(1), &*expected));
            assert_eq!(ended.stdout, "");
        }
        assert!(!data_dir.exists(), "a start that fails makes nothing");
    }
    let both = [WITHOUT_LANDLOCK[0], WITHOUT_SECCOMP[0]];
    let run = Program::new([
        "functions",
        "run",
        app.path(),
        "confirm",
        "--function-sandbox",
        "required",
    ]);
    let ended = run.on_system_without(&both).run().await;
    assert!(
        ended.stderr.contains("without Landlock and seccomp on"),
        "{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_on_linux_that_is_so_without_the_option() {
    let app = app();
    let run = Program::new(["functions", "run", app.path(), "confirm"]).with_usual_sandbox();
    let ended = run.on_system_without(&WITHOUT_LANDLOCK).run().await;
    assert!(ended.stderr.contains("without Landlock"), "{}", ended.stderr);
    assert_eq!(ended.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn best_effort_runs_functions_with_the_layers_that_there_are_and_warns() {
    let app = app();
    let data = tempfile::tempdir().unwrap();
    let program = Program::serve(app.path(), data.path().to_str().unwrap());
    let program = program.with(["--function-sandbox", "best-effort"]);
    let server = program.on_system_without(&WITHOUT_LANDLOCK).start().await;
    server.register("ada@example.com").await;
    server.logs("functions are not fully confined on this system").await;
    let ended = server.stop().await;
    assert!(ended.stderr.contains("landlock=false seccomp=true"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_scripts_needs_no_sandbox() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::serve(&notes(), data.path().to_str().unwrap());
    let program = program.with(["--function-sandbox", "required"]);
    let server = program.on_system_without(&WITHOUT_LANDLOCK).start().await;
    let ended = server.stop().await;
    assert!(!ended.stderr.contains("confined"), "{}", ended.stderr);
}
