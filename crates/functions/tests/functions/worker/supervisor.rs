//! A process with a pool, which a test kills: its workers must not survive it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use doorward_functions::{
    AppProgram, Call, Ejson, Limits, NoServices, Program, Returned, SecretTexts, Wanted, Workers,
};

use super::{ACTIONS, command, config};

/// Prints the process id of a worker, and lets the worker spin.
pub(super) fn supervise() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let command = command(ACTIONS);
        let limits = Limits {
            wall_time: Duration::from_mins(1),
            ..Limits::default()
        };
        let workers = Workers::start(config(command, limits))?;
        let app = AppProgram::new(Program::default(), Arc::new(NoServices));
        let process = workers.call(&app, call("process")).await.map_err(io::Error::other)?;
        if let Ok(Returned::Value(process)) = process.result {
            let mut out = io::stdout();
            writeln!(out, "{}", process.as_str().trim_matches('"'))?;
            out.flush()?;
        }
        workers
            .call(&app, call("spin"))
            .await
            .map(drop)
            .map_err(io::Error::other)
    })
}

fn call(function: &str) -> Call {
    Call {
        function: function.to_owned(),
        arguments: Ejson::default(),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted: Wanted::Value,
        secrets: SecretTexts::default(),
        wall_time: Duration::from_mins(1),
    }
}
