//! The content of `/etc/reconf/configuration.json`: Chef's `node['configuration']` (design.md section 2).

use std::collections::BTreeMap;

use super::{
    datastores::{Datastores, id, members_of, reject_misplaced, scope},
    document_reader::DocumentReader,
    id::Id,
    json::{self, JsonObject, JsonValue},
    problem::Problems,
    redaction::Redaction,
};

/// Keys at the top that are reconf's; Chef attributes of others may stand beside them.
const TOP: [&str; 4] = ["datastores", "regions", "federations", VERSION];

/// Keys of a federation.
const FEDERATION: [&str; 2] = ["datastores", "regions"];

/// The key of the version.
const VERSION: &str = "version";

/// The longest version in characters: a node publishes it, and summaries show it.
const LONGEST_VERSION: usize = 200;

/// The datastores of this node, and which version of them it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The datastores of every federation that has any.
    pub datastores: BTreeMap<Id, Datastores>,
    /// The shop's own name for this state of its repository, such as a git commit.
    pub version: Option<String>,
}

impl Configuration {
    /// Parses `configuration.json` as Chef writes `node['configuration']`. The keys at the top are the datastores of the
    /// federation `own`; its entry below `federations` overrides them name by name. A value that is null is as if not there.
    ///
    /// Ignores all other keys, which belong to others, unless they look like names of datastores or like misspelt keys.
    ///
    /// # Errors
    /// The syntax error of a text that is not JSON, or else every problem in the keys above.
    pub(crate) fn parse(path: &str, text: &str, own: &Id) -> Result<Self, Problems> {
        let reader = DocumentReader::new(path, "the datastores' configuration", text);
        let (mut reader, top) = json::parse(reader.redacting(Redaction::All))?;
        reject_misplaced(&mut reader, "", &top, &TOP);
        let mut datastores = BTreeMap::from([(own.clone(), scope(&mut reader, "", &top))]);
        for (label, member) in members_of(&mut reader, "", &top, "federations") {
            let federation = id(&mut reader, &label, member);
            let Some(object) = reader.object(&label, &member.node) else {
                continue;
            };
            reject_misplaced(&mut reader, &label, object, &FEDERATION);
            let overrides = scope(&mut reader, &label, object);
            if let Some(federation) = federation {
                datastores.entry(federation).or_default().extend(overrides);
            }
        }
        let version = version(&mut reader, &top);
        reader.finish(Self {
            datastores,
            version,
        })
    }
}

/// The version; a number is taken as it is written.
fn version(reader: &mut DocumentReader<'_>, top: &JsonObject) -> Option<String> {
    let node = top.get_non_null(VERSION)?;
    let text = match &node.value {
        JsonValue::Text(text) | JsonValue::Number(text) => text,
        other => {
            let message = format!("`{VERSION}` must be a string, not {}", other.kind());
            reader.report(node.start, message);
            return None;
        }
    };
    if text.chars().count() > LONGEST_VERSION {
        let message = format!("`{VERSION}` is longer than {LONGEST_VERSION} characters");
        reader.report(node.start, message);
    }
    Some(text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_a_short_text_or_a_number_as_it_is_written() {
        let long = format!(r#"{{"version": "{}"}}"#, "é".repeat(201));
        let longest = format!(r#"{{"version": "{}"}}"#, "é".repeat(200));
        let own = Id::default_scope();
        for (text, expected) in [
            (r#"{"version": "3f2a91c"}"#, Ok(Some("3f2a91c".to_owned()))),
            (r#"{"version": 1.50}"#, Ok(Some("1.50".to_owned()))),
            (r#"{"version": null}"#, Ok(None)),
            ("{}", Ok(None)),
            (&longest, Ok(Some("é".repeat(200)))),
            (&long, Err("`version` is longer than 200 characters")),
            (
                r#"{"version": []}"#,
                Err("`version` must be a string, not a list"),
            ),
            (
                r#"{"version": true}"#,
                Err("`version` must be a string, not a boolean"),
            ),
            (r#"{"verson": "1"}"#, Err("unknown key `verson`")),
        ] {
            let parsed = Configuration::parse("configuration.json", text, &own);
            let parsed = parsed.map(|parsed| parsed.version);
            let parsed = parsed.map_err(|problems| problems.list[0].message.clone());
            assert_eq!(parsed, expected.map_err(str::to_owned), "{text:.60}");
        }
    }
}
