//! Converts the parser's tree to [`JsonNode`]s. The caller has checked the text: this parser alone is too lenient.

use std::collections::BTreeMap;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged};

use super::value::{JsonMember, JsonNode, JsonObject, JsonValue};
use crate::model::document_reader::DocumentReader;

/// Reads the reader's text and reports duplicate keys; `None` comes with a problem.
pub(super) fn read(reader: &mut DocumentReader<'_>) -> Option<JsonNode> {
    let text = reader.text();
    let parsed =
        jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    let offset = match parsed {
        Ok(result) => match result.value {
            Some(root) => return Some(node(reader, root)),
            None => 0,
        },
        Err(error) => error.range().start,
    };
    reader.report(offset, "the value cannot be read");
    None
}

fn node(reader: &mut DocumentReader<'_>, from: ast::Value<'_>) -> JsonNode {
    let start = from.range().start;
    let value = match from {
        ast::Value::NullKeyword(_) => JsonValue::Null,
        ast::Value::BooleanLit(literal) => JsonValue::Boolean(literal.value),
        ast::Value::NumberLit(literal) => JsonValue::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => JsonValue::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter();
            JsonValue::List(elements.map(|element| node(reader, element)).collect())
        }
        ast::Value::Object(inner) => JsonValue::Object(object(reader, inner)),
    };
    JsonNode { start, value }
}

fn object(reader: &mut DocumentReader<'_>, from: ast::Object<'_>) -> JsonObject {
    let start = from.range.start;
    let mut members = Vec::new();
    let mut seen = BTreeMap::new();
    for property in from.properties {
        let at = property.range.start;
        let key = property.name.into_string();
        let node = node(reader, property.value);
        if let Some(first) = seen.get(&key) {
            let line = reader.line(*first);
            let message = format!("duplicate key `{key}`");
            reader.report(at, message).also(line);
            continue;
        }
        seen.insert(key.clone(), at);
        members.push(JsonMember {
            key,
            start: at,
            node,
        });
    }
    JsonObject { start, members }
}
