//! The command line, and the scale of a run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::database::Kind;
use crate::seed::Population;

/// Measures a Doorward server and prints a table. `bench/run` builds everything and calls this.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Options {
    /// The server to measure.
    #[arg(long, value_name = "FILE", default_value = "target/release/doorward")]
    pub(crate) server: PathBuf,

    /// A PostgreSQL that databases can be made on; without it only SQLite is measured.
    #[arg(long, value_name = "URL", env = "DOORWARD_BENCH_POSTGRES", hide_env_values = true)]
    pub(crate) postgres: Option<String>,

    /// Measure on these databases only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) on: Vec<Kind>,

    /// Measure this only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<Scenario>,

    /// Where databases and data directories are made, on a real disk: commits are measured too.
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub(crate) work_dir: PathBuf,

    /// Also write the figures, with every sample, to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Do everything on a tiny scale, to prove that the driver works. The figures mean nothing.
    #[arg(long)]
    pub(crate) smoke: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The size of the stripped binary.
    Binary,
    /// Time from start to first answer.
    StartUp,
    /// Resident memory of an idle server.
    Memory,
    /// Logins as a share of the raw hash ceiling.
    Logins,
    /// Refreshes and profiles.
    Reads,
    /// Confirmations by one client and by many.
    Confirm,
    /// Twice the logins that the server can do.
    Overload,
    /// Registrations while the mail relay is in trouble.
    Registration,
    /// What functions cost, themselves and others.
    Functions,
    /// Strangers who ask, guess, stall and do not read.
    Flood,
}

/// The scale of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Repetitions, of which the median is quoted.
    pub(crate) rounds: u32,
    /// How long a measurement of a rate takes.
    pub(crate) round: Duration,
    /// How long a load runs before anything is recorded.
    pub(crate) warm_up: Duration,
    /// How long more logins than the server can serve run before anything is recorded: until its queue is full.
    pub(crate) crowd_warm_up: Duration,
    /// How often a server is started.
    pub(crate) starts: u32,
    /// The users in the database, for all figures but one of start-up.
    pub(crate) population: Population,
    /// The users in the large database.
    pub(crate) large: Population,
    /// Confirmations in a batch of a single client.
    pub(crate) confirms_of_one: usize,
    /// Confirmations in a batch of all clients together.
    pub(crate) confirms_of_many: usize,
    /// Registrations in a round.
    pub(crate) registrations: u32,
    /// Function calls after which the server must have no more memory than before.
    pub(crate) function_calls: usize,
    /// How long a flood of requests for mails lasts.
    pub(crate) flood: Duration,
    /// Clients that guess passwords.
    pub(crate) guessers: usize,
    /// Connections that send half a request.
    pub(crate) half_requests: usize,
    /// How long the server has to give their memory back.
    pub(crate) give_back: Duration,
    /// Clients that never read.
    pub(crate) unread: usize,
}

impl Scale {
    /// The scale for real figures.
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        round: Duration::from_secs(3),
        warm_up: Duration::from_secs(2),
        crowd_warm_up: Duration::from_secs(3),
        starts: 9,
        population: Population {
            confirmed: 20_000,
            pending: 30_000,
        },
        large: Population {
            confirmed: 1_000_000,
            pending: 0,
        },
        confirms_of_one: 500,
        confirms_of_many: 4_000,
        registrations: 150,
        function_calls: 100_000,
        flood: Duration::from_mins(1),
        guessers: 256,
        half_requests: 2_000,
        give_back: Duration::from_mins(1),
        unread: 1_100,
    };

    /// The scale for a proof that the driver works, even on a debug build.
    pub(crate) const SMOKE: Self = Self {
        rounds: 1,
        round: Duration::from_millis(800),
        warm_up: Duration::from_millis(800),
        crowd_warm_up: Duration::from_millis(1_500),
        starts: 2,
        population: Population {
            confirmed: 200,
            pending: 300,
        },
        large: Population {
            confirmed: 5_000,
            pending: 0,
        },
        confirms_of_one: 16,
        confirms_of_many: 128,
        registrations: 4,
        function_calls: 200,
        flood: Duration::from_secs(1),
        guessers: 8,
        half_requests: 30,
        give_back: Duration::from_secs(1),
        unread: 20,
    };
}
