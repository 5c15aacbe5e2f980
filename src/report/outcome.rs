//! Reports of `render` and `applied` for one service: the JSON lines that the cookbook reads, and the lines for people.

use serde::Serialize;

use super::output::Report;
use crate::{
    model::{
        environment::{Environment, Source, Variable},
        id::Id,
        name::Name,
    },
    render::{DiffKind, DiffLine},
};

/// What `render` did.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the report")]
pub(crate) struct RenderReport {
    /// The service.
    pub service: Id,
    /// Where its conf is; `None` for a service that has none.
    pub path: Option<String>,
    /// Whether something is to be applied, or would be.
    pub changed: bool,
    /// Whether the registry was not read, or some values are older than its answer.
    pub degraded: bool,
    /// Whether what was written is not yet applied.
    pub pending: bool,
    /// Whether nothing was written, because of `--dry-run`.
    #[serde(skip)]
    pub dry: bool,
    /// Files whose mode or owner was repaired.
    pub repaired: Vec<String>,
    /// The variables by name, removed ones included.
    pub variables: Vec<VariableReport>,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
}

/// A variable of a conf.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VariableReport {
    /// Its name.
    pub name: String,
    /// Where its value comes from; `None` for a removed variable.
    pub from: Option<Source>,
    /// The name that it was resolved from.
    pub reference: Option<String>,
    /// Who provides it, as `service@node`.
    pub provider: Option<String>,
    /// Whether its value differs from the one that is in use.
    pub changed: bool,
    /// Its value, if values were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl VariableReport {
    /// The variables of an environment and those that it lost, by name; `lines` is the diff against what is in use.
    pub(crate) fn all(
        environment: &Environment,
        lines: &[DiffLine],
        show_values: bool,
    ) -> Vec<Self> {
        let changed = |name: &str| lines.iter().any(|line| line.name == name);
        let kept = environment.iter().map(|(name, variable)| {
            let name = name.as_str();
            Self::new(name, variable, changed(name), show_values)
        });
        let removed = lines.iter().filter(|line| line.change == DiffKind::Removed);
        let mut all: Vec<Self> = kept
            .chain(removed.map(|line| Self::removed(&line.name)))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// A variable with its value's origin.
    fn new(name: &str, variable: &Variable, changed: bool, show_value: bool) -> Self {
        let joined = |parts: Vec<&str>| (!parts.is_empty()).then(|| parts.join(","));
        Self {
            name: name.to_owned(),
            from: Some(variable.source),
            reference: joined(variable.references.iter().map(Name::as_str).collect()),
            provider: joined(variable.providers.iter().map(String::as_str).collect()),
            changed,
            value: show_value.then(|| variable.value.clone()),
        }
    }

    /// A variable that only the conf in use has.
    fn removed(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            from: None,
            reference: None,
            provider: None,
            changed: true,
            value: None,
        }
    }
}

impl Report for RenderReport {
    fn line(&self) -> Option<String> {
        let service = &self.service;
        let Some(path) = &self.path else {
            return Some(format!(
                "{service}: no conf is written, since its manifest has only a `run_list`"
            ));
        };
        let what = match (self.changed, self.dry) {
            (true, false) => "wrote",
            (true, true) => "would write",
            (false, _) => "unchanged",
        };
        let names: Vec<&str> = self
            .variables
            .iter()
            .filter(|v| v.changed)
            .map(|v| v.name.as_str())
            .collect();
        let mut line = format!("{service}: {what} {path}");
        if !names.is_empty() {
            line.push_str(&format!(" ({})", names.join(", ")));
        }
        if self.pending {
            line.push_str("; not yet applied");
        }
        Some(line)
    }

    fn details(&self) -> Vec<String> {
        let origin = |v: &VariableReport| {
            let Some(from) = v.from.map(Source::name) else {
                return format!("  {} is removed", v.name);
            };
            let reference = v.reference.as_ref().map(|r| format!(" {r}"));
            let provider = v.provider.as_ref().map(|p| format!(" of {p}"));
            let (reference, provider) =
                (reference.unwrap_or_default(), provider.unwrap_or_default());
            format!("  {} from {from}{reference}{provider}", v.name)
        };
        self.variables.iter().map(origin).collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}

/// What `applied` did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AppliedReport {
    /// The service.
    pub service: Id,
    /// Whether it has a conf.
    #[serde(skip)]
    pub has_conf: bool,
    /// Whether the conf was pending.
    pub changed: bool,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
}

impl Report for AppliedReport {
    fn line(&self) -> Option<String> {
        let what = match (self.has_conf, self.changed) {
            (false, _) => "has no conf, since its manifest has only a `run_list`",
            (true, true) => "applied",
            (true, false) => "was applied already",
        };
        Some(format!("{}: {what}", self.service))
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}
