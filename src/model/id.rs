//! Identifiers of services, nodes, regions and federations.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::parsed::parsed;

/// `[A-Za-z0-9._-]+`, at most 200 bytes, no leading dot: safe as a file name and as a part of a registry key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(Arc<str>);

/// The text is not an [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`")]
pub(crate) struct IdError;

impl Id {
    /// The longest id, in bytes.
    pub(crate) const MAX: usize = 200;

    /// Parses an id.
    ///
    /// # Errors
    /// [`IdError`] if the text has other characters, is empty or too long, or begins with a dot.
    pub(crate) fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::MAX).contains(&text.len()) && !text.starts_with('.');
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if fits && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(IdError)
        }
    }

    /// The default federation and the default region (design.md section 3).
    pub(crate) fn default_scope() -> Self {
        Self("default".into())
    }

    /// The first of all ids in sort order, for the start of ranges.
    pub(crate) fn first() -> Self {
        Self("-".into())
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, Self::parse)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$"})
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
