//! JSON with positions: every key and value knows its byte in the text. Knows nothing of what keys mean.

mod escape;
mod keys;
mod parse;
mod place;
mod syntax;
mod tree;
mod value;

pub(crate) use escape::source_offset;
pub(crate) use keys::{key_at, value_at};
pub(crate) use parse::parse;
pub(crate) use place::line_of;
pub(crate) use value::{JsonMember, JsonNode, JsonObject, JsonValue};
