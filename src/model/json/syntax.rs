//! JSON syntax errors: `serde_json`'s message and position, improved and with a hint for the usual mistakes.

use crate::model::{document_reader::DocumentReader, problem::Problems};

/// A syntax error as `serde_json` reports it.
struct SyntaxError<'t> {
    text: &'t str,
    /// Where `serde_json` stopped, in bytes.
    at: usize,
    /// Its message, without the position.
    message: String,
}

/// The problem to report for a syntax error.
struct Advice {
    at: usize,
    message: String,
    hint: Option<String>,
    /// A byte of another line to show with it.
    also: Option<usize>,
}

/// The one problem of a text that is not JSON.
pub(super) fn problem(mut reader: DocumentReader<'_>, error: &serde_json::Error) -> Problems {
    let text = reader.text();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let syntax_error = SyntaxError {
        text,
        at: offset(text, error.line(), error.column()),
        message: error.to_string().replace(&position, ""),
    };
    let advice = syntax_error.advice();
    let also = advice.also.map(|also| reader.line(also));
    let mut problem = reader.report(advice.at, advice.message);
    if let Some(hint) = advice.hint {
        problem.hint(hint);
    }
    if let Some(line) = also {
        problem.also(line);
    }
    reader.into_syntax_error()
}

impl SyntaxError<'_> {
    fn advice(&self) -> Advice {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if self.text.trim().is_empty() {
            return advice(0, "the file is empty", None);
        }
        if self.text.starts_with('\u{feff}') {
            let hint = "save the file as UTF-8 without a byte order mark";
            return advice(0, "the file starts with a byte order mark", Some(hint));
        }
        if self.message.starts_with("EOF") {
            return self.unclosed();
        }
        if rest.starts_with(['#', '/']) {
            let hint = "JSON has no comments; use a key such as `x-note` instead";
            return advice(self.at, &self.message, Some(hint));
        }
        match &self.message[..] {
            "expected `,` or `}`" | "expected `,` or `]`" if begins_value(rest) => self.comma(),
            "trailing comma" => self.trailing_comma(),
            "trailing characters" => {
                advice(self.at, "unexpected text after the end of the object", None)
            }
            "key must be a string" => {
                let hint = "put the key in double quotes";
                advice(self.at, &self.message, Some(hint))
            }
            message if message.starts_with("control character") => {
                let message = "a string contains a line break or another control character";
                let hint = "close the string, or write `\\n` for a line break";
                // `serde_json` counts a line break as the start of the next line; the caret belongs after the string.
                let at = self.text[..self.at].trim_end_matches(['\r', '\n']).len();
                advice(at, message, Some(hint))
            }
            message if rest.starts_with('\'') => {
                advice(self.at, message, Some("use double quotes for strings"))
            }
            message => advice(self.at, message, None),
        }
    }

    /// Two members or elements without a comma between them.
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
            ..advice(self.at, &self.message, Some(&hint))
        }
    }

    /// Points the caret at the comma, not at the brace that follows it.
    fn trailing_comma(&self) -> Advice {
        let before = self.text[..self.at].trim_end();
        let comma = before.rfind(',').unwrap_or(self.at);
        advice(
            comma,
            &self.message,
            Some("remove the comma after the last one"),
        )
    }

    fn unclosed(&self) -> Advice {
        let (what, close) = match &self.message[..] {
            "EOF while parsing a list" => ("a list", "]"),
            "EOF while parsing a string" => ("a string", "\""),
            "EOF while parsing an object" => ("an object", "}"),
            _ => ("a value", "}"),
        };
        let message = format!("the text ends inside {what}");
        let hint = format!("is a `{close}` missing?");
        advice(self.text.trim_end().len(), &message, Some(&hint))
    }
}

fn advice(at: usize, message: &str, hint: Option<&str>) -> Advice {
    Advice {
        at,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        also: None,
    }
}

/// Whether the first character can begin a key or a value.
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
