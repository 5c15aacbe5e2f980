//! Strings, numbers, lists and objects, ids and choices.

use std::path::PathBuf;

use crate::model::{
    document_reader::DocumentReader,
    id::Id,
    json::{JsonNode, JsonObject, JsonValue, source_offset},
    pattern::Pattern,
    suggest,
};

impl DocumentReader<'_> {
    /// Reports that the value of `label` is not `expected`.
    pub(in crate::model) fn report_mismatch(
        &mut self,
        label: &str,
        node: &JsonNode,
        expected: &str,
    ) {
        let kind = node.value.kind();
        self.report(
            node.start,
            format!("`{label}` must be {expected}, not {kind}"),
        );
    }

    /// A string without NUL, which neither an environment nor a command line can hold.
    pub(in crate::model) fn string<'n>(
        &mut self,
        label: &str,
        node: &'n JsonNode,
    ) -> Option<&'n str> {
        let JsonValue::Text(text) = &node.value else {
            self.report_mismatch(label, node, "a string");
            return None;
        };
        let Some(nul) = text.find('\0') else {
            return Some(text);
        };
        let at = source_offset(self.text(), node.start, nul);
        self.report(
            at,
            format!("`{label}` contains a NUL (`\\u0000`), which an environment cannot hold"),
        );
        None
    }

    /// What an environment can hold: a string, or a number or a boolean as it was written.
    pub(in crate::model) fn scalar(&mut self, label: &str, node: &JsonNode) -> Option<String> {
        match &node.value {
            JsonValue::Text(_) => self.string(label, node).map(str::to_owned),
            JsonValue::Number(written) => Some(written.clone()),
            JsonValue::Boolean(value) => Some(value.to_string()),
            JsonValue::Null | JsonValue::List(_) | JsonValue::Object(_) => {
                self.report_mismatch(label, node, "a string, a number or a boolean");
                None
            }
        }
    }

    /// A string that is not empty.
    pub(in crate::model) fn non_empty(&mut self, label: &str, node: &JsonNode) -> Option<String> {
        let text = self.string(label, node)?;
        if text.is_empty() {
            self.report(node.start, format!("`{label}` is empty"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A path as it was written.
    pub(in crate::model) fn path(&mut self, label: &str, node: &JsonNode) -> Option<PathBuf> {
        self.non_empty(label, node).map(PathBuf::from)
    }

    /// `true` or `false`.
    pub(in crate::model) fn boolean(&mut self, label: &str, node: &JsonNode) -> Option<bool> {
        if let JsonValue::Boolean(value) = node.value {
            return Some(value);
        }
        self.report_mismatch(label, node, "`true` or `false`");
        None
    }

    /// An object.
    pub(in crate::model) fn object<'n>(
        &mut self,
        label: &str,
        node: &'n JsonNode,
    ) -> Option<&'n JsonObject> {
        if let JsonValue::Object(object) = &node.value {
            return Some(object);
        }
        self.report_mismatch(label, node, "an object");
        None
    }

    /// A list.
    pub(in crate::model) fn list<'n>(
        &mut self,
        label: &str,
        node: &'n JsonNode,
    ) -> Option<&'n [JsonNode]> {
        if let JsonValue::List(list) = &node.value {
            return Some(list);
        }
        self.report_mismatch(label, node, "a list");
        None
    }

    /// A list of strings.
    pub(in crate::model) fn strings(
        &mut self,
        label: &str,
        node: &JsonNode,
    ) -> Option<Vec<String>> {
        let list = self.list(label, node)?;
        let element = format!("{label}[]");
        let mut texts = Vec::new();
        for node in list {
            texts.extend(self.string(&element, node).map(str::to_owned));
        }
        (texts.len() == list.len()).then_some(texts)
    }

    /// A command: a list of strings, of which the first names the program.
    pub(in crate::model) fn command_line(
        &mut self,
        label: &str,
        node: &JsonNode,
    ) -> Option<Vec<String>> {
        let words = self.strings(label, node)?;
        if words.first().is_none_or(String::is_empty) {
            self.report(node.start, format!("`{label}` must start with a program"));
            return None;
        }
        Some(words)
    }

    /// An id.
    pub(in crate::model) fn id(&mut self, label: &str, node: &JsonNode) -> Option<Id> {
        let text = self.string(label, node)?;
        match Id::parse(text) {
            Ok(id) => Some(id),
            Err(reason) => {
                self.report(node.start, format!("`{label}` {reason}"));
                None
            }
        }
    }

    /// Ids, at least one, without duplicates.
    pub(in crate::model) fn ids(&mut self, label: &str, node: &JsonNode) -> Option<Vec<Id>> {
        let list = self.list(label, node)?;
        if list.is_empty() {
            self.report(node.start, format!("`{label}` is empty"));
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
    pub(in crate::model) fn whole_number(
        &mut self,
        label: &str,
        node: &JsonNode,
        least: u32,
        most: u32,
    ) -> Option<u32> {
        let JsonValue::Number(written) = &node.value else {
            self.report_mismatch(label, node, "a number");
            return None;
        };
        match written.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let range = match most {
                    u32::MAX => format!("{least} or more"),
                    most => format!("from {least} to {most}"),
                };
                self.report(
                    node.start,
                    format!("`{label}` must be a whole number, {range}"),
                );
                None
            }
        }
    }

    /// A port.
    pub(in crate::model) fn port(&mut self, label: &str, node: &JsonNode) -> Option<u16> {
        let number = self.whole_number(label, node, 1, u16::MAX.into())?;
        u16::try_from(number).ok()
    }

    /// A pattern; a problem points at the brace that is wrong.
    pub(in crate::model) fn pattern(&mut self, label: &str, node: &JsonNode) -> Option<Pattern> {
        let text = self.string(label, node)?;
        match Pattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let at = source_offset(self.text(), node.start, error.offset);
                self.report(at, error.message);
                None
            }
        }
    }

    /// One of several words.
    pub(in crate::model) fn choice<T: Clone>(
        &mut self,
        label: &str,
        node: &JsonNode,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.string(label, node)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let list = quoted.join(", ");
        let mut problem = self.report(node.start, format!("`{label}` must be one of {list}"));
        if let Some(meant) = suggest::near_miss(text, words.iter().copied()) {
            problem.hint(format!("did you mean `{meant}`?"));
        }
        None
    }
}
