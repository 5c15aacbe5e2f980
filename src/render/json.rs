//! The json format: one object with one variable per line, sorted by name.

use std::collections::BTreeMap;

use super::{conf::Pairs, conf_error::ConfError};
use crate::model::environment::Environment;

/// A value as a JSON string.
pub(super) fn quote(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// The environment as one JSON object.
pub(super) fn write(environment: &Environment) -> Vec<u8> {
    let pairs = environment.iter();
    text(pairs.map(|(name, variable)| (name.as_str(), variable.value.as_str())))
}

fn text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let lines: Vec<String> = pairs
        .map(|(name, value)| format!("\n  \"{name}\": {}", quote(value)))
        .collect();
    let end = if lines.is_empty() { "}\n" } else { "\n}\n" };
    format!("{{{}{end}", lines.join(",")).into_bytes()
}

/// Reads one object of strings.
///
/// # Errors
/// Any other text.
pub(super) fn parse(conf: &[u8]) -> Result<Pairs, ConfError> {
    let object: BTreeMap<String, String> =
        serde_json::from_slice(conf).map_err(|error| ConfError {
            line: error.line(),
            column: error.column(),
            message: "expected an object of strings".to_owned(),
        })?;
    let bytes = |(name, value): (String, String)| (name, value.into_bytes());
    Ok(object.into_iter().map(bytes).collect())
}

/// Whether the text is one that [`write`] makes.
pub(super) fn is_canonical(conf: &[u8]) -> bool {
    let object = serde_json::from_slice::<BTreeMap<String, String>>(conf);
    object.is_ok_and(|object| {
        let pairs = object.iter();
        text(pairs.map(|(name, value)| (name.as_str(), value.as_str()))) == conf
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_is_an_empty_object() {
        assert_eq!(write(&Environment::new()), b"{}\n");
        assert_eq!(parse(b"{}\n"), Ok(Pairs::new()));
    }

    #[test]
    fn what_is_no_object_of_strings_is_refused() {
        assert_eq!(parse(b"{\n  \"A\": 1}").unwrap_err().line, 2);
    }
}
