//! Log lines as JSON: one flat object for each, in which the fields of the spans around it stand beside its own.

use std::fmt;
use std::io::Write as _;

use doorward_core::Causes;
use serde::Serializer as _;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Writes a line for each event.
///
/// The formatter of `tracing_subscriber` nests the fields of each span in a list, so that a search for `request` would
/// have to know how deep to look.
pub(super) struct JsonLines<W> {
    node: String,
    writer: W,
}

impl<W> JsonLines<W> {
    /// Lines of the node with this name.
    pub(super) fn new(node: &str, writer: W) -> Self {
        Self {
            node: node.to_owned(),
            writer,
        }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // The innermost value wins: the event's, then that of its span, then that of the span around it.
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend(of_span);
            }
        }
        event.record(&mut fields);

        let metadata = event.metadata();
        // Lines of the crate `log` say where they come from in a field.
        let target = fields.take("log.target");
        let target = target.unwrap_or_else(|| metadata.target().into());
        let mut line = Fields(vec![
            ("timestamp", now().into()),
            ("level", metadata.level().as_str().into()),
            ("message", fields.take("message").unwrap_or_default()),
        ]);
        let end = [("target", target), ("node", self.node.as_str().into())];
        let free =
            |name: &str| !name.starts_with("log.") && !line.has(name) && end.iter().all(|(taken, _)| *taken != name);
        let free: Vec<_> = fields.0.into_iter().filter(|(name, _)| free(name)).collect();
        line.0.extend(free);
        line.0.extend(end);
        // In one piece, so that lines of several threads do not mix. There is nowhere to report that nobody reads them.
        let _ = self.writer.make_writer_for(metadata).write_all(&line.into_bytes());
    }
}

/// Fields in the order in which they were recorded, each once.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, existing)) => *existing = value,
            None => self.0.push((name, value)),
        }
    }

    fn extend(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            self.set(name, value.clone());
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(existing, _)| *existing == name)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(existing, _)| *existing == name)?;
        Some(self.0.remove(place).1)
    }

    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Strings, numbers and booleans always have a form in JSON.
        let _ = serde_json::Serializer::new(&mut bytes).collect_map(self.0);
        bytes.push(b'\n');
        bytes
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field.name(), Causes(value).to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }
}

/// The time as lines of text have it.
fn now() -> String {
    let mut text = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use std::io;
    use tracing::{info, info_span, warn};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::logging::tests::Written;

    /// What is written while this runs, without the times.
    fn written(log: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let lines = JsonLines::new("web-1", written.writer());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        written
            .text()
            .lines()
            .map(|line| {
                let (start, rest) = line.split_at(r#"{"timestamp":"2026-01-01T00:00:00.000000Z","#.len());
                assert!(start.ends_with(r#"Z","#), "{line}");
                rest.to_owned()
            })
            .collect()
    }

    #[test]
    fn the_fields_of_all_spans_around_a_line_are_its_own() {
        let lines = written(|| {
            let request = info_span!("request", request = %"6650", app = tracing::field::Empty, route = "/healthz");
            let _request = request.enter();
            request.record("app", "notes-abcde");
            let _function = info_span!("function", function = "confirm", route = "inner").entered();
            warn!(target: "doorward_http", attempt = 2_u64, done = false, "it is slow");
        });
        assert_eq!(
            lines,
            [concat!(
                r#""level":"WARN","message":"it is slow","request":"6650","route":"inner","app":"notes-abcde","#,
                r#""function":"confirm","attempt":2,"done":false,"target":"doorward_http","node":"web-1"}"#
            )]
        );
    }

    #[test]
    fn a_line_outside_of_every_span_is_whole_too() {
        let lines = written(|| info!(target: "doorward", "ready"));
        assert_eq!(
            lines,
            [r#""level":"INFO","message":"ready","target":"doorward","node":"web-1"}"#]
        );
    }

    #[test]
    fn an_error_is_logged_with_its_causes() {
        let error = io::Error::other("no route\nto host");
        let wrapped = anyhow::Error::from(error).context("no relay");
        let error = wrapped.as_ref() as &dyn std::error::Error;
        let lines = written(|| warn!(error, "a mail was not sent"));
        assert!(
            lines[0].contains(r#""error":"no relay: no route to host""#),
            "{lines:?}"
        );
    }

    #[test]
    fn a_line_of_the_crate_log_says_where_it_comes_from() {
        let lines = written(|| info!(target: "log", { log.target = "rustls::client", log.line = 7 }, "hello"));
        assert_eq!(
            lines,
            [r#""level":"INFO","message":"hello","target":"rustls::client","node":"web-1"}"#]
        );
    }

    #[test]
    fn no_field_takes_the_place_of_what_every_line_has() {
        let lines = written(|| {
            let _span = info_span!("request", timestamp = "never", message = "of the span").entered();
            info!(target: "doorward", level = "loud", node = "elsewhere", target = "x", text = "\"\n", "said");
        });
        assert_eq!(
            lines,
            [r#""level":"INFO","message":"said","text":"\"\n","target":"doorward","node":"web-1"}"#]
        );
        let line: Value = serde_json::from_str(&format!("{{{}", lines[0])).unwrap();
        assert_eq!(line["text"], json!("\"\n"));
    }
}
