//! Identifiers of services, nodes, regions and federations.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `[A-Za-z0-9._-]+`, at most 200 bytes, no leading dot: safe as a file's name and as a part of a registry key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// The text is not an [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`")]
pub struct IdError;

impl Id {
    /// The longest id, in bytes.
    pub const MAX: usize = 200;

    /// Parses an id.
    ///
    /// # Errors
    /// [`IdError`] when the text has other characters, is empty, too long, or begins with a dot.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::MAX).contains(&text.len()) && !text.starts_with('.');
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError)
        }
    }

    /// The federation and the region of those that say none (design.md section 3).
    pub fn default_scope() -> Self {
        Self("default".to_owned())
    }

    /// The id that comes before all others, for the beginnings of ranges.
    pub fn first() -> Self {
        Self("-".to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
