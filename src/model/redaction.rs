//! What the excerpts of a text show of its values.

/// Which values an excerpt shows. Keys are shown, and the booleans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redaction {
    /// None, but the holes of the pattern that the caret points into.
    AllButHoles,
    /// None, and nothing at all of a text that is not JSON: these are secrets more often than not.
    All,
}
