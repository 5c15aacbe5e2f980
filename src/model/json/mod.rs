//! JSON with paths: every key and value knows where it stands in the text. Knows nothing of what keys mean.

mod escape;
mod syntax;
mod tree;

use super::{findings::Findings, problem::Problems};

pub(crate) use escape::source_offset;

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
    Object(Object),
}

/// An object; of duplicate keys it holds the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// The byte of its opening brace.
    pub start: usize,
    /// Its members, in the order of the text.
    pub members: Vec<Member>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
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

impl Object {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&JsonNode> {
        self.member(key).map(|member| &member.node)
    }

    /// A key with its value.
    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.key == key)
    }
}

/// Reads the findings' text as one JSON object.
///
/// # Errors
/// A text that is not JSON, or not an object. Duplicate keys are told to the findings.
pub(crate) fn parse(mut findings: Findings<'_>) -> Result<(Findings<'_>, Object), Problems> {
    // A `JsonValue` is made, although it is thrown away: skipping values checks escapes and numbers less strictly.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(findings.text()) {
        return Err(syntax::problem(findings, &error));
    }
    let Some(root) = tree::read(&mut findings) else {
        return Err(findings.syntax());
    };
    if let JsonValue::Object(object) = root.value {
        return Ok((findings, object));
    }
    let message = format!("the top is {}, not an object", root.value.kind());
    findings.tell(root.start, message);
    Err(findings.invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Findings<'_>, Object), Problems> {
        parse(Findings::new("p", "w", text))
    }

    #[test]
    fn numbers_stay_as_written_and_places_are_bytes() {
        let (findings, object) = read(r#" {"é": 1.50, "b": [1e3, "\ud83d\ude00"]}"#).unwrap();
        assert!(findings.finish(()).is_ok());
        assert_eq!(object.start, 1);
        let node = object.get("é").unwrap();
        assert_eq!(node.value, JsonValue::Number("1.50".to_owned()));
        assert_eq!(node.start, 8);
        let JsonValue::List(list) = &object.get("b").unwrap().value else {
            panic!("a list");
        };
        assert_eq!(list[0].value, JsonValue::Number("1e3".to_owned()));
        assert_eq!(list[1].value, JsonValue::Text("😀".to_owned()));
    }

    #[test]
    fn duplicate_keys_are_told_at_every_depth() {
        let text = "{\"a\": [{\"b\": 1,\n\"b\": 2}],\n \"\\u0061\": 3}";
        let (findings, _) = read(text).unwrap();
        let problems = findings.finish(()).unwrap_err();
        let paths: Vec<_> = problems
            .list
            .iter()
            .map(|p| (p.line, p.column, p.also))
            .collect();
        assert_eq!(paths, [(2, 1, Some(1)), (3, 2, Some(1))]);
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for text in [
            "{'a': 1}",
            "{\"a\": 1,}",
            "{a: 1}",
            "{\"a\": 0x1}",
            "{\"a\": \"\\ud800\"}",
            "// x\n{}",
            "",
            "[]",
            "3",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).unwrap_err().syntax);
    }
}
