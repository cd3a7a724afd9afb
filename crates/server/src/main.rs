//! The `doorward` binary: command line, configuration and wiring.
//! Used by operators and, as a real process, by the end-to-end tests.
//! Never holds a rule about accounts, tokens, mail or the wire: it only puts the crates that do together.

mod app_links;
mod apps;
mod archive;
mod backup;
mod check;
mod cli;
mod config;
mod control;
mod database;
mod doctor;
mod files;
mod functions;
mod keys;
mod logging;
mod loopback;
mod memory;
mod metrics;
mod new_epoch;
mod open_files;
mod restore;
mod run_function;
mod script_engine;
mod serve;
mod startup;

use std::process::ExitCode;

use anyhow::Result;
use cli::{Cli, Command, FunctionsCommand};

fn main() -> ExitCode {
    // Before anything else: a worker must not have made a thread.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == functions::WORKER_ARGUMENT)
    {
        return doorward_functions::worker::main();
    }
    Cli::read().and_then(run).unwrap_or_else(|error| {
        logging::complain(&error);
        ExitCode::FAILURE
    })
}

fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(given) => serve::serve(config::resolve(*given)?).map(|()| ExitCode::SUCCESS),
        Command::Check(options) => check::check(&options),
        Command::Functions(options) => match options.command {
            FunctionsCommand::Run(options) => run_function::run(&options),
        },
        Command::Doctor => doctor::doctor(),
        Command::Keys(options) => keys::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Backup(given) => backup::backup(given).map(|()| ExitCode::SUCCESS),
        Command::Restore(given) => restore::restore(given).map(|()| ExitCode::SUCCESS),
        Command::NewEpoch(given) => new_epoch::new_epoch(given).map(|()| ExitCode::SUCCESS),
    }
}
