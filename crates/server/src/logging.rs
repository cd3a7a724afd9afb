//! Log lines on standard error, and spans for a collector. docs/logging.md says what operators can rely on.

mod json_lines;
#[cfg(feature = "otlp")]
mod otlp;

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, FilterFn, LevelFilter, Targets};
use tracing_subscriber::layer::{Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::LogFormat;
use json_lines::JsonLines;

/// Logging that has started. Dropping it sends the last spans to the collector, if there is one, within a bounded time.
#[must_use = "the last spans are exported when this is dropped"]
pub(crate) struct Logging {
    #[cfg(feature = "otlp")]
    _export: Option<otlp::Export>,
}

/// Starts logging. `DOORWARD_LOG` chooses what is logged, such as `info,doorward_mail=debug`; the default is `info`.
pub(crate) fn start(format: LogFormat, filter: Option<&str>) -> Result<Logging> {
    let chosen: Targets = filter
        .unwrap_or("info")
        .parse()
        .context("DOORWARD_LOG is not understood")?;
    let node = node();
    let lines = match format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            // Colours are for people at a terminal.
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => JsonLines::new(&node, std::io::stderr).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(and_our_spans(chosen)));
    #[cfg(feature = "otlp")]
    let export = otlp::Export::start(&node)?;
    #[cfg(feature = "otlp")]
    let subscriber = subscriber.with(export.as_ref().map(otlp::Export::layer));
    subscriber.try_init()?;
    if !cfg!(feature = "otlp") && collector_is_named() {
        tracing::warn!("OTEL_EXPORTER_OTLP_ENDPOINT has no effect: this binary is built without the feature `otlp`");
    }
    Ok(Logging {
        #[cfg(feature = "otlp")]
        _export: export,
    })
}

/// Says why the server does not run, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "doorward: {error:#}");
}

/// What the operator chose, and all of our spans: even with `DOORWARD_LOG=warn` a line names the request it belongs to.
fn and_our_spans<S>(chosen: Targets) -> impl Filter<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let is_our_span = |metadata: &Metadata<'_>| {
        metadata.is_span() && *metadata.level() <= LevelFilter::INFO && metadata.target().starts_with("doorward")
    };
    chosen.or(FilterFn::new(is_our_span).with_max_level_hint(LevelFilter::INFO))
}

/// What tells this process from others that serve the same accounts: the name of its host, or of its container.
///
/// A random name would also tell two processes on one host apart, but would not lead to the machine.
fn node() -> String {
    hostname::get().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether one of the standard variables says where a collector is.
fn collector_is_named() -> bool {
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{debug_span, info, info_span, warn};

    use super::*;

    /// What has been logged.
    #[derive(Clone, Default)]
    pub(super) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub(super) fn writer(&self) -> impl Fn() -> Self + Send + Sync + 'static {
            let written = self.clone();
            move || written.clone()
        }

        pub(super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_says_which_request_it_belongs_to_whatever_the_operator_chose() {
        let written = Written::default();
        let lines = tracing_subscriber::fmt::layer()
            .without_time()
            .with_ansi(false)
            .with_writer(written.writer());
        let lines = lines.with_filter(and_our_spans("warn".parse().unwrap()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let _request = info_span!(target: "doorward_web", "request", request = 1).entered();
            let _detail = debug_span!(target: "doorward_web", "detail").entered();
            let _theirs = info_span!(target: "hyper", "connection").entered();
            info!(target: "doorward_web", "not chosen");
            warn!(target: "doorward_web", "chosen");
        });
        assert_eq!(written.text(), " WARN request{request=1}: doorward_web: chosen\n");
    }
}
