//! From the parser's tree to ours. The text is known to be JSON already; this parser alone is too lenient.

use std::collections::BTreeMap;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged};

use super::{JsonNode, JsonValue, Member, Object};
use crate::model::findings::Findings;

/// Reads the findings' text. Duplicate keys are told; `None` comes with a problem.
pub(super) fn read(findings: &mut Findings<'_>) -> Option<JsonNode> {
    let text = findings.text();
    let parsed =
        jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    let place = match parsed {
        Ok(result) => match result.value {
            Some(root) => return Some(node(findings, root)),
            None => 0,
        },
        Err(error) => error.range().start,
    };
    findings.tell(place, "the value cannot be read");
    None
}

fn node(findings: &mut Findings<'_>, from: ast::Value<'_>) -> JsonNode {
    let start = from.range().start;
    let value = match from {
        ast::Value::NullKeyword(_) => JsonValue::Null,
        ast::Value::BooleanLit(literal) => JsonValue::Boolean(literal.value),
        ast::Value::NumberLit(literal) => JsonValue::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => JsonValue::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter();
            JsonValue::List(elements.map(|element| node(findings, element)).collect())
        }
        ast::Value::Object(inner) => JsonValue::Object(object(findings, inner)),
    };
    JsonNode { start, value }
}

fn object(findings: &mut Findings<'_>, from: ast::Object<'_>) -> Object {
    let start = from.range.start;
    let mut members = Vec::new();
    let mut seen = BTreeMap::new();
    for property in from.properties {
        let at = property.range.start;
        let key = property.name.into_string();
        let node = node(findings, property.value);
        if let Some(first) = seen.get(&key) {
            let line = findings.line(*first);
            let message = format!("duplicate key `{key}`");
            findings.tell(at, message).also(line);
            continue;
        }
        seen.insert(key.clone(), at);
        members.push(Member {
            key,
            start: at,
            node,
        });
    }
    Object { start, members }
}
