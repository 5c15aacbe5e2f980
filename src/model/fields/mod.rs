//! Typed reading of JSON values; every mismatch is told with the key's whole name. Shared by all files we read.

mod keys;
mod render;
pub(super) mod time;

use super::{
    findings::Findings,
    id::Id,
    json::{JsonNode, JsonValue, Object, source_offset},
    suggest,
};

impl Findings<'_> {
    /// Tells that the value of `label` is something else than `expected`.
    pub(super) fn mismatch(&mut self, label: &str, node: &JsonNode, expected: &str) {
        let kind = node.value.kind();
        self.tell(
            node.start,
            format!("`{label}` must be {expected}, not {kind}"),
        );
    }

    /// A string without NUL, which neither an environment nor a command line can carry.
    pub(super) fn text_of<'n>(&mut self, label: &str, node: &'n JsonNode) -> Option<&'n str> {
        let JsonValue::Text(text) = &node.value else {
            self.mismatch(label, node, "a string");
            return None;
        };
        let Some(nul) = text.find('\0') else {
            return Some(text);
        };
        let at = source_offset(self.text(), node.start, nul);
        self.tell(
            at,
            format!("`{label}` holds a NUL (`\\u0000`), which no environment can carry"),
        );
        None
    }

    /// What an environment can carry: a string, or a number or a boolean as it was written.
    pub(super) fn scalar(&mut self, label: &str, node: &JsonNode) -> Option<String> {
        match &node.value {
            JsonValue::Text(_) => self.text_of(label, node).map(str::to_owned),
            JsonValue::Number(written) => Some(written.clone()),
            JsonValue::Boolean(value) => Some(value.to_string()),
            JsonValue::Null | JsonValue::List(_) | JsonValue::Object(_) => {
                self.mismatch(label, node, "a string, a number or a boolean");
                None
            }
        }
    }

    /// A string that is not empty.
    pub(super) fn filled(&mut self, label: &str, node: &JsonNode) -> Option<String> {
        let text = self.text_of(label, node)?;
        if text.is_empty() {
            self.tell(node.start, format!("`{label}` is empty"));
            return None;
        }
        Some(text.to_owned())
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, label: &str, node: &JsonNode) -> Option<bool> {
        if let JsonValue::Boolean(value) = node.value {
            return Some(value);
        }
        self.mismatch(label, node, "`true` or `false`");
        None
    }

    /// An object.
    pub(super) fn object<'n>(&mut self, label: &str, node: &'n JsonNode) -> Option<&'n Object> {
        if let JsonValue::Object(object) = &node.value {
            return Some(object);
        }
        self.mismatch(label, node, "an object");
        None
    }

    /// A list.
    pub(super) fn list<'n>(&mut self, label: &str, node: &'n JsonNode) -> Option<&'n [JsonNode]> {
        if let JsonValue::List(list) = &node.value {
            return Some(list);
        }
        self.mismatch(label, node, "a list");
        None
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, label: &str, node: &JsonNode) -> Option<Vec<String>> {
        let list = self.list(label, node)?;
        let element = format!("{label}[]");
        let mut texts = Vec::new();
        for node in list {
            texts.extend(self.text_of(&element, node).map(str::to_owned));
        }
        (texts.len() == list.len()).then_some(texts)
    }

    /// A command: a list of strings, of which the first names the program.
    pub(super) fn command_line(&mut self, label: &str, node: &JsonNode) -> Option<Vec<String>> {
        let words = self.texts(label, node)?;
        if words.first().is_none_or(String::is_empty) {
            self.tell(node.start, format!("`{label}` names no program"));
            return None;
        }
        Some(words)
    }

    /// An id.
    pub(super) fn id(&mut self, label: &str, node: &JsonNode) -> Option<Id> {
        let text = self.text_of(label, node)?;
        match Id::parse(text) {
            Ok(id) => Some(id),
            Err(reason) => {
                self.tell(node.start, format!("`{label}` {reason}"));
                None
            }
        }
    }

    /// Ids, at least one, repeated ones once.
    pub(super) fn ids(&mut self, label: &str, node: &JsonNode) -> Option<Vec<Id>> {
        let list = self.list(label, node)?;
        if list.is_empty() {
            self.tell(node.start, format!("`{label}` is empty"));
        }
        let element = format!("{label}[]");
        let mut ids = Vec::new();
        for node in list {
            let id = self.id(&element, node)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Some(ids)
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(
        &mut self,
        label: &str,
        node: &JsonNode,
        least: u32,
        most: u32,
    ) -> Option<u32> {
        let JsonValue::Number(written) = &node.value else {
            self.mismatch(label, node, "a number");
            return None;
        };
        match written.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let range = match most {
                    u32::MAX => format!("{least} or more"),
                    most => format!("from {least} to {most}"),
                };
                self.tell(
                    node.start,
                    format!("`{label}` must be a whole number, {range}"),
                );
                None
            }
        }
    }

    /// One of several words.
    pub(super) fn choice<T: Clone>(
        &mut self,
        label: &str,
        node: &JsonNode,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text_of(label, node)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let list = quoted.join(", ");
        let mut told = self.tell(node.start, format!("`{label}` must be one of {list}"));
        if let Some(meant) = suggest::meant(text, words.iter().copied()) {
            told.hint(format!("did you mean `{meant}`?"));
        }
        None
    }
}
