//! What keeps a text from being JSON: `serde_json`'s finding, with a next step for the usual slips.

use crate::model::{findings::Findings, problem::Problems};

/// A syntax error in the making.
struct Slip<'t> {
    text: &'t str,
    /// Where `serde_json` stopped, in bytes.
    at: usize,
    /// What `serde_json` says, without the place.
    said: String,
}

/// What is told of a slip.
struct Advice {
    at: usize,
    message: String,
    hint: Option<String>,
    /// A byte of another line to show.
    also: Option<usize>,
}

/// The one problem of a text that is not JSON.
pub(super) fn problem(mut findings: Findings<'_>, error: &serde_json::Error) -> Problems {
    let text = findings.text();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let slip = Slip {
        text,
        at: offset(text, error.line(), error.column()),
        said: error.to_string().replace(&place, ""),
    };
    let advice = slip.advice();
    let also = advice.also.map(|also| findings.line(also));
    let mut told = findings.tell(advice.at, advice.message);
    if let Some(hint) = advice.hint {
        told.hint(hint);
    }
    if let Some(line) = also {
        told.also(line);
    }
    findings.syntax()
}

impl Slip<'_> {
    fn advice(&self) -> Advice {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if self.text.trim().is_empty() {
            return told(0, "the file is empty", None);
        }
        if self.text.starts_with('\u{feff}') {
            let hint = "save the file as UTF-8 without a byte order mark";
            return told(0, "a byte order mark comes before the text", Some(hint));
        }
        if self.said.starts_with("EOF") {
            return self.unclosed();
        }
        if rest.starts_with(['#', '/']) {
            let hint = "JSON has no comments; keep a remark in a key such as `x-note`";
            return told(self.at, &self.said, Some(hint));
        }
        match &self.said[..] {
            "expected `,` or `}`" | "expected `,` or `]`" if begins_value(rest) => self.comma(),
            "trailing comma" => self.trailing_comma(),
            "trailing characters" => told(self.at, "more text follows the end of the object", None),
            "key must be a string" => {
                let hint = "put the key in double quotes";
                told(self.at, &self.said, Some(hint))
            }
            said if said.starts_with("control character") => {
                let message = "a string holds a line break or another control character";
                let hint = "close the string, or write `\\n` for a line break";
                // A line break counts as the start of the next line; the caret belongs behind the string.
                let at = self.text[..self.at].trim_end_matches(['\r', '\n']).len();
                told(at, message, Some(hint))
            }
            said if rest.starts_with('\'') => {
                told(self.at, said, Some("JSON puts strings in double quotes"))
            }
            said => told(self.at, said, None),
        }
    }

    /// Two members or elements with nothing between them.
    fn comma(&self) -> Advice {
        let end = self.text[..self.at].trim_end().len();
        let line = self.text[..end].matches('\n').count() + 1;
        let between = &self.text[end..self.at];
        let hint = if between.contains('\n') {
            format!("add a comma at the end of line {line}")
        } else {
            "add a comma before this".to_owned()
        };
        Advice {
            also: Some(end),
            ..told(self.at, &self.said, Some(&hint))
        }
    }

    /// The caret stands below the comma, not below the brace that follows it.
    fn trailing_comma(&self) -> Advice {
        let before = self.text[..self.at].trim_end();
        let comma = before.rfind(',').unwrap_or(self.at);
        told(
            comma,
            &self.said,
            Some("remove the comma after the last one"),
        )
    }

    fn unclosed(&self) -> Advice {
        let (what, close) = match &self.said[..] {
            "EOF while parsing a list" => ("a list", "]"),
            "EOF while parsing a string" => ("a string", "\""),
            "EOF while parsing an object" => ("an object", "}"),
            _ => ("a value", "}"),
        };
        let message = format!("the text ends inside of {what}");
        let hint = format!("is a `{close}` missing?");
        told(self.text.trim_end().len(), &message, Some(&hint))
    }
}

fn told(at: usize, message: &str, hint: Option<&str>) -> Advice {
    Advice {
        at,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        also: None,
    }
}

/// Whether a key or value begins here, as far as the first character tells.
fn begins_value(rest: &str) -> bool {
    rest.starts_with(|c: char| matches!(c, '"' | '{' | '[' | '-') || c.is_ascii_alphanumeric())
}

/// The byte of a line and a column, both from 1 and the column in bytes, as `serde_json` counts.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n');
    let start: usize = lines.take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
