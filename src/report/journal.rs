//! What a daemon tells of its work: one line an event, `key=value`, or JSON. Never a value of an environment.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::{
    cli::{Global, OutputFormat},
    edge::{clock, stdio},
};

/// How a daemon tells what happens. Its threads share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journal {
    json: bool,
}

/// What belongs to an event, by key.
type Fields<'a> = [(&'static str, &'a dyn Display)];

impl Journal {
    /// Tells as the flags say: JSON to stdout, which is data, and text to stderr.
    pub(crate) fn new(flags: &Global) -> Self {
        Self {
            json: flags.output == OutputFormat::Json,
        }
    }

    /// Tells of an event.
    pub(crate) fn tell(&self, event: &str, fields: &Fields) {
        let at = clock::rfc3339(clock::now());
        if self.json {
            let mut object = Map::new();
            let all = [("at", &at as &dyn Display), ("event", &event)];
            for (key, value) in all.iter().chain(fields) {
                object.insert((*key).to_owned(), Value::String(value.to_string()));
            }
            // A full disk below a log is nothing that a daemon could do anything about.
            let _lost = stdio::out(format!("{}\n", Value::Object(object)).as_bytes());
            return;
        }
        let mut line = format!("at={at} event={event}");
        for (key, value) in fields {
            line.push_str(&format!(" {key}={}", quoted(&value.to_string())));
        }
        line.push('\n');
        stdio::tell(&line);
    }
}

/// A value that stays one word on one line.
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
    use super::quoted;

    #[test]
    fn a_value_is_always_one_word_of_one_line() {
        assert_eq!(quoted("API_URL,DB"), "API_URL,DB");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\n\"b\""), "\"a\\n\\\"b\\\"\"");
    }
}
