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
    let lines: Vec<String> = environment
        .iter()
        .map(|(name, variable)| format!("\n  \"{name}\": {}", quote(&variable.value)))
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
