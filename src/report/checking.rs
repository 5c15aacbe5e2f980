//! What a check found, for people and for scripts.

use serde::Serialize;

use super::{code::Code, failure::Failure, output::Output};
use crate::{
    check::{Diagnostic, Severity},
    edge::stdio,
    model::id::Id,
};

/// A finding as scripts read it.
#[derive(Serialize)]
struct DiagnosticRow<'a> {
    severity: &'static str,
    rule: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    service: Option<&'a str>,
    key: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
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
        self.line(&format!(
            "checked {}: {}",
            counted(manifests, "manifest"),
            summary(found)
        ));
    }
}

impl<'a> DiagnosticRow<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let place = &diagnostic.place;
        Self {
            severity: severity(diagnostic),
            rule: diagnostic.rule.name(),
            file: &place.path,
            line: place.line,
            column: place.column,
            service: diagnostic.service.as_ref().map(Id::as_str),
            key: place.key.as_deref(),
            message: &diagnostic.message,
            hint: diagnostic.hint.as_deref(),
        }
    }
}

/// The same text as that of a command that fails with it.
fn failure(diagnostic: &Diagnostic) -> Failure {
    let failure = Failure::new(Code::Data, &diagnostic.message);
    let failure = failure.excerpt(diagnostic.place.excerpt.clone());
    match &diagnostic.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

const fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
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

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
