//! What a render changes, one line per variable.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::shell;
use crate::model::{environment::Environment, name::Name};

/// How a variable changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiffKind {
    /// `+`: it is new.
    Added,
    /// `-`: it is removed.
    Removed,
    /// `~`: its value changes.
    Changed,
}

/// A variable that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiffLine {
    /// How it changes.
    pub change: DiffKind,
    /// Its name.
    pub name: String,
    /// The value to show: `***`, or quoted on one line, or the old and the new value with an arrow.
    pub shown: String,
}

impl fmt::Display for DiffLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.change {
            DiffKind::Added => '+',
            DiffKind::Removed => '-',
            DiffKind::Changed => '~',
        };
        write!(f, "{sign} {}={}", self.name, self.shown)
    }
}

/// The variables in which the environment differs from a shell conf, sorted by name. A missing conf, or one that `exec`
/// refuses, counts as empty. Values are masked unless `show_values`.
pub(crate) fn diff(before: Option<&[u8]>, after: &Environment, show_values: bool) -> Vec<DiffLine> {
    let before = before.and_then(|conf| shell::parse(conf).ok());
    let before: BTreeMap<String, Vec<u8>> = before.unwrap_or_default().into_iter().collect();
    let old = before.keys().map(String::as_str);
    let names: BTreeSet<&str> = after.keys().map(Name::as_str).chain(old).collect();
    let after: BTreeMap<&str, &[u8]> = after
        .iter()
        .map(|(name, variable)| (name.as_str(), variable.value.as_bytes()))
        .collect();
    names
        .into_iter()
        .filter_map(|name| {
            line(
                name,
                before.get(name).map(Vec::as_slice),
                after.get(name).copied(),
                show_values,
            )
        })
        .collect()
}

fn line(name: &str, old: Option<&[u8]>, new: Option<&[u8]>, show_values: bool) -> Option<DiffLine> {
    let (change, shown) = match (old, new) {
        (None, Some(new)) => (DiffKind::Added, quoted(new)),
        (Some(old), None) => (DiffKind::Removed, quoted(old)),
        (Some(old), Some(new)) if old != new => (
            DiffKind::Changed,
            format!("{} -> {}", quoted(old), quoted(new)),
        ),
        _ => return None,
    };
    Some(DiffLine {
        change,
        name: name.to_owned(),
        shown: if show_values { shown } else { "***".to_owned() },
    })
}

/// In double quotes with control characters escaped, so that a value stays on one line.
fn quoted(value: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::environment;

    fn shown(before: Option<&[u8]>, show_values: bool) -> Vec<String> {
        let after = environment(&[("A", "1"), ("B", "two\nlines"), ("D", "new")]);
        let lines = diff(before, &after, show_values);
        lines.iter().map(DiffLine::to_string).collect()
    }

    #[test]
    fn a_variable_is_a_line_and_masked_unless_asked() {
        let before: &[u8] = b"# 3 variables\nexport A='1'\nexport B='2'\nexport C='3'\n";
        assert_eq!(
            shown(Some(before), false),
            ["~ B=***", "- C=***", "+ D=***"]
        );
        let values = [r#"~ B="2" -> "two\nlines""#, r#"- C="3""#, r#"+ D="new""#];
        assert_eq!(shown(Some(before), true), values);
    }

    #[test]
    fn without_a_readable_conf_everything_is_new() {
        let all = ["+ A=***", "+ B=***", "+ D=***"];
        assert_eq!(shown(None, false), all);
        assert_eq!(shown(Some(b"export A=1\n"), false), all);
    }
}
