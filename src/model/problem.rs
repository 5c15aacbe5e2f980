//! Problems of a text, told at their places.

use std::fmt;

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// One lower-case clause.
    pub message: String,
    /// One next step, if there is one.
    pub hint: Option<String>,
}

/// All problems of one file, in the order of their places; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file, as messages name it.
    pub path: String,
    /// What the file is, as messages name it: the manifest of a service, the node's configuration.
    pub what: String,
    /// The file's text, from which source lines are shown.
    pub text: String,
    /// The problems.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not valid", self.what)
    }
}
