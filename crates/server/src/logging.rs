//! Log lines, on standard error.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::LogFormat;

/// Starts logging. `DOORWARD_LOG` chooses what is logged, as `info` or `info,doorward_mail=debug`; the default is `info`.
pub(crate) fn start(format: LogFormat, filter: Option<&str>) -> Result<()> {
    let targets: Targets = filter
        .unwrap_or("info")
        .parse()
        .context("DOORWARD_LOG is not understood")?;
    // Colours are for people at a terminal.
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    match format {
        LogFormat::Text => registry
            .with(lines.with_target(false).with_filter(targets))
            .try_init()?,
        LogFormat::Json => registry
            .with(lines.json().flatten_event(true).with_filter(targets))
            .try_init()?,
    }
    Ok(())
}

/// Says why the server does not run, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "doorward: {error:#}");
}
