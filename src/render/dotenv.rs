//! The dotenv format: the form that its readers take alike, and a reader after python-dotenv's.

use super::{conf::Pairs, conf_error::ConfError};

/// The value in single quotes, or in double quotes if it has a single one: the form that all readers take alike.
pub(super) fn quote(value: &str) -> String {
    let quote = if value.contains('\'') { '"' } else { '\'' };
    format!("{quote}{value}{quote}")
}

/// Why a value has no form that all readers take alike: python-dotenv, node's and npm's dotenv, django-environ, ruby's dotenv
/// and a shell. Nothing is escaped, since no two of them agree on that.
pub(super) fn refusal(value: &str) -> Option<&'static str> {
    let has = |characters: &[char]| value.contains(characters);
    if has(&['\n', '\r']) {
        Some("contains a line break, at which django-environ ends the value")
    } else if has(&SEPARATORS) {
        Some("contains a control or separator character that django-environ takes for a line break")
    } else if value.contains("${") {
        // Even in single quotes.
        Some("contains `${`, which python-dotenv expands")
    } else if value.contains("$(") {
        Some("contains `$(`, which dotenv-expand may run")
    } else if value.contains(r"\\") || value.ends_with('\\') {
        Some("contains two backslashes in a row or ends in one, which readers unescape differently")
    } else if has(&['\'']) && has(&['$', '"', '\\', '`']) {
        Some(
            "contains `'` together with `$`, `\"`, a backslash or a backtick, which readers unquote differently",
        )
    } else if value.len() > 1 && value.starts_with('"') && value.ends_with('"') {
        Some("begins and ends with `\"`, which django-environ strips")
    } else {
        None
    }
}

/// The line breaks of Python's `splitlines` beside the usual ones.
const SEPARATORS: [char; 8] = [
    '\x0B', '\x0C', '\x1C', '\x1D', '\x1E', '\u{85}', '\u{2028}', '\u{2029}',
];

/// Reads as python-dotenv does, without expanding `${…}`.
///
/// # Errors
/// A line that python-dotenv cannot parse and skips, and a name without `=`.
pub(super) fn parse(conf: &[u8]) -> Result<Pairs, ConfError> {
    let text = std::str::from_utf8(conf)
        .map_err(|error| ConfError::at(conf, error.valid_up_to(), "python reads UTF-8 only"))?;
    // Python reads text files with universal newlines.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = DotenvReader { rest: &text };
    let mut pairs = Pairs::new();
    while reader.next_line() {
        let start = text.len() - reader.rest.len();
        let pair = reader
            .binding()
            .ok_or_else(|| ConfError::at(text.as_bytes(), start, "expected `NAME='value'`"))?;
        pairs.push(pair);
    }
    Ok(pairs)
}

struct DotenvReader<'a> {
    rest: &'a str,
}

impl<'a> DotenvReader<'a> {
    /// Moves to the next line that is neither empty nor a comment; false at the end.
    fn next_line(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(is_space);
        while self.rest.starts_with('#') {
            self.until(|c| c == '\n');
            self.rest = self.rest.trim_start_matches(is_space);
        }
        !self.rest.is_empty()
    }

    fn binding(&mut self) -> Option<(String, Vec<u8>)> {
        if let Some(rest) = self
            .rest
            .strip_prefix("export")
            .filter(|r| r.starts_with(is_blank))
        {
            self.rest = rest.trim_start_matches(is_blank);
        }
        let name = self.until(|c| matches!(c, '=' | '#') || is_space(c));
        self.skip_blanks();
        self.rest = self.rest.strip_prefix('=').filter(|_| !name.is_empty())?;
        let before_blanks = self.rest.len();
        self.skip_blanks();
        let comment = before_blanks > self.rest.len() && self.rest.starts_with('#');
        let value = if comment {
            String::new()
        } else {
            self.value()?
        };
        self.skip_blanks();
        if self.rest.starts_with('#') {
            self.until(|c| c == '\n');
        }
        let ended = self.rest.is_empty() || self.rest.starts_with('\n');
        ended.then(|| (name.to_owned(), value.into_bytes()))
    }

    fn value(&mut self) -> Option<String> {
        if let Some(rest) = self.rest.strip_prefix('\'') {
            return self.quoted(rest, '\'', |c| matches!(c, '\\' | '\'').then_some(c));
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            return self.quoted(rest, '"', escape);
        }
        let mut line = self.until(|c| c == '\n');
        let comment = line
            .match_indices('#')
            .find(|(at, _)| line[..*at].ends_with(is_space));
        if let Some((at, _)) = comment {
            line = &line[..at];
        }
        Some(line.trim_end_matches(is_space).to_owned())
    }

    /// Consumes the rest of a quoted value; `decode` maps the character after a backslash to its meaning, if it has one.
    fn quoted(
        &mut self,
        rest: &'a str,
        quote: char,
        decode: fn(char) -> Option<char>,
    ) -> Option<String> {
        let mut value = String::new();
        let mut chars = rest.chars();
        loop {
            match chars.next()? {
                c if c == quote => break,
                '\\' => {
                    let escaped = chars.next()?;
                    match decode(escaped) {
                        Some(decoded) => value.push(decoded),
                        None => value.extend(['\\', escaped]),
                    }
                }
                c => value.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(value)
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at(self.rest.find(stop).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }
}

/// What python-dotenv decodes in double quotes.
const fn escape(c: char) -> Option<char> {
    Some(match c {
        '\\' | '\'' | '"' => c,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0C',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0B',
        _ => return None,
    })
}

/// Python's `\s`: wider than Rust's by the four information separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1C'..='\x1F')
}

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
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
    fn other_ways_of_quoting_are_read_as_python_dotenv_does() {
        let conf =
            "# c\n\nexport A = x y # c\nB=\"\\t\\q\\\"\" # c\r\nC='\\n\\''\nD= # c\nE=#e\nF=";
        let expected = [
            ("A", "x y"),
            ("B", "\t\\q\""),
            ("C", "\\n'"),
            ("D", ""),
            ("E", "#e"),
            ("F", ""),
        ];
        assert_eq!(
            read(conf),
            expected.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn lines_that_python_dotenv_skips_are_refused() {
        for (conf, line) in [
            ("A='x\n", 1),
            ("A='x'\nB\n", 2),
            ("A='x' y\n", 1),
            ("=x\n", 1),
        ] {
            assert_eq!(parse(conf.as_bytes()).unwrap_err().line, line, "{conf:?}");
        }
    }

    #[test]
    fn a_quoted_value_reads_back() {
        for value in ["", "it's", "C:\\new\\'", "$x `y` \"z", "\\'", " #= "] {
            if refusal(value).is_none() {
                let conf = format!("A={}\nB='x'\n", quote(value));
                assert_eq!(read(&conf)[0].1, value, "{conf}");
            }
        }
    }

    #[test]
    fn what_readers_take_differently_is_refused() {
        for (value, expected) in [
            ("", false),
            ("it's fine: #!&;", false),
            (r"C:\new", false),
            ("$x `y` \"z", false),
            ("\"", false),
            ("\"x\"'", true),
            ("\"x\"", true),
            ("\"x\"y", false),
            ("a\nb", true),
            ("a\r", true),
            ("a\u{2028}", true),
            ("${x}", true),
            ("$(id)", true),
            ("$", false),
            (r"\\server", true),
            (r"C:\", true),
            ("it's $5", true),
            ("it's `x`", true),
            (r"it's C:\x", true),
        ] {
            assert_eq!(refusal(value).is_some(), expected, "{value:?}");
        }
    }
}
