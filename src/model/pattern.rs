//! Patterns: values with `{NAME}` holes, perhaps with a filter as in `{NAME|url}`. `{{` and `}}` are literal braces.

use std::fmt;

use super::{filter::Filter, name::Name};

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Literal text, with single braces.
    Text(String),
    /// A hole.
    Hole(Hole),
}

/// A place in a pattern for the value of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The name.
    pub name: Name,
    /// What its value goes through.
    pub filter: Filter,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct PatternError {
    /// Bytes from the start of the pattern's text.
    pub offset: usize,
    /// What is wrong, one lower-case clause.
    pub message: String,
}

impl fmt::Display for Pattern {
    /// As a manifest has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    f.write_str(&text.replace('{', "{{").replace('}', "}}"))?;
                }
                Piece::Hole(hole) => write!(f, "{{{}{}}}", hole.name, hole.filter.suffix())?,
            }
        }
        Ok(())
    }
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// A lone brace, an empty hole, a hole whose text is not a [`Name`], or an unknown filter.
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = text.len() - rest.len() + at;
            plain.push_str(&rest[..at]);
            let brace = &rest[at..];
            if let Some(after) = brace.strip_prefix("{{").or(brace.strip_prefix("}}")) {
                plain.push_str(&brace[..1]);
                rest = after;
                continue;
            }
            let (hole, after) = hole(brace).map_err(|message| PatternError { offset, message })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(hole));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// The names in the holes, in order, with repetitions.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &Name> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(&hole.name),
            Piece::Text(_) => None,
        })
    }

    /// Its parts in order; no two texts are side by side.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Renames the holes for which `other` returns a valid name.
    #[must_use]
    pub(crate) fn rename_holes(mut self, other: impl Fn(&Name) -> Option<String>) -> Self {
        for piece in &mut self.pieces {
            if let Piece::Hole(hole) = piece
                && let Some(renamed) = other(&hole.name).and_then(|text| Name::parse(&text).ok())
            {
                hole.name = renamed;
            }
        }
        self
    }

    /// Fills every hole with what `value` returns, to which it has applied the hole's filter.
    ///
    /// # Errors
    /// The name of the first hole for which `value` is `None`.
    pub(crate) fn fill(
        &self,
        mut value: impl FnMut(&Hole) -> Option<String>,
    ) -> Result<String, &Name> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Hole(hole) => filled.push_str(&value(hole).ok_or(&hole.name)?),
            }
        }
        Ok(filled)
    }

    /// The pattern's text with some holes filled: `value` returns the text of a hole, or the name under which the hole stays
    /// open. Literal braces stay doubled, and filters are not applied.
    #[must_use]
    pub(crate) fn fill_some(
        &self,
        mut value: impl FnMut(&Name) -> Result<String, &'static str>,
    ) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(&escape(plain)),
                Piece::Hole(hole) => match value(&hole.name) {
                    Ok(filled) => text.push_str(&escape(&filled)),
                    Err(open) => text.push_str(&format!("{{{open}}}")),
                },
            }
        }
        text
    }
}

/// The hole at the start of `text`, and what follows it.
fn hole(text: &str) -> Result<(Hole, &str), String> {
    let Some(inner) = text.strip_prefix('{') else {
        return Err("unmatched `}`; write `}}` for a literal brace".to_owned());
    };
    let Some((inside, after)) = inner.split_once('}') else {
        return Err("unmatched `{`; write `{{` for a literal brace".to_owned());
    };
    if inside.is_empty() {
        return Err("`{}` has no name; write `{{}}` for literal braces".to_owned());
    }
    let (name, filter) = match inside.split_once('|') {
        Some((name, filter)) => (name, Filter::parse(filter)?),
        None => (inside, Filter::None),
    };
    match Name::parse(name) {
        Ok(name) => Ok((Hole { name, filter }, after)),
        // It may be a part of a password with a brace in it, so it is not repeated.
        Err(reason) => Err(format!(
            "what is in the braces {reason}; write `{{{{` for a literal brace"
        )),
    }
}

fn escape(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_text_and_holes() {
        let pattern = Pattern::parse("http://{HOST}:{PORT}/{{x}}").unwrap();
        let filled = pattern.fill(|hole| Some(format!("<{}>", hole.name)));
        assert_eq!(filled.unwrap(), "http://<HOST>:<PORT>/{x}");
        let open = pattern.fill_some(|name| match name.as_str() {
            "PORT" => Ok("8{0".to_owned()),
            _ => Err("HOST"),
        });
        assert_eq!(open, "http://{HOST}:8{{0/{{x}}");
        assert_eq!(Pattern::parse(&open).unwrap().holes().count(), 1);
    }

    #[test]
    fn a_lone_brace_is_refused_at_its_position() {
        for (text, offset) in [
            ("a{", 1),
            ("ab}", 2),
            ("{}", 0),
            ("x{a b}", 1),
            ("{{{", 2),
            ("{A|}", 0),
            ("x{A|json}", 1),
            ("{|url}", 0),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
