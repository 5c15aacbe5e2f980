//! JSON values, objects and members, each with its position.

/// A value and the byte of the text at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonNode {
    /// In bytes, from 0.
    pub start: usize,
    /// The value.
    pub value: JsonValue,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it was written.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// A list.
    List(Vec<JsonNode>),
    /// An object.
    Object(JsonObject),
}

/// An object; of duplicate keys it holds the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonObject {
    /// The byte of its opening brace.
    pub start: usize,
    /// Its members, in the order of the text.
    pub members: Vec<JsonMember>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonMember {
    /// The key, its escapes resolved.
    pub key: String,
    /// The byte of the key's opening quote.
    pub start: usize,
    /// The value.
    pub node: JsonNode,
}

impl JsonValue {
    /// The kind of value, as messages name it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl JsonObject {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&JsonNode> {
        self.member(key).map(|member| &member.node)
    }

    /// The value of a key that is not `null`; Chef writes `null` for attributes that nobody set.
    pub(crate) fn get_non_null(&self, key: &str) -> Option<&JsonNode> {
        self.get(key).filter(|node| node.value != JsonValue::Null)
    }

    /// The member with this key.
    pub(crate) fn member(&self, key: &str) -> Option<&JsonMember> {
        self.members.iter().find(|member| member.key == key)
    }
}
