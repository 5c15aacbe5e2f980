//! Collects the problems of one text, so that all are told at once.

use super::problem::{Problem, Problems, Secret};

/// The problems found so far in one text.
#[derive(Debug)]
pub(crate) struct Findings<'t> {
    path: String,
    what: String,
    text: &'t str,
    secret: Secret,
    /// With the offset of each, by which they are sorted in the end.
    list: Vec<(usize, Problem)>,
}

impl<'t> Findings<'t> {
    /// Nothing found yet in `text`, which is `what` and comes from `path`; passwords in URLs are not shown.
    pub(crate) fn new(path: &str, what: &str, text: &'t str) -> Self {
        Self {
            secret: Secret::Passwords,
            path: path.to_owned(),
            what: what.to_owned(),
            text,
            list: Vec::new(),
        }
    }

    /// The same, but other parts of the text are not shown.
    #[must_use]
    pub(crate) fn hiding(mut self, secret: Secret) -> Self {
        self.secret = secret;
        self
    }

    /// The text that is read.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The line, from 1, of a byte of the text.
    pub(crate) fn line(&self, offset: usize) -> usize {
        place(self.text, offset).0
    }

    /// Keeps a problem at a byte of the text; the answer takes a hint or a second line.
    pub(crate) fn tell(&mut self, offset: usize, message: impl Into<String>) -> ProblemBuilder<'_> {
        let (line, column) = place(self.text, offset);
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

    /// The value, if nothing was found.
    ///
    /// # Errors
    /// Every problem that was told, in the order of their positions.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problems> {
        if self.list.is_empty() {
            Ok(value)
        } else {
            Err(self.invalid())
        }
    }

    /// What was told of a text that is JSON.
    pub(super) fn invalid(self) -> Problems {
        self.into_problems(false)
    }

    /// The problem that keeps the text from being JSON.
    pub(super) fn syntax(self) -> Problems {
        self.into_problems(true)
    }

    fn into_problems(mut self, syntax: bool) -> Problems {
        self.list.sort_by_key(|(offset, _)| *offset);
        Problems {
            path: self.path,
            what: self.what,
            text: self.text.to_owned(),
            secret: self.secret,
            syntax,
            list: self.list.into_iter().map(|(_, problem)| problem).collect(),
        }
    }
}

/// A problem that was just told.
#[derive(Debug)]
pub(crate) struct ProblemBuilder<'f>(&'f mut Problem);

impl ProblemBuilder<'_> {
    /// Adds one next step.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Shows another line too.
    pub(crate) fn also(&mut self, line: usize) -> &mut Self {
        self.0.also = Some(line);
        self
    }
}

/// Line, and column in characters, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}
