//! What a node says of itself: the value of `nodes/<node>` (design.md section 13).

use serde::{Deserialize, Serialize};

/// Which configuration all services of a node run with, and which reconf it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct NodeVersions {
    /// The `version` in `configuration.json`; nothing where that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// The version of reconf.
    #[serde(default)]
    pub reconf: String,
}

impl NodeVersions {
    /// Parses a record; `None` if it is no object with these fields.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        // An array of the fields would be accepted as well otherwise.
        let is_object = value.trim_ascii_start().starts_with(b"{");
        is_object.then(|| serde_json::from_slice(value).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_object_to_which_others_may_add() {
        let versions = |configuration: Option<&str>, reconf: &str| {
            Some(NodeVersions {
                configuration: configuration.map(str::to_owned),
                reconf: reconf.to_owned(),
            })
        };
        for (text, expected) in [
            (
                r#"{"configuration": "a", "reconf": "1"}"#,
                versions(Some("a"), "1"),
            ),
            (r#"{"reconf": "1", "later": []}"#, versions(None, "1")),
            ("{}", versions(None, "")),
            (r#"["a", "1"]"#, None),
            (r#"{"configuration": 1}"#, None),
            ("no JSON", None),
        ] {
            assert_eq!(NodeVersions::parse(text.as_bytes()), expected, "{text}");
        }
    }
}
