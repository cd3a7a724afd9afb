//! What the server logs, and in which form.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Logging {
    /// Log lines as text for people or as JSON for machines.
    #[arg(long, value_name = "FORMAT", env = "DOORWARD_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// What is logged, as `info` or `info,doorward_mail=debug`.
    #[arg(long, value_name = "FILTER", env = "DOORWARD_LOG", default_value = "info")]
    pub(crate) log: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
