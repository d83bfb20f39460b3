//! Traces, for a collector that takes OTLP over HTTP: what a request caused, across jobs and processes.
//!
//! A job carries the trace it was added in (`traceparent` of [W3C Trace Context], in its row), so that one
//! trace leads from the buyer's yes to the supplier's order. What comes from outside begins a trace of
//! its own – a stranger's `traceparent` is not believed – and names its order in `order.id`.
//!
//! [W3C Trace Context]: https://www.w3.org/TR/trace-context/

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::kernel::ids::OrderId;

/// The header's name, and the key a propagator writes.
const TRACEPARENT: &str = "traceparent";
/// The span's field that names the order it is about. Spans that may be about one declare it, empty.
pub const ORDER: &str = "order.id";
/// How long a collector may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends spans to a collector, until it is dropped.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to `endpoint`, such as `http://collector:4318/v1/traces`. How many traces are kept, and what
    /// a collector wants to see before it takes any, say the standard variables (`OTEL_TRACES_SAMPLER`,
    /// `OTEL_EXPORTER_OTLP_HEADERS`).
    pub fn to(endpoint: &str) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("consign").with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.context("CONSIGN_OTLP_ENDPOINT cannot be used")?)
            .with_resource(resource);
        Ok(Self(provider.build()))
    }

    /// What makes spans.
    pub fn tracer(&self) -> Tracer {
        self.0.tracer("consign")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // What is still here goes out, unless the collector is away; then it is lost, as traces may be.
        let _ = self.0.shutdown_with_timeout(PATIENCE);
    }
}

/// Where the current span stands, for whoever goes on with its work; `None` where nobody collects traces.
pub fn here() -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Makes `span` go on with what stood at `place`.
pub fn go_on(span: &Span, place: Option<&str>) {
    let Some(place) = place else { return };
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), place.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    // It fails only for a span that nobody collects.
    let _ = span.set_parent(parent);
}

/// Says that the current span is about this order.
pub fn about(order_id: OrderId) {
    Span::current().record(ORDER, tracing::field::display(order_id));
}
