//! The metrics of a listener in the text format that `node_exporter`'s textfile collector reads.

/// Name, kind and help of each metric.
const METRICS: [(&str, &str, &str); 21] = [
    ("on", "gauge", "Whether provisions may start"),
    (
        "registry_connected",
        "gauge",
        "Whether every registry is connected",
    ),
    ("watched_names", "gauge", "Names that are watched"),
    ("queued", "gauge", "Whether a provision is queued"),
    ("running", "gauge", "Whether a provision is running"),
    (
        "registry_changes_total",
        "counter",
        "Revisions that changed a watched name",
    ),
    (
        "provisions_total",
        "counter",
        "Provisions that this listener started",
    ),
    (
        "provisions_failed_total",
        "counter",
        "Provisions that failed",
    ),
    ("last_exit_code", "gauge", "Exit code of the last provision"),
    (
        "last_success_timestamp_seconds",
        "gauge",
        "When the last successful provision started; 0 before the first",
    ),
    (
        "registry_away_timestamp_seconds",
        "gauge",
        "Since when a registry has been away; 0 if none is",
    ),
    (
        "stale_services",
        "gauge",
        "Services that the last successful provision left unchanged",
    ),
    (
        "unmet_services",
        "gauge",
        "Services that cannot be resolved",
    ),
    (
        "broken_files",
        "gauge",
        "Manifests and other files that cannot be used",
    ),
    ("leases", "gauge", "Leases that are kept alive"),
    (
        "unhealthy_services",
        "gauge",
        "Services whose checks let their leases expire",
    ),
    (
        "balance_runs_total",
        "counter",
        "Runs of balance that this listener started",
    ),
    (
        "balance_failed_total",
        "counter",
        "Runs of balance that failed",
    ),
    (
        "balance_reloads_total",
        "counter",
        "Runs of balance that reloaded HAProxy",
    ),
    (
        "balance_failing_timestamp_seconds",
        "gauge",
        "Since when runs of balance have failed; 0 if the last one succeeded",
    ),
    (
        "balance_warnings",
        "gauge",
        "What the last run of balance warned of, such as a port that somebody holds",
    ),
];

/// The text with these values, in the order of the table.
pub(super) fn text(values: &[u64; METRICS.len()]) -> String {
    let mut text = String::new();
    for ((name, kind, help), value) in METRICS.iter().zip(values) {
        let name = format!("reconf_listener_{name}");
        text.push_str(&format!(
            "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name} {value}\n"
        ));
    }
    text
}
