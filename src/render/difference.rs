//! How the variables of a rendered conf differ from the resolved ones.

use std::fmt;

/// A variable that reads back differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// It is missing.
    Dropped(String),
    /// It was not resolved, or is set twice.
    Added(String),
    /// It has another value.
    Changed(String),
}

impl Difference {
    /// All differences as one clause.
    pub(super) fn list(differences: &[Self]) -> String {
        let all: Vec<String> = differences.iter().map(Self::to_string).collect();
        all.join(", ")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(name) => write!(f, "`{name}` is missing"),
            Self::Added(name) => write!(f, "`{name}` was not resolved, or is set twice"),
            Self::Changed(name) => write!(f, "`{name}` has a different value"),
        }
    }
}
