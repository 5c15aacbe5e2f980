//! The problems of one text, each with its position.

use std::fmt;

use super::redaction::Redaction;

/// One problem at one position.
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
    /// Another line that the excerpt shows, such as the first of two duplicate keys.
    pub also: Option<usize>,
}

/// All problems of one file, in the order of their positions; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Problems {
    /// The file, as messages name it.
    pub path: String,
    /// What the file is, as messages name it: the manifest of a service, the node's configuration.
    pub what: String,
    /// The file's text, for excerpts.
    pub text: String,
    /// Which parts of the text excerpts mask.
    pub redaction: Redaction,
    /// Whether the text is not JSON at all.
    pub syntax: bool,
    /// The problems.
    pub list: Vec<Problem>,
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
