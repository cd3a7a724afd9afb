//! The command line: which commands there are. The options of `serve` are in [`crate::config`], those of each other
//! command in a file of this module.

mod backup;
mod check;
mod functions;
mod keys;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{Given, ServeOptions, sources};

pub(crate) use crate::config::LogFormat;
pub(crate) use backup::{BackupOptions, NewEpochOptions, RestoreOptions};
pub(crate) use check::CheckOptions;
pub(crate) use functions::{FunctionsCommand, FunctionsOptions, RunOptions};
pub(crate) use keys::{KeyPurpose, KeyRing, KeysAction, KeysOptions};

/// A self-hosted account server for apps built on the Realm / Atlas Device SDKs.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one or more apps from their exported directories.
    Serve(Box<Given<ServeOptions>>),
    /// Say what of an exported directory will work, is ignored, or is missing.
    Check(CheckOptions),
    /// Try the functions of an exported directory.
    Functions(FunctionsOptions),
    /// Say what is in force on this machine.
    Doctor,
    /// List, add, activate and remove the keys that tokens are made with.
    Keys(KeysOptions),
    /// Write the database and the keys into one archive, also while a server runs.
    Backup(Given<BackupOptions>),
    /// Make a data directory of an archive. Every session ends, and no link that was mailed before works.
    Restore(Given<RestoreOptions>),
    /// End every session and void every mailed link, after the database was restored by other means than `restore`.
    NewEpoch(Given<NewEpochOptions>),
}

impl Cli {
    /// Reads the command line, the environment and the configuration file. A command line that clap does not understand
    /// ends the process with clap's own message; so do `--help` and `--version`.
    pub(crate) fn read() -> Result<Self> {
        let matches = sources::read(&Self::command(), std::env::args_os());
        let matches = matches.or_else(|error| match error.downcast::<clap::Error>() {
            Ok(error) => error.exit(),
            Err(error) => Err(error),
        })?;
        Ok(Self::from_arg_matches(&matches)?)
    }
}
