//! Problems of a text, told at their positions.

use std::fmt;

use super::excerpt;

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// One lower-case clause.
    pub message: String,
    /// One next step, if there is one.
    pub hint: Option<String>,
    /// Another line that belongs to the problem and is shown with it.
    pub also: Option<usize>,
}

/// All problems of one file, in the order of their positions; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Problems {
    /// The file, as messages name it.
    pub path: String,
    /// What the file is, as messages name it: the manifest of a service, the node's configuration.
    pub what: String,
    /// The file's text, from which source lines are shown.
    pub text: String,
    /// What of the text is not shown.
    pub secret: Secret,
    /// Whether the text is not even JSON.
    pub syntax: bool,
    /// The problems.
    pub list: Vec<Problem>,
}

/// What of a source line is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Passwords in URLs.
    Passwords,
    /// Every string value: those of datastores are secrets more often than not.
    Values,
}

impl Problems {
    /// Every problem's place, source lines with a caret, and hint; each line ends in a newline.
    ///
    /// What the `Display` says of a single problem is not said again; secrets are masked.
    pub(crate) fn excerpts(&self) -> String {
        let blocks: Vec<String> = self.list.iter().map(|p| self.block(p)).collect();
        blocks.join("\n")
    }

    fn block(&self, problem: &Problem) -> String {
        let Problem { line, column, .. } = problem;
        let place = format!("{}:{line}:{column}", self.path);
        let place = match &self.list[..] {
            [_] => place,
            _ => format!("{place}: {}", problem.message),
        };
        let mut block = if self.syntax && self.secret == Secret::Values {
            // Where a quote is missing nobody knows what is a key and what a value.
            format!("  --> {place}\n")
        } else {
            excerpt::block(&self.text, self.secret, problem, &place)
        };
        if let Some(hint) = &problem.hint {
            block.push_str(&format!("hint: {hint}\n"));
        }
        block
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match &self.list[..] {
            [only] if self.syntax => write!(f, "{what} is not valid JSON: {}", only.message),
            [only] => write!(f, "{what} is not valid: {}", only.message),
            list => write!(f, "{what} has {} problems", list.len()),
        }
    }
}
