//! What the server tells who runs it: log lines, and numbers for Prometheus.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::LogFormat;

/// Upper edges in seconds: from what a cache answers to what a person gives up on.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Writes every frame out in full where it is asked for all it has: documents and tokens are in them.
const TALKATIVE: &str = "tungstenite";

/// Begins to write log lines to the standard error. The message says what is wrong with the filter.
pub fn start_log(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("the log filter: {error}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let discreet =
        Targets::new().with_default(LevelFilter::TRACE).with_target(TALKATIVE, LevelFilter::INFO);
    let registry = tracing_subscriber::registry().with(filter).with(discreet);
    let started = match format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| format!("the log: {error}"))
}

/// The numbers of this process. The first call begins to count; all servers of a process share them.
pub fn metrics() -> Option<&'static PrometheusHandle> {
    static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| tracing::warn!(%error, "no metrics"))
                .ok()
        })
        .as_ref()
}
