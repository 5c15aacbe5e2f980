//! What no schema can see, with why, and a document that shows it: the list that the other tests of schemas excuse.

use super::{
    generated,
    random::{said_of, said_of_manifests},
};
use crate::harness::json_schema::refusals;

/// The golden manifests that are bad and that a schema accepts.
pub(super) const GOLDEN: [(&str, &str); 5] = [
    (
        "duplicates",
        "validators see the last of two keys with one name",
    ),
    ("no-port", "`{PORT}` needs a key elsewhere"),
    ("number", "validators read any number"),
    ("socket-port", "`{PORT}` needs another value elsewhere"),
    ("twice", "a variable of two objects"),
];

/// A fault that only a parser sees.
pub(super) struct Fault {
    schema: &'static str,
    /// What the parser says of it.
    pub(super) says: &'static str,
    /// Why no schema can see it.
    why: &'static str,
    document: &'static str,
}

const fn fault(
    schema: &'static str,
    says: &'static str,
    why: &'static str,
    document: &'static str,
) -> Fault {
    Fault {
        schema,
        says,
        why,
        document,
    }
}

const MANIFEST: &str = "manifest";
const CONFIG: &str = "config";

/// Relations between two places, likeness, and what a word or a number within a text means.
pub(super) const BEYOND: [Fault; 15] = [
    fault(
        MANIFEST,
        "did you mean",
        "any key may stand at the top, and likeness to one of ours is no pattern",
        r#"{"id": "m", "environment": {}, "requrie": {}}"#,
    ),
    fault(
        MANIFEST,
        "is also in `environment`",
        "keys of two objects",
        r#"{"id": "m", "environment": {"A": "x"}, "requires": {"A": "{B}"}}"#,
    ),
    fault(
        MANIFEST,
        "needs a port",
        "a hole and a key elsewhere",
        r#"{"id": "m", "provides": {"A": "{PORT}"}}"#,
    ),
    fault(
        MANIFEST,
        "is neither a node fact nor a variable",
        "a hole and a key elsewhere",
        r#"{"id": "m", "provides": {"A": "{X}"}}"#,
    ),
    fault(
        MANIFEST,
        "keeps its `$`",
        "right in a price, wrong where somebody meant a shell's variable",
        r#"{"id": "m", "requires": {"A": "${B}"}}"#,
    ),
    fault(
        MANIFEST,
        "is literal text, not the node fact",
        "right in a template, wrong where somebody meant the fact",
        r#"{"id": "m", "provides": {"A": "{{HOST}}"}}"#,
    ),
    fault(
        MANIFEST,
        "must be a duration",
        "units have many names, in any order, with blanks between",
        r#"{"id": "m", "environment": {}, "conf": {"drain": "5parsecs"}}"#,
    ),
    fault(
        MANIFEST,
        "or more",
        "the size of a number within a text",
        r#"{"id": "m", "environment": {}, "check": {"command": ["x"], "interval": "0s"}}"#,
    ),
    fault(
        MANIFEST,
        "must be at most",
        "the size of a number within a text",
        r#"{"id": "m", "environment": {}, "conf": {"drain": "11years"}}"#,
    ),
    fault(
        MANIFEST,
        "is not a host name",
        "what resolvers read as an address, and lengths of labels after the holes are filled",
        r#"{"id": "m", "provides": {"A": "x"}, "balance": {"hosts": ["0x7f.1"]}}"#,
    ),
    fault(
        CONFIG,
        "must be whole seconds",
        "the size of a number within a text",
        r#"{"announce": {"ttl": "1500ms"}}"#,
    ),
    fault(
        CONFIG,
        "is not a domain",
        "an address is written like a domain",
        r#"{"balance": {"internal": {"domain": "10.0.0.1"}}}"#,
    ),
    fault(
        CONFIG,
        "is not an IP address",
        "addresses have many spellings",
        r#"{"balance": {"local": {"address": "1:2"}}}"#,
    ),
    fault(
        CONFIG,
        "is neither an address nor a host name",
        "what resolvers read as an address is written like a name",
        r#"{"host": "1.2"}"#,
    ),
    fault(
        CONFIG,
        "stands for every address",
        "addresses have many spellings",
        r#"{"host": "0.0.0.0"}"#,
    ),
];

#[test]
fn each_excuse_is_needed() {
    for schema in [MANIFEST, CONFIG] {
        let faults: Vec<&Fault> = BEYOND
            .iter()
            .filter(|fault| fault.schema == schema)
            .collect();
        let documents = faults
            .iter()
            .map(|fault| fault.document.to_owned())
            .collect();
        let (documents, said) = if schema == MANIFEST {
            said_of_manifests(documents)
        } else {
            let said = said_of(&documents, "etc/reconf/config.json", "config");
            (documents, said)
        };
        let Some(refusals) = refusals(&generated(&["schema", schema]), &documents) else {
            return;
        };
        for ((fault, said), refusal) in faults.iter().zip(&said).zip(refusals) {
            let said = said.as_deref().unwrap_or_default();
            assert!(said.contains(fault.says), "{}: {said}", fault.document);
            assert_eq!(refusal, None, "the schema sees it, although {}", fault.why);
        }
    }
}
