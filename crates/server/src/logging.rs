//! Log lines, on standard error.

use std::io::Write as _;

use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;

/// Starts logging. `DOORWARD_LOG` chooses what is logged, as `info` or `doorward_mail=debug`; the default is `info`.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::builder()
        .with_env_var("DOORWARD_LOG")
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // It fails only when logging has been started already, which is as good.
    let _ = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// Says why the server does not run, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "doorward: {error:#}");
}
