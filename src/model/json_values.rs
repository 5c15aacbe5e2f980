//! Finds the values in a line of JSON, so that an excerpt hides them. Rather finds too much than too little.

use std::ops::Range;

use super::name::Name;

/// A line of a JSON text, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonLine<'t> {
    /// The line. It begins outside of a string, for a string of JSON ends in its line.
    pub text: &'t str,
    /// Up to which byte the line is JSON. Behind it a missing quote makes keys and values indistinguishable.
    pub valid: usize,
    /// A byte in the string of which the holes are shown: what is wrong with a pattern is in its braces.
    pub pattern: Option<usize>,
}

impl JsonLine<'_> {
    /// The byte ranges of all values but `true`, `false` and `null`, strings without their quotes, in order.
    pub(crate) fn values(self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.valid {
            let rest = &self.text[at..];
            let token = Token::first(rest);
            let end = at + token.length;
            if end > self.valid && token.kind != TokenKind::Structure {
                found.push(at + token.quote()..self.text.trim_end().len().max(end));
                return found;
            }
            match token.kind {
                TokenKind::Structure => {}
                TokenKind::Word if matches!(&rest[..token.length], "true" | "false" | "null") => {}
                TokenKind::Word => found.push(at..end),
                TokenKind::Text if self.is_key(end) => {}
                TokenKind::Text => self.add_text(at, end, &mut found),
            }
            at = end;
        }
        found.extend(self.behind(at));
        found
    }

    /// Whether a colon follows the string that ends here.
    fn is_key(self, end: usize) -> bool {
        let after = &self.text[end..];
        let colon = end + after.len() - after.trim_start().len();
        self.text[colon..].starts_with(':') && colon < self.valid
    }

    /// The text of the string in these bytes, or what is between its holes.
    fn add_text(self, start: usize, end: usize, found: &mut Vec<Range<usize>>) {
        let close = if end > start + 1 && self.text[..end].ends_with('"') {
            end - 1
        } else {
            end
        };
        let (mut from, inside) = (start + 1, start + 1..close);
        if self.pattern.is_some_and(|at| (start..=end).contains(&at)) {
            for hole in holes(&self.text[inside.clone()]) {
                let (start, end) = (inside.start + hole.start, inside.start + hole.end);
                if from < start {
                    found.push(from..start);
                }
                from = end;
            }
        }
        if from < close || from == inside.start {
            found.push(from..close);
        }
    }

    /// What to hide behind the valid part: all but brackets, and the key that may begin there.
    fn behind(self, at: usize) -> Option<Range<usize>> {
        let rest = self.text.get(at..)?;
        let key = Token::first(rest);
        let is_key = key.kind == TokenKind::Text && is_plain_key(&rest[..key.length]);
        let after = rest[key.length..].trim_start();
        let shown = match after.strip_prefix(':') {
            Some(value) if is_key => value,
            _ => rest,
        };
        let hidden = shown.trim_start_matches(|c: char| is_structure(c));
        let start = self.text.len() - hidden.len();
        let end = self.text.trim_end().len();
        (start < end).then_some(start..end)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// Brackets, colons, commas and blanks.
    Structure,
    /// A string with its quotes; the last one may be missing.
    Text,
    /// All else up to the next blank, bracket or quote.
    Word,
}

struct Token {
    kind: TokenKind,
    /// In bytes; 0 at the end of the text only.
    length: usize,
}

impl Token {
    fn first(rest: &str) -> Self {
        let until = |is: fn(char) -> bool| rest.find(is).unwrap_or(rest.len());
        match rest.chars().next() {
            Some('"') => Self {
                kind: TokenKind::Text,
                length: text_length(rest),
            },
            Some(c) if !is_structure(c) => Self {
                kind: TokenKind::Word,
                length: until(|c| c == '"' || is_structure(c)),
            },
            _ => Self {
                kind: TokenKind::Structure,
                length: until(|c| !is_structure(c)),
            },
        }
    }

    /// The length of an opening quote.
    fn quote(&self) -> usize {
        usize::from(self.kind == TokenKind::Text)
    }
}

fn is_structure(c: char) -> bool {
    c.is_whitespace() || "{}[]:,".contains(c)
}

/// The length of the string at the start of `rest`, with its quotes.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == '"' && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Whether a quoted text looks like the key of a manifest, and hardly like a part of a value.
fn is_plain_key(quoted: &str) -> bool {
    let key = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    key.is_some_and(|key| Name::parse(&key.replace('-', "_")).is_ok())
}

/// The byte ranges of `{NAME}`, `{NAME|filter}`, `{{NAME}}` and `${NAME}`; of braces around anything else, without that.
fn holes(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => {
                let start = if text[..at].ends_with('$') {
                    at - 1
                } else {
                    at
                };
                let rest = &text[at + 1..];
                let inside = rest.split_once('}').map_or("", |(inside, _)| inside);
                let trimmed = inside.trim();
                let (name, filter) = trimmed.split_once('|').unwrap_or((trimmed, "url"));
                let is_hole = Name::parse(name).is_ok() && Name::parse(filter).is_ok();
                let length = if is_hole { inside.len() } else { 0 };
                found.push(start..at + 1 + length);
            }
            '}' => found.push(at..at + 1),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::mask;

    /// The line with its values hidden; `^` is the caret of a syntax error, `~` a byte of the pattern at fault.
    fn hidden(marked: &str) -> String {
        let text = marked.replace(['^', '~'], "");
        let line = JsonLine {
            text: &text,
            valid: marked.find('^').unwrap_or(text.len()),
            pattern: marked.find('~'),
        };
        mask(&text, &line.values())
    }

    #[test]
    fn values_are_hidden_and_keys_are_not() {
        for (line, expected) in [
            (
                r#"  "A": "x\"y", "B":"z", "L": ["p", "q"], "É": "open"#,
                r#"  "A": "***", "B":"***", "L": ["***", "***"], "É": "***"#,
            ),
            (
                r#""P": 8080, "N": -1.5e3, "T": true, "X": null}"#,
                r#""P": ***, "N": ***, "T": true, "X": null}"#,
            ),
            (
                r#"{"E": "", "F": {"G" : ""}}"#,
                r#"{"E": "***", "F": {"G" : "***"}}"#,
            ),
            ("}", "}"),
            ("", ""),
        ] {
            assert_eq!(hidden(line), expected);
        }
    }

    #[test]
    fn only_the_pattern_at_fault_shows_its_holes() {
        for (line, expected) in [
            (
                r#""A": "a://u:p@{~HSOT}/{B}x", "B": "{C}""#,
                r#""A": "***{HSOT}***{B}***", "B": "***""#,
            ),
            (
                r#""A": "~http://${X}:{{ Y }}""#,
                r#""A": "***${X}***{{ Y }}""#,
            ),
            (
                r#""A": "x{~A|json}{pass word}""#,
                r#""A": "***{A|json}{***}""#,
            ),
            (r#""A": "u:p{~w@h""#, r#""A": "***{***""#),
            (r#""A": "p{~word""#, r#""A": "***{***""#),
            (r#""A": "~plain""#, r#""A": "***""#),
        ] {
            assert_eq!(hidden(line), expected);
        }
    }

    #[test]
    fn behind_a_syntax_error_nothing_is_shown_but_a_key() {
        for (line, expected) in [
            (r#"    ^"PORT": 8080"#, r#"    "PORT": ***"#),
            (r#""A": "x" ^"B": "y""#, r#""A": "***" "B": ***"#),
            (r#""A": "se"^cret", "B": 1"#, r#""A": "***"***"#),
            (r#""A: "^secret", "B": 1"#, r#""***"***"#),
            (r#""A": s^ecret, "B""#, r#""A": ***"#),
            (r#""A": tr^secret"#, r#""A": ***"#),
            (r#""A": "x"^: "y""#, r#""A": "***": ***"#),
            (r#"["secret"^: 1]"#, r#"["***": ***"#),
            (r#""A": "open secret^"#, r#""A": "***"#),
            (r#""A": "bad \ud8^00 secret", "B": 1"#, r#""A": "***"#),
            ("{^'A': 'secret'}", "{***"),
            (r#""A": "x"^,"#, r#""A": "***","#),
            ("  ^}, \"A\"", "  }, ***"),
            (r#"^DB": "secret""#, "***"),
            ("^", ""),
        ] {
            assert_eq!(hidden(line), expected, "{line}");
        }
    }
}
