//! What a format cannot represent (design.md section 7), checked for all variables before anything is written.

use std::fmt;

use super::{docker, dotenv};
use crate::model::{environment::Environment, format::Format, name::Name};

/// The kernel's limit of `NAME=value` in bytes, with its final NUL (`MAX_ARG_STRLEN`).
const KERNEL_LIMIT: usize = 131_072;

/// A variable that a format cannot represent. Messages omit its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatRefusal {
    /// The variable.
    pub name: Name,
    /// The format.
    pub format: Format,
    /// Why, as a clause about the value that begins with a verb.
    pub reason: &'static str,
    /// The announcements that its value is from, by registry key; none if it is this node's own.
    pub keys: Vec<String>,
}

impl FormatRefusal {
    /// All refusals as one clause.
    pub(super) fn summary(refusals: &[Self]) -> String {
        let all: Vec<String> = refusals.iter().map(Self::to_string).collect();
        all.join("; ")
    }
}

impl fmt::Display for FormatRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            format,
            reason,
            ..
        } = self;
        write!(
            f,
            "`{name}` cannot be written as {format}: its value {reason}"
        )
    }
}

/// Why formats cannot represent the value of a variable, a clause each.
pub(crate) fn refused(name: &Name, value: &str, formats: &[Format]) -> Vec<String> {
    let clause = |&format: &Format| {
        let refusal = FormatRefusal {
            name: name.clone(),
            format,
            reason: reason(format, name, value)?,
            keys: Vec::new(),
        };
        Some(refusal.to_string())
    };
    formats.iter().filter_map(clause).collect()
}

/// Every variable that one of the formats cannot represent, sorted by name, then in the order of `formats`.
pub(crate) fn refusals(environment: &Environment, formats: &[Format]) -> Vec<FormatRefusal> {
    let mut refused = Vec::new();
    for (name, variable) in environment {
        for &format in formats {
            if let Some(reason) = reason(format, name, &variable.value) {
                refused.push(FormatRefusal {
                    name: name.clone(),
                    format,
                    reason,
                    keys: variable.keys.iter().map(|(key, _)| key.clone()).collect(),
                });
            }
        }
    }
    refused
}

fn reason(format: Format, name: &Name, value: &str) -> Option<&'static str> {
    let assignment = name.as_str().len() + "=".len() + value.len();
    if assignment >= KERNEL_LIMIT {
        return Some("exceeds the kernel's limit of 128 KiB for name and value");
    }
    match format {
        Format::Shell | Format::Json => None,
        Format::Systemd => systemd(value),
        Format::Docker if value.contains('\n') => Some("contains a line feed"),
        Format::Docker if value.ends_with('\r') => Some("ends in a carriage return"),
        Format::Docker => (assignment >= docker::LINE_LIMIT)
            .then_some("makes a line of 64 KiB or more, which docker cannot read"),
        Format::Dotenv => dotenv::refusal(value),
        Format::Envdir => value
            .ends_with([' ', '\t'])
            .then_some("ends in whitespace, which envdir strips"),
    }
}

fn systemd(value: &str) -> Option<&'static str> {
    let control = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n');
    let nonchar = |c: char| matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE;
    if value.contains(control) {
        Some("contains a control character other than tab and line feed")
    } else {
        value
            .contains(nonchar)
            .then_some("contains a Unicode noncharacter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::environment;

    fn refused(values: &[(&str, &str)], formats: &[Format]) -> Vec<String> {
        let refused = refusals(&environment(values), formats);
        refused
            .iter()
            .map(|r| format!("{} {}", r.name, r.format))
            .collect()
    }

    #[test]
    fn all_refusals_are_reported_at_once() {
        let values = [
            ("CR", "x\r"),
            ("DEL", "\u{7f}"),
            ("DOLLAR", "${X}"),
            ("FEED", "a\nb"),
            ("FINE", "a\tb\u{80}\u{feff}$"),
            ("NONCHAR", "\u{fdd0}"),
            ("PLANE", "\u{10ffff}"),
            ("TAB", "x\t"),
        ];
        let expected = [
            "CR systemd",
            "CR docker",
            "CR dotenv",
            "DEL systemd",
            "DOLLAR dotenv",
            "FEED docker",
            "FEED dotenv",
            "NONCHAR systemd",
            "PLANE systemd",
            "TAB envdir",
        ];
        assert_eq!(refused(&values, &Format::ALL), expected);
    }

    #[test]
    fn lengths_are_refused_from_their_limit_on() {
        let kernel = "x".repeat(KERNEL_LIMIT - 2);
        assert_eq!(refused(&[("A", &kernel)], &Format::ALL).len(), 6);
        assert_eq!(refused(&[("A", &kernel[1..])], &Format::ALL), ["A docker"]);
        let line = "x".repeat(docker::LINE_LIMIT - 2);
        assert_eq!(refused(&[("A", &line)], &[Format::Docker]).len(), 1);
        assert!(refused(&[("A", &line[1..])], &[Format::Docker]).is_empty());
    }

    #[test]
    fn a_message_has_no_value() {
        let refused = refusals(&environment(&[("A", "secret\n")]), &[Format::Docker]);
        let message = "`A` cannot be written as docker: its value contains a line feed";
        assert_eq!(FormatRefusal::summary(&refused), message);
    }
}
