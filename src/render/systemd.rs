//! The systemd format: quoting for `EnvironmentFile=`, and a reader after systemd's own (`env-file.c`, version 252).

use super::{conf::Pairs, conf_error::ConfError};

/// The characters that need a backslash in double quotes (systemd's `SHELL_NEED_ESCAPE`).
const ESCAPED: [char; 4] = ['"', '\\', '`', '$'];

/// The value in double quotes; line feeds stay as they are.
pub(super) fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        if ESCAPED.contains(&c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Reads as systemd does.
///
/// # Errors
/// A missing closing quote, and a comment that ends in a backslash: whether it continues on the next line depends on
/// systemd's version.
pub(super) fn parse(conf: &[u8]) -> Result<Pairs, ConfError> {
    let mut reader = SystemdReader::default();
    for (offset, &byte) in conf.iter().enumerate() {
        if reader.state == State::CommentEscape && is_newline(byte) {
            let message = "a comment cannot end in a backslash";
            return Err(ConfError::at(conf, offset - 1, message));
        }
        reader.consume(byte);
    }
    match reader.state {
        State::Single | State::Double | State::DoubleEscape => {
            let message = "the value has no closing quote";
            return Err(ConfError::at(conf, conf.len(), message));
        }
        State::BeforeValue | State::Value | State::ValueEscape => reader.push(),
        _ => {}
    }
    Ok(reader.pairs)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    BeforeKey,
    Key,
    BeforeValue,
    Value,
    ValueEscape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

#[derive(Default)]
struct SystemdReader {
    state: State,
    key: Vec<u8>,
    value: Vec<u8>,
    /// The number of blanks at the end of an unquoted value, which are dropped if nothing follows.
    blanks: usize,
    pairs: Pairs,
}

impl SystemdReader {
    fn consume(&mut self, byte: u8) {
        match self.state {
            State::BeforeKey => self.before_key(byte),
            State::Key => self.in_key(byte),
            State::BeforeValue => self.before_value(byte),
            State::Value => self.in_value(byte),
            State::ValueEscape => {
                self.state = State::Value;
                if !is_newline(byte) {
                    self.value.push(byte);
                }
            }
            State::Single if byte == b'\'' => self.state = State::BeforeValue,
            State::Double if byte == b'"' => self.state = State::BeforeValue,
            State::Double if byte == b'\\' => self.state = State::DoubleEscape,
            State::Single | State::Double => self.value.push(byte),
            State::DoubleEscape => self.in_double_escape(byte),
            State::Comment if byte == b'\\' => self.state = State::CommentEscape,
            State::Comment if is_newline(byte) => self.state = State::BeforeKey,
            State::Comment => {}
            State::CommentEscape => self.state = State::Comment,
        }
    }

    fn before_key(&mut self, byte: u8) {
        if matches!(byte, b'#' | b';') {
            self.state = State::Comment;
        } else if !is_white(byte) {
            self.state = State::Key;
            self.key.push(byte);
        }
    }

    fn in_key(&mut self, byte: u8) {
        if is_newline(byte) {
            self.state = State::BeforeKey;
            self.key.clear();
        } else if byte == b'=' {
            self.state = State::BeforeValue;
            self.blanks = 0;
        } else {
            self.key.push(byte);
        }
    }

    fn before_value(&mut self, byte: u8) {
        match byte {
            b'\n' | b'\r' => {
                self.blanks = 0;
                self.push();
            }
            b'\'' => self.state = State::Single,
            b'"' => self.state = State::Double,
            b'\\' => self.state = State::ValueEscape,
            b' ' | b'\t' => {}
            _ => {
                self.state = State::Value;
                self.value.push(byte);
            }
        }
    }

    fn in_value(&mut self, byte: u8) {
        if is_newline(byte) {
            self.push();
        } else if byte == b'\\' {
            self.state = State::ValueEscape;
            self.blanks = 0;
        } else {
            self.blanks = if is_white(byte) { self.blanks + 1 } else { 0 };
            self.value.push(byte);
        }
    }

    fn in_double_escape(&mut self, byte: u8) {
        self.state = State::Double;
        if ESCAPED.contains(&char::from(byte)) {
            self.value.push(byte);
        } else if byte != b'\n' {
            self.value.extend([b'\\', byte]);
        }
    }

    fn push(&mut self) {
        self.state = State::BeforeKey;
        let kept = self.value.len() - self.blanks;
        self.value.truncate(kept);
        self.blanks = 0;
        let key = String::from_utf8_lossy(self.key.trim_ascii_end()).into_owned();
        self.key.clear();
        self.pairs.push((key, std::mem::take(&mut self.value)));
    }
}

const fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conf: &str) -> Vec<(String, String)> {
        let text = |(name, value)| (name, String::from_utf8(value).unwrap());
        parse(conf.as_bytes())
            .unwrap()
            .into_iter()
            .map(text)
            .collect()
    }

    #[test]
    fn other_ways_of_quoting_are_read_as_systemd_does() {
        let conf = "; c\nA = x \\\n y \nB='a\"b'\" c\"d\nC=\"\\n\\\n\\$\"\nnothing\nD=\nE=e";
        let expected = [
            ("A", "x  y"),
            ("B", "a\"b cd"),
            ("C", "\\n$"),
            ("D", ""),
            ("E", "e"),
        ];
        assert_eq!(
            read(conf),
            expected.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn what_has_no_certain_meaning_is_refused() {
        assert_eq!(parse(b"A=\"x\n").unwrap_err().line, 2);
        assert_eq!(parse(b"# c\\\nA=x\n").unwrap_err().column, 4);
    }

    #[test]
    fn a_quoted_value_reads_back() {
        let value = "\n\"\\`$(x)$$'\t \\\n";
        let conf = format!("A={}\n", quote(value));
        assert_eq!(read(&conf), [("A".to_owned(), value.to_owned())]);
    }
}
