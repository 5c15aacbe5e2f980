//! Whether an object is a manifest at all, and whether its service has a conf.

use crate::model::{
    document_reader::DocumentReader,
    json::{self, JsonMember, JsonObject, JsonValue},
};

/// The key of a service that another mechanism than a conf serves.
const RUN_LIST: &str = "run_list";

/// The keys of which a manifest has at least one.
const CONTENT: [&str; 5] = ["environment", "requires", "provides", "command", RUN_LIST];

/// Whether the service has a conf: a manifest with nothing but a `run_list` asks for none.
pub(super) fn has_conf(top: &JsonObject) -> bool {
    let mut content = CONTENT.iter().filter(|key| **key != RUN_LIST);
    content.any(|key| top.get(key).is_some())
}

/// Reports a data bag item that Chef has not decrypted or unwrapped; returns whether it is one. Its keys mean nothing.
pub(super) fn reject_raw_item(reader: &mut DocumentReader<'_>, top: &JsonObject) -> bool {
    if let Some(member) = top.members.iter().find(|member| is_encrypted(member)) {
        reader
            .report(
                member.start,
                format!("`{}` is encrypted and was not decrypted", member.key),
            )
            .hint("write the item that `data_bag_item` returns with its secret");
        return true;
    }
    let Some(wrapper) = top.member("raw_data") else {
        return false;
    };
    let is_wrapped = matches!(wrapper.node.value, JsonValue::Object(_)) && !has_any(top, &CONTENT);
    if is_wrapped {
        reader
            .report(
                wrapper.start,
                "the manifest is wrapped in `raw_data`, as `knife` exports data bag items",
            )
            .hint("unwrap it: write only the object that is the value of `raw_data`");
    }
    is_wrapped
}

/// Reports a manifest without content: its conf would be empty, and take every variable of a good one away.
pub(super) fn reject_empty(reader: &mut DocumentReader<'_>, top: &JsonObject) {
    if !has_any(top, &CONTENT) {
        let keys: Vec<String> = CONTENT.iter().map(|key| format!("`{key}`")).collect();
        reader
            .report(top.start, "the manifest says nothing")
            .hint(format!("it needs at least one of {}", keys.join(", ")));
    }
}

fn has_any(top: &JsonObject, keys: &[&str]) -> bool {
    keys.iter().any(|key| top.get(key).is_some())
}

/// Whether a text is a data bag item that Chef has not decrypted.
pub(crate) fn is_encrypted_item(text: &str) -> bool {
    let parsed = json::parse(DocumentReader::new("", "", text));
    parsed.is_ok_and(|(_, top)| top.members.iter().any(is_encrypted))
}

/// Whether a value has the form of Chef's encrypted data bag items.
fn is_encrypted(member: &JsonMember) -> bool {
    let JsonValue::Object(object) = &member.node.value else {
        return false;
    };
    has_any(object, &["encrypted_data"]) && has_any(object, &["cipher"])
}
