//! Keys of a JSON text and where they are, for messages about files that have been read. The caller has checked the text.

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged};

/// The key whose member, in whatever depth, the byte `offset` belongs to, such as `requires.API_URL`; `None` at the top.
pub(crate) fn key_at(text: &str, offset: usize) -> Option<String> {
    let mut value = parse(text)?;
    let mut key = String::new();
    loop {
        let (label, inner) = match value {
            ast::Value::Object(object) => {
                let mut members = object.properties.into_iter();
                let found = members.find(|member| holds(&member.range, offset));
                match found {
                    Some(member) => (member.name.into_string(), member.value),
                    None => break,
                }
            }
            ast::Value::Array(list) => {
                let mut elements = list.elements.into_iter().enumerate();
                match elements.find(|(_, element)| holds(&element.range(), offset)) {
                    Some((index, element)) => (index.to_string(), element),
                    None => break,
                }
            }
            _ => break,
        };
        if !key.is_empty() {
            key.push('.');
        }
        key.push_str(&label);
        value = inner;
    }
    (!key.is_empty()).then_some(key)
}

/// The byte at which the value begins to which `keys` lead from the top.
pub(crate) fn value_at(text: &str, keys: &[&str]) -> Option<usize> {
    let mut value = parse(text)?;
    for key in keys {
        let ast::Value::Object(mut object) = value else {
            return None;
        };
        value = object.take(key)?.value;
    }
    Some(value.range().start)
}

fn parse(text: &str) -> Option<ast::Value<'_>> {
    let parsed =
        jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    parsed.ok()?.value
}

fn holds(range: &jsonc_parser::common::Range, offset: usize) -> bool {
    (range.start..range.end).contains(&offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"id": "a", "requires": {"A": "{B}", "C": {"value": "{D}"}}, "run_list": ["x", 3]}"#;

    #[test]
    fn every_byte_belongs_to_the_innermost_key() {
        for (part, expected) in [
            ("\"id\"", Some("id")),
            ("\"a\"", Some("id")),
            ("\"requires\"", Some("requires")),
            ("{B}", Some("requires.A")),
            ("{D}", Some("requires.C.value")),
            ("3]", Some("run_list.1")),
            ("{\"id", None),
        ] {
            let at = TEXT.find(part).unwrap();
            assert_eq!(key_at(TEXT, at).as_deref(), expected, "{part}");
        }
        assert_eq!(key_at("{", 0), None);
    }

    #[test]
    fn a_value_is_found_by_its_keys() {
        for (keys, expected) in [
            (&["requires", "A"][..], TEXT.find("\"{B}\"")),
            (&["requires", "C", "value"], TEXT.find("\"{D}\"")),
            (&[], Some(0)),
            (&["requires", "B"], None),
            (&["id", "A"], None),
        ] {
            assert_eq!(value_at(TEXT, keys), expected, "{keys:?}");
        }
    }
}
