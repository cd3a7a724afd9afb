//! When to stop.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

/// Cancelled at the first SIGTERM or SIGINT; a second one ends the process immediately, as an impatient operator
/// expects.
#[cfg(unix)]
pub(crate) fn on_signal() -> Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if token.is_cancelled() {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the operator asked twice: nothing is waited for any more"
                )]
                std::process::exit(130);
            }
            tracing::info!("stopping: requests under way are finished first");
            token.cancel();
        }
    });
    Ok(stop)
}

#[cfg(not(unix))]
pub(crate) fn on_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            token.cancel();
        }
    });
    Ok(stop)
}
