//! Which parts of a text its excerpts mask.

/// Which parts of a source line are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redaction {
    /// Passwords in URLs.
    Passwords,
    /// Every string value: those of datastores are secrets more often than not.
    Values,
}
