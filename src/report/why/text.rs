//! The text of a variable's report.

use std::time::{Duration, SystemTime};

use super::{
    BalancedPort, BalancedServer, ConfHas, ConfUse, NotTakenRow, RunningHas, RunningUse, SetBy,
    TakenRow, WhyReport,
};
use crate::{
    model::name::Name,
    report::{
        age::{age_of, length},
        table::table,
    },
};

/// The width of the first column: that of its longest word.
const LABEL: usize = "not taken".len();

/// A line of the report.
struct TextRow {
    label: &'static str,
    cells: [String; 2],
    /// The key in the registry, which `--verbose` shows below it.
    key: Option<String>,
}

/// The lines of a variable: its value, and below it where that comes from.
pub(super) fn lines(report: &WhyReport, now: SystemTime, verbose: bool) -> Vec<String> {
    let rows = rows(report, now);
    let cells: Vec<[String; 2]> = rows.iter().map(|row| row.cells.clone()).collect();
    let mut lines = vec![format!("{}  {}", report.variable, shown_value(report))];
    let mut last = "";
    for (row, text) in rows.iter().zip(table(&cells, None)) {
        let label = if row.label == last { "" } else { row.label };
        lines.push(line(label, &text));
        lines.extend(row.key.iter().filter(|_| verbose).map(|key| line("", key)));
        last = row.label;
    }
    let balanced = report.balanced.iter();
    lines.extend(balanced.map(|port| line("balanced", &port_text(port))));
    let conf = report.conf.iter();
    lines.extend(conf.map(|conf| line("conf", &conf_text(conf, now))));
    let running = report.running.iter();
    lines.extend(running.map(|unit| line("running", &running_text(unit, now))));
    lines
}

fn rows(report: &WhyReport, now: SystemTime) -> Vec<TextRow> {
    let several = report.references.len() > 1;
    let mut rows = vec![rule_row(report)];
    let taken = report.taken.iter();
    rows.extend(taken.map(|row| TextRow {
        label: "taken",
        cells: [
            candidate(row.name.as_ref(), &row.candidate, several),
            taken_detail(row, now),
        ],
        key: shown_key(row.key.as_deref(), row.revision),
    }));
    rows.extend(report.unmet.iter().map(|name| TextRow {
        label: "unmet",
        cells: [name.to_string(), unmet_text(report, name)],
        key: None,
    }));
    let not_taken = report.not_taken.iter();
    rows.extend(not_taken.map(|row: &NotTakenRow| TextRow {
        label: "not taken",
        cells: [
            candidate(row.name.as_ref(), &row.candidate, several),
            row.why.clone(),
        ],
        key: shown_key(row.key.as_deref(), row.revision),
    }));
    rows
}

/// Names that have providers, but none that has all of them, are unmet together.
fn unmet_text(report: &WhyReport, name: &Name) -> String {
    let is_apart = |row: &NotTakenRow| {
        row.name.as_ref() == Some(name) && matches!(row.reason, "incomplete" | "others-missing")
    };
    if !report.not_taken.iter().any(is_apart) {
        return "nothing that this node may use has it".to_owned();
    }
    let names: Vec<&str> = report.unmet.iter().map(Name::as_str).collect();
    format!("no provider announces {} together", names.join(", "))
}

fn rule_row(report: &WhyReport) -> TextRow {
    let line = report.line.map(|line| format!(":{line}"));
    let place = format!("{}{}", report.file, line.unwrap_or_default());
    let (label, asked) = match report.rule {
        SetBy::Environment => ("manifest", "environment".to_owned()),
        SetBy::Requires => ("requires", holes(report)),
    };
    TextRow {
        label,
        cells: [asked, place],
        key: None,
    }
}

/// The pattern, or where values are hidden its holes alone.
fn holes(report: &WhyReport) -> String {
    report.pattern.clone().unwrap_or_else(|| {
        let holes: Vec<String> = report
            .references
            .iter()
            .map(|name| format!("{{{name}}}"))
            .collect();
        holes.join(" ")
    })
}

fn shown_value(report: &WhyReport) -> &str {
    match &report.value {
        Some(value) => value,
        None if report.unmet.is_empty() => "(left out)",
        None => "(unmet)",
    }
}

/// Of a pattern with several names, the one that it could fill stands before it.
fn candidate(name: Option<&Name>, candidate: &str, several: bool) -> String {
    match name.filter(|_| several) {
        Some(name) => format!("{name} {candidate}"),
        None => candidate.to_owned(),
    }
}

fn taken_detail(row: &TakenRow, now: SystemTime) -> String {
    let since = row.since.as_deref().and_then(|since| age_of(now, since));
    let revision = row.revision.map(|revision| format!("revision {revision}"));
    let parts = [
        row.region
            .as_ref()
            .filter(|_| row.key.is_some())
            .map(ToString::to_string),
        Some(row.detail.clone()).filter(|detail| !detail.is_empty()),
        since.map(|age| format!("announced {age} ago")),
        revision,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// As `etcdctl get --write-out fields` names them.
fn shown_key(key: Option<&str>, revision: Option<i64>) -> Option<String> {
    let revision = revision.map(|revision| format!("  ModRevision {revision}"));
    Some(format!("{}{}", key?, revision.unwrap_or_default()))
}

fn line(label: &str, text: &str) -> String {
    format!("  {label:LABEL$}  {text}").trim_end().to_owned()
}

fn port_text(port: &BalancedPort) -> String {
    let servers: Vec<String> = port.servers.iter().map(server_text).collect();
    let servers = match &port.error {
        Some(error) => format!("its servers are not known: {error}"),
        None if servers.is_empty() => "no server".to_owned(),
        None => servers.join(", "),
    };
    format!("{}  {servers}", port.port)
}

/// `api@api02 DOWN (connection refused, 2m)`.
fn server_text(server: &BalancedServer) -> String {
    let is_up = server.status.starts_with("UP");
    let time = server.seconds.filter(|_| !is_up).map(Duration::from_secs);
    let notes = [
        server.backup.then(|| "backup".to_owned()),
        server.why.clone(),
        time.map(length),
    ];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    let (provider, status) = (&server.provider, &server.status);
    if notes.is_empty() {
        return format!("{provider} {status}");
    }
    format!("{provider} {status} ({})", notes.join(", "))
}

fn running_text(running: &RunningUse, now: SystemTime) -> String {
    let RunningUse { unit, pid, .. } = running;
    let ago = running.started.as_deref().and_then(|at| age_of(now, at));
    let ago = ago
        .map(|age| format!(" started {age} ago"))
        .unwrap_or_default();
    let has = match running.has {
        RunningHas::Same => "with this value".to_owned(),
        RunningHas::Other => {
            let other = running.other.as_deref().unwrap_or("***");
            format!("before this value: it still has {other}")
        }
        RunningHas::Missing => "before this value: it does not have it".to_owned(),
        RunningHas::Unknown => {
            let error = running.error.as_deref().unwrap_or_default();
            format!("with an environment that cannot be read: {error}")
        }
    };
    format!("{unit} (pid {pid}){ago}, {has}")
}

fn conf_text(conf: &ConfUse, now: SystemTime) -> String {
    let path = &conf.path;
    let ago = conf.applied.as_deref().and_then(|at| age_of(now, at));
    let ago = ago.map(|age| format!(" {age} ago")).unwrap_or_default();
    let other = || conf.other.as_deref().unwrap_or("***");
    match conf.has {
        ConfHas::Applied => format!("{path} has this value, applied{ago}"),
        ConfHas::Pending => format!("{path} has this value, written and not yet applied"),
        ConfHas::Other => format!("{path} would change: it has {}", other()),
        ConfHas::Missing => format!("{path} would change: it does not have it"),
        ConfHas::Extra => format!("{path} has it still: {}", other()),
        ConfHas::Nothing => format!("{path} does not have it"),
        ConfHas::NoConf => format!("{path} is not there yet"),
        ConfHas::Unreadable => {
            let error = conf.error.as_deref().unwrap_or("it cannot be read");
            format!("not known: {error}")
        }
    }
}
