//! What a format cannot carry (design.md section 7), found for all variables together before anything is written.

use std::fmt;

use super::docker;
use crate::model::{environment::Environment, format::Format, name::Name};

/// The kernel takes no `NAME=value` of this many bytes (`MAX_ARG_STRLEN`, its final NUL included).
const KERNEL_LIMIT: usize = 131_072;

/// A variable that a format cannot carry. The value is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatRefusal {
    /// The variable.
    pub name: Name,
    /// The format.
    pub format: Format,
    /// What the value has that the format cannot carry: one clause that begins with a verb.
    pub reason: &'static str,
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
        } = self;
        write!(
            f,
            "`{name}` cannot be written as {format}: its value {reason}"
        )
    }
}

/// Every variable and format that do not go together, sorted by name, then in the order of `formats`.
pub(crate) fn refusals(environment: &Environment, formats: &[Format]) -> Vec<FormatRefusal> {
    let mut refused = Vec::new();
    for (name, variable) in environment {
        for &format in formats {
            if let Some(reason) = reason(format, name, &variable.value) {
                let name = name.clone();
                refused.push(FormatRefusal {
                    name,
                    format,
                    reason,
                });
            }
        }
    }
    refused
}

fn reason(format: Format, name: &Name, value: &str) -> Option<&'static str> {
    let assignment = name.as_str().len() + "=".len() + value.len();
    if assignment >= KERNEL_LIMIT {
        return Some("is longer than the kernel passes to a program (128 KiB with its name)");
    }
    match format {
        Format::Shell | Format::Json => None,
        Format::Systemd => systemd(value),
        Format::Docker if value.contains('\n') => Some("has a line feed"),
        Format::Docker if value.ends_with('\r') => Some("ends in a carriage return"),
        Format::Docker => {
            (assignment >= docker::LINE_LIMIT).then_some("makes a line of 64 KiB or more")
        }
        // python-dotenv expands it even in single quotes.
        Format::Dotenv => value
            .contains("${")
            .then_some("has `${`, which is expanded"),
        Format::Envdir => value
            .ends_with([' ', '\t'])
            .then_some("ends in a blank or a tab, which is cut off"),
    }
}

fn systemd(value: &str) -> Option<&'static str> {
    let control = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n');
    let nonchar = |c: char| matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE;
    if value.contains(control) {
        Some("has a control character other than tab and line feed")
    } else {
        value
            .contains(nonchar)
            .then_some("has a Unicode noncharacter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::environment;

    fn told(values: &[(&str, &str)], formats: &[Format]) -> Vec<String> {
        let refused = refusals(&environment(values), formats);
        refused
            .iter()
            .map(|r| format!("{} {}", r.name, r.format))
            .collect()
    }

    #[test]
    fn what_cannot_be_carried_is_told_for_all_at_once() {
        let values = [
            ("CR", "x\r"),
            ("DEL", "\u{7f}"),
            ("DOLLAR", "${X}"),
            ("FEED", "a\nb"),
            ("FINE", "a\tb\u{85}\u{feff}$"),
            ("NONCHAR", "\u{fdd0}"),
            ("PLANE", "\u{10ffff}"),
            ("TAB", "x\t"),
        ];
        let expected = [
            "CR systemd",
            "CR docker",
            "DEL systemd",
            "DOLLAR dotenv",
            "FEED docker",
            "NONCHAR systemd",
            "PLANE systemd",
            "TAB envdir",
        ];
        assert_eq!(told(&values, &Format::ALL), expected);
    }

    #[test]
    fn lengths_are_refused_from_their_limit_on() {
        let kernel = "x".repeat(KERNEL_LIMIT - 2);
        assert_eq!(told(&[("A", &kernel)], &Format::ALL).len(), 6);
        assert_eq!(told(&[("A", &kernel[1..])], &Format::ALL), ["A docker"]);
        let line = "x".repeat(docker::LINE_LIMIT - 2);
        assert_eq!(told(&[("A", &line)], &[Format::Docker]).len(), 1);
        assert!(told(&[("A", &line[1..])], &[Format::Docker]).is_empty());
    }

    #[test]
    fn a_message_holds_no_value() {
        let refused = refusals(&environment(&[("A", "secret\n")]), &[Format::Docker]);
        let message = "`A` cannot be written as docker: its value has a line feed";
        assert_eq!(FormatRefusal::summary(&refused), message);
    }
}
