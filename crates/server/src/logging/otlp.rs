//! Spans for a collector, by OTLP over HTTP.
//!
//! Finished spans wait in a bounded queue, and a separate thread sends them in batches. While the collector is away or
//! slow, spans are lost, but no request waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use doorward_core::Causes;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::resource::{
    EnvResourceDetector, ResourceDetector as _, SdkProvidedResourceDetector, TelemetryResourceDetector,
};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// How long a stop waits for the last spans to be taken.
const PATIENCE: Duration = Duration::from_secs(2);

/// The export of spans. Dropping it ends the export.
pub(super) struct Export {
    provider: SdkTracerProvider,
    collector_is_away: Arc<AtomicBool>,
}

impl Export {
    /// Starts it if a collector is named. The standard variables `OTEL_…` configure it, and the SDK reads them.
    pub(super) fn start(node: &str) -> Result<Option<Self>> {
        if !super::collector_is_named() {
            return Ok(None);
        }
        let exporter = match SpanExporter::builder().with_http().build() {
            Ok(exporter) => exporter,
            // Not the error's own text: it quotes the URL, which may hold a password.
            Err(ExporterBuildError::InvalidConfiguration(_)) => bail!(
                "the variables OTEL_EXPORTER_OTLP_… are not understood: the endpoint is a URL such as http://collector:4318, \
                 and compression is not supported"
            ),
            Err(error) => return Err(error).context("the export of spans cannot start"),
        };
        let collector_is_away = Arc::<AtomicBool>::default();
        let watched = Watched {
            exporter,
            collector_is_away: Arc::clone(&collector_is_away),
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(watched)
            .with_resource(resource(node))
            .build();
        Ok(Some(Self {
            provider,
            collector_is_away,
        }))
    }

    /// Takes our spans and the lines in them. What scripts print stays in the log.
    pub(super) fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = Targets::new()
            .with_target("doorward", LevelFilter::INFO)
            .with_target("doorward::console", LevelFilter::OFF);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("doorward"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            // Only other users of the OpenTelemetry API would need it, and it costs something at every await.
            .with_context_activation(false)
            .with_filter(ours)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if self.collector_is_away.load(Ordering::Relaxed) {
            // The log has a warning already, and waiting again would only make the stop longer.
            let _ = self.provider.shutdown_with_timeout(Duration::ZERO);
        } else if self.provider.shutdown_with_timeout(PATIENCE).is_err() {
            tracing::warn!("the collector did not take the last spans in time");
        }
    }
}

/// An exporter that logs once when the collector is away, and once when it is back.
///
/// The SDK itself would log every batch that is lost; its feature `internal-logs` is off.
#[derive(Debug)]
struct Watched {
    exporter: SpanExporter,
    collector_is_away: Arc<AtomicBool>,
}

impl opentelemetry_sdk::trace::SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        let was_away = self.collector_is_away.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(error) if !was_away => {
                tracing::warn!(error = %Causes(error), "spans cannot be exported; they are dropped until the collector takes them again");
            }
            Ok(()) if was_away => tracing::info!("spans are exported again"),
            Ok(()) | Err(_) => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Who sends the spans. What the operator says in `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` wins.
fn resource(node: &str) -> Resource {
    let name = Key::from_static_str("service.name");
    // It makes a name up where the operator gives none.
    let given = SdkProvidedResourceDetector.detect().get(&name);
    let given = given.filter(|value| !value.as_str().starts_with("unknown_service"));
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new(name.clone(), "doorward"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", node.to_owned()),
        ])
        .with_detectors(&[
            Box::new(TelemetryResourceDetector),
            Box::new(EnvResourceDetector::new()),
        ])
        .with_attributes(given.map(|given| KeyValue::new(name, given)))
        .build()
}
