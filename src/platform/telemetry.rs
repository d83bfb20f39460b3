//! Logs to standard error, metrics for Prometheus.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use super::config::LogFormat;

/// What is logged without `RUST_LOG`.
const DEFAULT_FILTER: &str =
    "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,lettre=warn,hyper=warn,async_graphql=warn";

/// Sends logs to standard error, filtered by `RUST_LOG`. Once per process; later calls do nothing.
pub fn init_logs(format: LogFormat) {
    init(format, DEFAULT_FILTER);
}

/// Like [`init_logs`], but only warnings: for commands whose output is something else.
pub fn init_warnings(format: LogFormat) {
    init(format, "warn");
}

fn init(format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Text => logs.with_target(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}

/// The process's metrics. A recorder is installed at the first call; one per process.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Another recorder can only be there if an embedding program put it; its metrics are then elsewhere.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}
