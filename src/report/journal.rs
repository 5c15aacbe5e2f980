//! The journal of a daemon: one line per event, `key=value` or JSON. Never a value of an environment.

use std::{fmt::Display, path};

use serde_json::{Map, Value};

use crate::{
    cli::{Global, OutputFormat},
    edge::{clock, stdio},
    model::id::Id,
};

/// Writes events. The threads of a daemon share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journal {
    json: bool,
}

/// The fields of an event, by key.
type Fields<'a> = [(&'static str, &'a dyn Field)];

/// A value of an event.
pub(crate) trait Field: Display {
    /// The value in JSON: numbers and booleans as such, everything else as text.
    fn json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Field for Id {}
impl Field for String {}
impl Field for str {}
impl Field for humantime::FormattedDuration {}
impl Field for path::Display<'_> {}

impl<T: Field + ?Sized> Field for &T {
    fn json(&self) -> Value {
        (**self).json()
    }
}

impl Field for bool {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Field for u8 {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Field for u32 {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Field for u64 {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Field for usize {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Journal {
    /// A journal in the output format of the flags: JSON goes to stdout, text to stderr.
    pub(crate) fn new(flags: &Global) -> Self {
        Self {
            json: flags.output == OutputFormat::Json,
        }
    }

    /// Writes an event.
    pub(crate) fn event(self, name: &str, fields: &Fields) {
        let at = clock::rfc3339(clock::now());
        if self.json {
            let mut object = Map::new();
            let all = [("at", &at as &dyn Field), ("event", &name)];
            for (key, value) in all.iter().chain(fields) {
                object.insert((*key).to_owned(), value.json());
            }
            // A daemon goes on although its log cannot be written.
            let _lost = stdio::write_stdout(&format!("{}\n", Value::Object(object)));
            return;
        }
        let mut line = format!("at={at} event={name}");
        for (key, value) in fields {
            line.push_str(&format!(" {key}={}", quoted(&value.to_string())));
        }
        line.push('\n');
        stdio::write_stderr(&line);
    }
}

/// The last error of something that is retried: journalled once, and again when its reason changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastError(Option<String>);

impl LastError {
    /// Writes the event, unless the last error had the same reason.
    pub(crate) fn report(
        &mut self,
        journal: Journal,
        event: &str,
        service: Option<&Id>,
        reason: &str,
    ) {
        if !self.is_new(reason) {
            return;
        }
        match service {
            Some(id) => journal.event(event, &[("service", id), ("reason", &reason)]),
            None => journal.event(event, &[("reason", &reason)]),
        }
    }

    /// Remembers the reason; returns whether it differs from that of the last error.
    fn is_new(&mut self, reason: &str) -> bool {
        let is_new = self.0.as_deref() != Some(reason);
        self.0 = Some(reason.to_owned());
        is_new
    }

    /// It has succeeded: the next error is new.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    /// The reason of the last error, until it is cleared.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Quotes a value unless it is one plain word.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '=');
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        Value::String(value.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{LastError, quoted};

    #[test]
    fn a_value_is_always_one_word_of_one_line() {
        assert_eq!(quoted("API_URL,DB"), "API_URL,DB");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\n\"b\""), "\"a\\n\\\"b\\\"\"");
    }

    #[test]
    fn a_lasting_error_is_new_once() {
        let mut last = LastError::default();
        let reasons = ["full", "full", "away", "away", "full"];
        let new = reasons.map(|reason| last.is_new(reason));
        assert_eq!(new, [true, false, true, false, true]);
        assert_eq!(last.reason(), Some("full"));
        last.clear();
        assert!(last.reason().is_none() && last.is_new("full"));
    }
}
