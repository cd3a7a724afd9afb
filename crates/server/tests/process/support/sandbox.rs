//! What the system of the tests has for the sandbox of functions, and systems that have less.

use std::process::Command as StdCommand;
use std::sync::OnceLock;

use tokio::process::{Child, Command};

/// Whether the kernel or the container of the tests lacks a layer of the sandbox, so that functions run only with
/// `--function-sandbox best-effort`. The binary under test is asked once.
pub(super) fn lacks_a_layer() -> bool {
    static LACKS: OnceLock<bool> = OnceLock::new();
    *LACKS.get_or_init(|| {
        let doctor = StdCommand::new(env!("CARGO_BIN_EXE_doorward")).arg("doctor").output();
        let report = String::from_utf8(doctor.expect("the binary under test can be started").stdout);
        let report = report.expect("a report is text");
        assert!(report.contains("seccomp "), "this is no report: {report}");
        report.contains("NOT in force")
    })
}

/// Starts a process that the kernel refuses these system calls, with all its children.
pub(super) fn spawn(mut command: Command, refused_calls: &[i64]) -> Child {
    let started = if refused_calls.is_empty() {
        command.spawn()
    } else {
        // A process inherits the filters of the thread that starts it, so the thread is one of its own.
        let runtime = tokio::runtime::Handle::current();
        let refused = refused_calls.to_vec();
        let spawner = std::thread::spawn(move || {
            let _runtime = runtime.enter();
            refuse(&refused);
            command.spawn()
        });
        spawner.join().expect("the thread has started the process")
    };
    started.expect("the binary under test can be started")
}

/// Lets this thread and the processes that it starts meet a kernel that does not know some system calls.
#[cfg(target_os = "linux")]
fn refuse(calls: &[i64]) {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().expect("the architecture has filters");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, arch).expect("the filter is one");
    let program = BpfProgram::try_from(filter).expect("the filter can be compiled");
    seccompiler::apply_filter(&program).expect("a thread can restrict itself");
}

#[cfg(not(target_os = "linux"))]
fn refuse(_: &[i64]) {
    unreachable!("only Linux can refuse system calls");
}
