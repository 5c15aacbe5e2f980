//! From text to a JSON object with positions.

use super::{
    syntax, tree,
    value::{JsonObject, JsonValue},
};
use crate::model::{document_reader::DocumentReader, problem::Problems};

/// Parses the reader's text as one JSON object; reports duplicate keys to the reader.
///
/// # Errors
/// The one problem of a text that is not JSON or not an object.
pub(crate) fn parse(
    mut reader: DocumentReader<'_>,
) -> Result<(DocumentReader<'_>, JsonObject), Problems> {
    // Parsing into a `Value` that is then dropped checks escapes and numbers more strictly than skipping values.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(reader.text()) {
        return Err(syntax::problem(reader, &error));
    }
    let Some(root) = tree::read(&mut reader) else {
        return Err(reader.into_syntax_error());
    };
    if let JsonValue::Object(object) = root.value {
        return Ok((reader, object));
    }
    let message = format!("the top level must be an object, not {}", root.value.kind());
    reader.report(root.start, message);
    Err(reader.into_invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(DocumentReader<'_>, JsonObject), Problems> {
        parse(DocumentReader::new("p", "w", text))
    }

    #[test]
    fn numbers_stay_as_written_and_positions_are_bytes() {
        let (reader, object) = read(r#" {"é": 1.50, "b": [1e3, "\ud83d\ude00"]}"#).unwrap();
        assert!(reader.finish(()).is_ok());
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
    fn duplicate_keys_are_reported_at_every_depth() {
        let text = "{\"a\": [{\"b\": 1,\n\"b\": 2}],\n \"\\u0061\": 3}";
        let (reader, _) = read(text).unwrap();
        let problems = reader.finish(()).unwrap_err();
        let positions: Vec<_> = problems
            .list
            .iter()
            .map(|p| (p.line, p.column, p.also))
            .collect();
        assert_eq!(positions, [(2, 1, Some(1)), (3, 2, Some(1))]);
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
