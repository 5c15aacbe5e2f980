//! Where a member stands in a text.

use super::{
    parse::parse,
    value::{JsonObject, JsonValue},
};
use crate::model::document_reader::DocumentReader;

/// The line of the member that these keys lead to, from 1; `None` if there is no such member, or the text is no JSON object.
pub(crate) fn line_of(text: &str, keys: &[&str]) -> Option<usize> {
    let (reader, top) = parse(DocumentReader::new("", "", text)).ok()?;
    let start = member_start(&top, keys)?;
    Some(reader.line(start))
}

fn member_start(object: &JsonObject, keys: &[&str]) -> Option<usize> {
    let (key, rest) = keys.split_first()?;
    let member = object.member(key)?;
    match &member.node.value {
        _ if rest.is_empty() => Some(member.start),
        JsonValue::Object(inner) => member_start(inner, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_by_its_keys_whatever_the_layout() {
        let text = "{\"a\": \"b\", \"x\":\n {\"é\n\": [1,\n2],\r\n\n  \"b\":{\"b\"\n:1}}}";
        let text = text.replace("é\n", "\\u00e9\\n");
        for (keys, expected) in [
            (&["a"][..], Some(1)),
            (&["x"], Some(1)),
            (&["x", "é\n"], Some(2)),
            (&["x", "b"], Some(5)),
            (&["x", "b", "b"], Some(5)),
            (&["b"], None),
            (&["x", "é\n", "1"], None),
            (&["x", "b", "b", "b"], None),
            (&[], None),
        ] {
            assert_eq!(line_of(&text, keys), expected, "{keys:?}");
        }
        assert_eq!(line_of("[1]", &["a"]), None);
        assert_eq!(line_of("{", &["a"]), None);
    }
}
