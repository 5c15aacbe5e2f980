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
    /// Files whose bytes were written, or would be.
    #[serde(skip)]
    pub written: Vec<String>,
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
    /// Whether the registry was not needed: manifests on this node offer all of it. It is of the registry all the same for
    /// programs.
    #[serde(skip)]
    pub offered_here: bool,
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
            offered_here: !variable.keys.is_empty()
                && variable.keys.iter().all(|(_, revision)| *revision == 0),
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
            offered_here: false,
            changed: true,
            value: None,
        }
    }
}

impl RenderReport {
    /// What was done, or would be, to which files.
    fn what(&self, path: &str) -> String {
        let written = self.written.join(", ");
        match (self.written.is_empty(), self.dry) {
            (false, false) => format!("wrote {written}"),
            (false, true) => format!("would write {written}"),
            (true, _) if self.pending => format!("already written, not yet applied: {path}"),
            (true, _) => format!("unchanged {path}"),
        }
    }

    /// The variables that have another value than what is in use, and then those that are no longer there.
    fn changed_names(&self) -> String {
        let names = |is_removed: bool| -> Vec<&str> {
            let changed = self.variables.iter().filter(|v| v.changed);
            let some = changed.filter(|v| v.from.is_none() == is_removed);
            some.map(|v| v.name.as_str()).collect()
        };
        match (&names(false)[..], &names(true)[..]) {
            (set, []) => set.join(", "),
            ([], removed) => format!("removed {}", removed.join(", ")),
            (set, removed) => format!("{}; removed {}", set.join(", "), removed.join(", ")),
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
        let mut line = format!("{service}: {}", self.what(path));
        let names = self.changed_names();
        if !names.is_empty() {
            line.push_str(&format!(" ({names})"));
        }
        if self.pending && !self.written.is_empty() {
            line.push_str("; not yet applied");
        }
        if !self.repaired.is_empty() {
            let repaired = self.repaired.join(", ");
            line.push_str(&format!("; repaired mode or owner of {repaired}"));
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
            if v.offered_here {
                let name = &v.name;
                return format!(
                    "  {name} from{reference}{provider}, as its manifest on this node says"
                );
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, from: Option<Source>, changed: bool) -> VariableReport {
        VariableReport {
            name: name.to_owned(),
            from,
            reference: None,
            provider: None,
            offered_here: false,
            changed,
            value: None,
        }
    }

    fn report(written: &[&str], pending: bool, dry: bool) -> RenderReport {
        RenderReport {
            service: Id::parse("www").unwrap(),
            path: Some("/c/www.conf".to_owned()),
            changed: true,
            degraded: false,
            pending,
            dry,
            written: written.iter().map(|path| (*path).to_owned()).collect(),
            repaired: Vec::new(),
            variables: vec![
                variable("KEPT", Some(Source::Environment), false),
                variable("NEW", Some(Source::Environment), true),
                variable("OLD", None, true),
            ],
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_render_says_what_it_wrote_and_only_that() {
        let wrote = &["/c/www.conf", "/c/www.systemd"][..];
        let (conf, other) = wrote.split_at(1);
        let before = "already written, not yet applied: /c/www.conf";
        for (written, pending, dry, expected, end) in [
            (wrote, false, false, "wrote /c/www.conf, /c/www.systemd", ""),
            (other, false, false, "wrote /c/www.systemd", ""),
            (conf, true, false, "wrote /c/www.conf", "; not yet applied"),
            (conf, false, true, "would write /c/www.conf", ""),
            (&[], true, false, before, ""),
            (&[], true, true, before, ""),
        ] {
            let line = report(written, pending, dry).line().unwrap();
            assert_eq!(line, format!("www: {expected} (NEW; removed OLD){end}"));
        }
    }

    #[test]
    fn a_repaired_file_is_named() {
        let repaired = RenderReport {
            repaired: vec!["/c/www.conf".to_owned()],
            variables: Vec::new(),
            ..report(&[], false, false)
        };
        assert_eq!(
            repaired.line().unwrap(),
            "www: unchanged /c/www.conf; repaired mode or owner of /c/www.conf"
        );
    }
}
