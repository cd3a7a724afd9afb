//! Functions in real worker processes. This program is both: it runs the tests, and started with an argument of
//! [`worker`] it is the worker that they start. So it has a `main` of its own, and each part of it lists its tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod corpus;
mod pool;
mod worker;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Builder;

/// Makes a list of tests from async functions of the same module.
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {
        vec![$(crate::trial(concat!(module_path!(), "::", stringify!($name)), $name)),+]
    };
}
use trials;

fn main() -> ExitCode {
    // First, because a worker must not have made a thread.
    if let Some(code) = worker::run_if_asked() {
        return code;
    }
    let mut all = corpus::trials();
    all.extend(pool::trials());
    libtest_mimic::run(&Arguments::from_args(), all).exit_code()
}

/// A test that runs in a runtime of its own.
fn trial<T: Future<Output = ()> + 'static>(path: &str, test: fn() -> T) -> Trial {
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    Trial::test(name, move || {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test());
        Ok(())
    })
}
