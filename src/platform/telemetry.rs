//! Logs to standard error, metrics for Prometheus, spans for a collector of traces.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use super::config::{Config, LogFormat};
use super::measures;
use super::traces::Traces;

/// What is logged without `RUST_LOG`.
const DEFAULT_FILTER: &str =
    "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,lettre=warn,hyper=warn,async_graphql=warn";

/// Where durations are told apart: from a cached read to the deadline of a request. Buckets, unlike
/// quantiles, can be summed over replicas.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// What is measured in these is told apart from a moment to an hour.
const LONG: [&str; 2] = ["consign_job_wait_seconds", "consign_paid_to_forwarded_seconds"];
/// Where these are told apart.
const LONG_SECONDS: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];
/// How often what was measured is put together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Sends logs to standard error, filtered by `RUST_LOG`. Once per process; later calls do nothing.
pub fn init_logs(format: LogFormat) {
    init(format, DEFAULT_FILTER, None);
}

/// Like [`init_logs`], and sends spans to the collector of traces, if one is configured, until what is
/// returned is dropped.
///
/// # Errors
/// If the collector's address cannot be used.
pub fn init_server(config: &Config) -> anyhow::Result<Option<Traces>> {
    let traces = config.otlp_endpoint.as_deref().map(Traces::to).transpose()?;
    init(config.log_format, DEFAULT_FILTER, traces.as_ref());
    Ok(traces)
}

/// Like [`init_logs`], but only warnings: for commands whose output is something else.
pub fn init_warnings(format: LogFormat) {
    init(format, "warn", None);
}

fn init(format: LogFormat, default: &str, traces: Option<&Traces>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // Colors are for eyes: not in a file, and not for who asks for none (https://no-color.org).
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colors = std::io::stderr().is_terminal() && !plain;
    let logs = fmt::layer().with_writer(std::io::stderr).with_ansi(colors);
    let logs = match format {
        LogFormat::Text => logs.with_target(false).boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    let spans = traces.map(|it| tracing_opentelemetry::layer().with_tracer(it.tracer()));
    // One filter for both. With one for each, an event that comes after a library only asked whether
    // it would be heard (sqlx does) is lost now and then.
    let _ = Registry::default().with(filter).with(logs).with(spans).try_init();
}

/// The process's metrics. A recorder is installed at the first call; one per process.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = builder().unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
            let handle = recorder.handle();
            // Another recorder can only be there if an embedding program put it; its metrics are then elsewhere.
            let _ = metrics::set_global_recorder(recorder);
            measures::describe();
            metrics::gauge!("consign_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            handle
        })
        .clone()
}

/// It can only refuse an empty list.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    let mut builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    for name in LONG {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &LONG_SECONDS)?;
    }
    Ok(builder)
}

/// Puts measurements together until `stop`: when nobody asks for metrics, they would pile up.
pub async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => metrics.run_upkeep(),
        }
    }
}
