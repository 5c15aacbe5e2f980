//! Reads one text and collects its problems, so that one run reports all of them.

use super::{
    problem::{Problem, Problems},
    redaction::Redaction,
};

/// A text that is being read, and the problems found so far. `fields` adds the methods that read typed values.
#[derive(Debug)]
pub(crate) struct DocumentReader<'t> {
    path: String,
    what: String,
    text: &'t str,
    redaction: Redaction,
    /// Each with its byte offset, by which [`Self::finish`] sorts.
    list: Vec<(usize, Problem)>,
}

impl<'t> DocumentReader<'t> {
    /// A reader of `text`. Messages call it `what` and its file `path`; excerpts hide its values.
    pub(crate) fn new(path: &str, what: &str, text: &'t str) -> Self {
        Self {
            redaction: Redaction::AllButHoles,
            path: path.to_owned(),
            what: what.to_owned(),
            text,
            list: Vec::new(),
        }
    }

    /// The reader with other parts of the text masked in excerpts.
    #[must_use]
    pub(crate) fn redacting(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The line of a byte of the text, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        position(self.text, offset).0
    }

    /// Adds a problem at a byte of the text; the returned builder adds a hint or a second line.
    pub(crate) fn report(
        &mut self,
        offset: usize,
        message: impl Into<String>,
    ) -> ProblemBuilder<'_> {
        let (line, column) = position(self.text, offset);
        let index = self.list.len();
        let problem = Problem {
            line,
            column,
            message: message.into().replace(char::is_control, " "),
            hint: None,
            also: None,
        };
        self.list.push((offset, problem));
        ProblemBuilder(&mut self.list[index].1)
    }

    /// Whether no problem was reported yet.
    pub(crate) fn is_valid(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the value if there is no problem.
    ///
    /// # Errors
    /// Every reported problem, in the order of their positions.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problems> {
        if self.list.is_empty() {
            Ok(value)
        } else {
            Err(self.into_invalid())
        }
    }

    /// The problems of a text that is JSON.
    pub(super) fn into_invalid(self) -> Problems {
        self.into_problems(false)
    }

    /// The syntax error of a text that is not JSON.
    pub(super) fn into_syntax_error(self) -> Problems {
        self.into_problems(true)
    }

    fn into_problems(mut self, syntax: bool) -> Problems {
        self.list.sort_by_key(|(offset, _)| *offset);
        Problems {
            path: self.path,
            what: self.what,
            text: self.text.to_owned(),
            redaction: self.redaction,
            syntax,
            list: self.list.into_iter().map(|(_, problem)| problem).collect(),
        }
    }
}

/// Adds details to a problem that was just reported.
#[derive(Debug)]
pub(crate) struct ProblemBuilder<'f>(&'f mut Problem);

impl ProblemBuilder<'_> {
    /// Adds a hint: one next step.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Makes the excerpt show another line as well.
    pub(crate) fn also(&mut self, line: usize) -> &mut Self {
        self.0.also = Some(line);
        self
    }
}

/// Line and column of a byte; the column in characters, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}
