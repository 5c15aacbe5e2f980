//! The shell format: `export NAME='value'` (design.md section 7). Quoting, and the reader of `reconf exec`, which accepts
//! literal assignments only and never starts a shell.

use std::collections::BTreeSet;

use super::{
    conf::{Conf, Pairs},
    conf_error::ConfError,
};
use crate::model::name::{Name, NameError};

const EXPORT: &[u8] = b"export ";

/// The value in single quotes, where every byte but NUL is literal; a single quote becomes `'\''`.
pub(crate) fn quote(value: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(value.len() + 2);
    quoted.push(b'\'');
    for (index, part) in value.split(|&b| b == b'\'').enumerate() {
        if index > 0 {
            quoted.extend_from_slice(br"'\''");
        }
        quoted.extend_from_slice(part);
    }
    quoted.push(b'\'');
    quoted
}

/// Writes byte for byte what `templates/shell.hbs` renders. Starting the template engine is a tenth of a render's time, and
/// only a custom template needs it.
pub(super) fn write(conf: &Conf<'_>) -> Vec<u8> {
    let follow = match conf.environment.len() {
        1 => "1 variable follows".to_owned(),
        count => format!("{count} variables follow"),
    };
    let service = conf.service;
    let mut text =
        format!("# Written by reconf from the manifest of {service}; {follow}.\n").into_bytes();
    for (name, variable) in conf.environment {
        text.extend_from_slice(EXPORT);
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b'=');
        text.extend(quote(variable.value.as_bytes()));
        text.push(b'\n');
    }
    text
}

/// Reads a conf: a header, which is a comment that declares the number of variables, and then that many assignments, each
/// on a line of its own. Comments (`#` at the start of a line) and empty lines may come between them.
///
/// # Errors
/// The first deviation: another command, an unterminated quote, a duplicate or reserved name, a NUL, another number of
/// variables than declared, no newline at the end.
pub(crate) fn parse(conf: &[u8]) -> Result<Pairs, ConfError> {
    if let Some(nul) = conf.iter().position(|&b| b == 0) {
        return Err(ConfError::at(conf, nul, "a conf cannot contain a NUL"));
    }
    let declared = declared(conf)?;
    if !conf.ends_with(b"\n") {
        let message = "the conf is truncated: its last line has no newline";
        return Err(ConfError::at(conf, conf.len(), message));
    }
    let pairs = Parser { conf, at: 0 }.assignments()?;
    if pairs.len() == declared {
        return Ok(pairs);
    }
    let variables = match declared {
        1 => "1 variable".to_owned(),
        count => format!("{count} variables"),
    };
    let found = match pairs.len() {
        1 => "1 was found".to_owned(),
        count => format!("{count} were found"),
    };
    let message = format!("the header declares {variables}, but {found}");
    Err(ConfError::at(conf, 0, message))
}

/// The number before the word `variable` or `variables` in the header.
fn declared(conf: &[u8]) -> Result<usize, ConfError> {
    let first = conf.split(|&b| b == b'\n').next().unwrap_or_default();
    let number = || {
        let comment = std::str::from_utf8(first).ok()?.strip_prefix('#')?;
        let words: Vec<&str> = comment.split_whitespace().collect();
        words.windows(2).find_map(|pair| {
            let noun = pair[1].trim_end_matches(|c: char| c.is_ascii_punctuation());
            let counted = matches!(noun, "variable" | "variables");
            pair[0].parse().ok().filter(|_| counted)
        })
    };
    let message = "the first line is not a header: a comment with the number of variables";
    number().ok_or_else(|| ConfError::at(conf, 0, message))
}

struct Parser<'a> {
    conf: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn assignments(&mut self) -> Result<Pairs, ConfError> {
        let mut pairs = Pairs::new();
        let mut seen = BTreeSet::new();
        while let Some(&first) = self.rest().first() {
            match first {
                b'\n' => self.at += 1,
                b'#' => self.at += find(self.rest(), b'\n').map_or(self.rest().len(), |n| n + 1),
                _ => {
                    let start = self.at + EXPORT.len();
                    let name = self.name()?;
                    if !seen.insert(name) {
                        return Err(self.error(start, format!("`{name}` is set twice")));
                    }
                    pairs.push((name.to_owned(), self.value()?));
                }
            }
        }
        Ok(pairs)
    }

    /// Consumes `export NAME=`.
    fn name(&mut self) -> Result<&'a str, ConfError> {
        self.expect(EXPORT, "expected `export NAME='value'`")?;
        let start = self.at;
        let length = self
            .rest()
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        let bytes = &self.rest()[..length];
        self.at += length;
        let name = std::str::from_utf8(bytes).unwrap_or_default();
        Name::in_environment(name).map_err(|error| match error {
            // A part of a value, perhaps.
            NameError::Shape => self.error(start, format!("what is exported {error}")),
            _ => self.error(start, format!("`{name}` {error}")),
        })?;
        self.expect(b"=", "expected `=` after the variable's name")?;
        Ok(name)
    }

    /// Consumes `'value'` and the newline after it.
    fn value(&mut self) -> Result<Vec<u8>, ConfError> {
        let opening = self.at;
        self.expect(b"'", "expected a value in single quotes")?;
        let mut value = Vec::new();
        loop {
            let Some(length) = find(self.rest(), b'\'') else {
                return Err(self.error(opening, "the value has no closing quote"));
            };
            value.extend_from_slice(&self.rest()[..length]);
            self.at += length + 1;
            if self.rest().starts_with(br"\''") {
                value.push(b'\'');
                self.at += br"\''".len();
            } else {
                self.expect(
                    b"\n",
                    "expected the end of the line after the closing quote",
                )?;
                return Ok(value);
            }
        }
    }

    fn expect(&mut self, what: &[u8], message: &str) -> Result<(), ConfError> {
        if !self.rest().starts_with(what) {
            return Err(self.error(self.at, message));
        }
        self.at += what.len();
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        &self.conf[self.at..]
    }

    fn error(&self, offset: usize, message: impl std::fmt::Display) -> ConfError {
        ConfError::at(self.conf, offset, message)
    }
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|&b| b == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(conf: &str, line: usize, column: usize, message: &str) {
        let message = message.to_owned();
        let expected = ConfError {
            line,
            column,
            message,
        };
        assert_eq!(parse(conf.as_bytes()), Err(expected), "{conf:?}");
    }

    #[test]
    fn every_byte_but_nul_survives_quoting() {
        let value: Vec<u8> = (1..=255).chain(*b"''").collect();
        let mut conf = b"# 1 variable\nexport A=".to_vec();
        conf.extend(quote(&value));
        conf.push(b'\n');
        assert_eq!(parse(&conf), Ok(vec![("A".to_owned(), value)]));
    }

    #[test]
    fn runs_of_quotes_comments_and_blank_lines_are_read() {
        let conf =
            "# x; 3 variables follow.\n\nexport B=''\\'''\n# why\nexport A=''\nexport C='\n#\n'\n";
        let pairs = [("B", "'"), ("A", ""), ("C", "\n#\n")];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()));
        assert_eq!(parse(conf.as_bytes()), Ok(pairs.to_vec()));
    }

    #[test]
    fn anything_else_is_refused_at_its_position() {
        let assignment = "expected `export NAME='value'`";
        let end = "expected the end of the line after the closing quote";
        let header = "the first line is not a header: a comment with the number of variables";
        refused("", 1, 1, header);
        refused("export A='5 variables'\n", 1, 1, header);
        refused("# variables\nexport A='x'\n", 1, 1, header);
        refused("# 1 variable\nA='x'\n", 2, 1, assignment);
        refused("# 1 variable\n export A='x'\n", 2, 1, assignment);
        refused("# 1 variable\nexport A='é\n€' B='x'\n", 3, 3, end);
        refused("# 1 variable\nexport A='x';id\n", 2, 13, end);
        refused("# 1 variable\nexport A='x'\\'\n", 2, 13, end);
        refused("# 1 variable\nexport A='x' # no\n", 2, 13, end);
        refused("# 1 variable\nexport A='x'\r\n", 2, 13, end);
        refused(
            "# 1 variable\nexport A=\"x\"\n",
            2,
            10,
            "expected a value in single quotes",
        );
        refused(
            "# 1 variable\nexport A\n",
            2,
            9,
            "expected `=` after the variable's name",
        );
        refused(
            "# 1 variable\nexport A='x\n",
            2,
            10,
            "the value has no closing quote",
        );
        refused(
            "# 1 variable\nexport A='x\0'\n",
            2,
            12,
            "a conf cannot contain a NUL",
        );
        let twice = "# 2 variables\nexport A='x'\nexport A='x'\n";
        refused(twice, 3, 8, "`A` is set twice");
    }

    #[test]
    fn a_conf_that_is_cut_off_is_refused_wherever_the_cut_is() {
        let whole = "# 2 variables follow.\nexport A='x\ny'\nexport B=''\\'''\n";
        assert!(parse(whole.as_bytes()).is_ok());
        for length in 0..whole.len() {
            assert!(parse(&whole.as_bytes()[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn names_of_the_shell_are_refused() {
        let message = "`UID` is reserved by the shell and cannot be set by a conf";
        refused("# 1 variable\nexport UID='0'\n", 2, 8, message);
        let message =
            "what is exported is not a POSIX name: letters, digits and `_`, no digit first";
        refused("# 1 variable\nexport 9A='0'\n", 2, 8, message);
        let message = "the header declares 2 variables, but 1 was found";
        refused("# 2 variables\nexport A='x'\n", 1, 1, message);
    }
}
