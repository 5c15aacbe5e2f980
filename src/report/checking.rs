//! What a check found, for people and for scripts.

use serde::Serialize;

use super::{code::Code, failure::Failure, output::Output, words::counted};
use crate::{
    check::{Diagnostic, MatrixRow, MatrixState, Severity},
    edge::stdio,
    model::id::Id,
};

/// A finding as scripts read it.
#[derive(Serialize)]
struct DiagnosticRow<'a> {
    severity: &'static str,
    rule: &'static str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    service: Option<&'a str>,
    key: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
}

/// A reference in one place as scripts read it.
#[derive(Serialize)]
struct MatrixLine<'a> {
    service: &'a str,
    variable: &'a str,
    name: &'a str,
    federation: Option<&'a str>,
    region: &'a str,
    state: &'static str,
    providers: Vec<&'a str>,
}

impl Output {
    /// Prints what a check found: JSON lines to stdout, or blocks with excerpts to stderr and then how many there are.
    pub(crate) fn diagnostics(&self, found: &[Diagnostic], manifests: usize) {
        for diagnostic in found {
            if self.is_json() {
                self.object(&DiagnosticRow::of(diagnostic));
            } else {
                let text = failure(diagnostic);
                stdio::write_stderr(&format!("{}: {text}\n", severity(diagnostic)));
            }
        }
        let checked = counted(manifests, "manifest");
        self.line(&format!("checked {checked}: {}", summary(found)));
    }

    /// Prints where the services get what they need: a line for each reference, a column for each region.
    pub(crate) fn matrix(&self, rows: &[MatrixRow]) {
        if self.is_json() {
            for row in rows {
                self.object(&MatrixLine::of(row));
            }
        } else if !rows.is_empty() {
            self.grid(&grid(rows));
        }
    }
}

impl<'a> DiagnosticRow<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let place = diagnostic.place.as_ref();
        Self {
            severity: severity(diagnostic),
            rule: diagnostic.rule.name(),
            file: place.map(|place| &place.path[..]),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            service: diagnostic.service.as_ref().map(Id::as_str),
            key: place.and_then(|place| place.key.as_deref()),
            message: &diagnostic.message,
            hint: diagnostic.hint.as_deref(),
        }
    }
}

impl<'a> MatrixLine<'a> {
    fn of(row: &'a MatrixRow) -> Self {
        Self {
            service: row.service.as_str(),
            variable: row.variable.as_str(),
            name: row.name.as_str(),
            federation: row.federation.as_ref().map(Id::as_str),
            region: row.region.as_str(),
            state: state(row.state),
            providers: row.providers.iter().map(Id::as_str).collect(),
        }
    }
}

/// The rows of one reference side by side; they follow each other.
fn grid(rows: &[MatrixRow]) -> Vec<Vec<String>> {
    let mut regions: Vec<&Id> = Vec::new();
    for row in rows {
        if !regions.contains(&&row.region) {
            regions.push(&row.region);
        }
    }
    let is_named = rows.iter().any(|row| row.federation.is_some());
    let titles = ["SERVICE", "VARIABLE", "NEEDS"].map(str::to_owned);
    let mut header: Vec<String> = titles.into_iter().collect();
    header.extend(is_named.then(|| "FEDERATION".to_owned()));
    header.extend(regions.iter().map(ToString::to_string));
    let mut lines = vec![header];
    for same in rows.chunk_by(|a, b| reference(a) == reference(b)) {
        let first = &same[0];
        let (service, variable, name) = (&first.service, &first.variable, &first.name);
        let mut line = vec![service.to_string(), variable.to_string(), name.to_string()];
        let federation = first
            .federation
            .as_ref()
            .map_or("-".to_owned(), Id::to_string);
        line.extend(is_named.then_some(federation));
        line.extend(regions.iter().map(|region| {
            let cell = same.iter().find(|row| row.region == **region);
            cell.map_or("-".to_owned(), cell_of)
        }));
        lines.push(line);
    }
    lines
}

fn reference(row: &MatrixRow) -> impl PartialEq {
    (
        row.federation.clone(),
        row.service.clone(),
        row.variable.clone(),
        row.name.clone(),
    )
}

fn cell_of(row: &MatrixRow) -> String {
    let from: Vec<&str> = row.providers.iter().map(Id::as_str).collect();
    match row.state {
        MatrixState::Services => format!("ok ({})", from.join(", ")),
        MatrixState::Announced => "ok (announced)".to_owned(),
        MatrixState::Regional => "ok (datastore)".to_owned(),
        MatrixState::Common => "common datastore".to_owned(),
        MatrixState::LeftOut => "left out".to_owned(),
        MatrixState::Taken => "taken for a datastore".to_owned(),
        MatrixState::Default | MatrixState::Missing => state(row.state).to_owned(),
    }
}

const fn state(state: MatrixState) -> &'static str {
    match state {
        MatrixState::Services => "services",
        MatrixState::Announced => "announced",
        MatrixState::Regional => "datastore",
        MatrixState::Common => "common-datastore",
        MatrixState::Default => "default",
        MatrixState::LeftOut => "left-out",
        MatrixState::Taken => "taken",
        MatrixState::Missing => "missing",
    }
}

/// The same text as that of a command that fails with it.
fn failure(diagnostic: &Diagnostic) -> Failure {
    let failure = Failure::new(Code::Data, &diagnostic.message);
    let excerpt = diagnostic.place.as_ref().map(|place| place.excerpt.clone());
    let failure = failure.excerpt(excerpt.unwrap_or_default());
    match &diagnostic.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

const fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn summary(found: &[Diagnostic]) -> String {
    let of = |severity| found.iter().filter(|d| d.severity == severity).count();
    let errors = (of(Severity::Error), "error");
    let warnings = (of(Severity::Warning), "warning");
    let counts = [errors, warnings]
        .into_iter()
        .filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| counted(count, what)).collect();
    if counts.is_empty() {
        return "no problems".to_owned();
    }
    counts.join(", ")
}
