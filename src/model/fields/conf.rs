//! The keys that the node's `render` and a manifest's `conf` share: owner, group, mode, formats.

use crate::model::{
    document_reader::DocumentReader,
    format::Format,
    json::{JsonNode, JsonValue},
};

/// The write bits of group and others; `exec` refuses a conf that has one of them.
const WRITABLE_BY_OTHERS: u32 = 0o022;

impl DocumentReader<'_> {
    /// A user or a group: its name, or its number.
    pub(in crate::model) fn user(&mut self, label: &str, node: &JsonNode) -> Option<String> {
        match &node.value {
            JsonValue::Number(written) if written.parse::<u32>().is_ok() => Some(written.clone()),
            JsonValue::Text(_) => self.non_empty(label, node),
            _ => {
                self.report_mismatch(label, node, "a name or a number");
                None
            }
        }
    }

    /// Permission bits as an octal string.
    pub(in crate::model) fn mode(&mut self, label: &str, node: &JsonNode) -> Option<u32> {
        let JsonValue::Text(text) = &node.value else {
            self.report_mismatch(label, node, "an octal string such as `\"0640\"`");
            return None;
        };
        let octal = matches!(text.len(), 3 | 4) && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
        let bits = u32::from_str_radix(text, 8).ok().filter(|_| octal);
        let problem = match bits {
            None => "must be three or four octal digits such as `0640`",
            Some(bits) if bits > 0o777 => "must set permission bits only",
            Some(bits) if bits & WRITABLE_BY_OTHERS != 0 => {
                "makes the conf writable by group or others; `exec` refuses such a conf"
            }
            Some(bits) => return Some(bits),
        };
        self.report(node.start, format!("`{label}` {problem}"));
        None
    }

    /// Formats, at least one, in the order of [`Format::ALL`].
    pub(in crate::model) fn formats(
        &mut self,
        label: &str,
        node: &JsonNode,
    ) -> Option<Vec<Format>> {
        let list = self.list(label, node)?;
        if list.is_empty() {
            self.report(node.start, format!("`{label}` is empty"));
        }
        let element = format!("{label}[]");
        let mut formats = Vec::new();
        for node in list {
            formats.push(self.format(&element, node)?);
        }
        let written = Format::ALL.into_iter();
        Some(written.filter(|format| formats.contains(format)).collect())
    }

    fn format(&mut self, label: &str, node: &JsonNode) -> Option<Format> {
        self.choice(
            label,
            node,
            &Format::ALL.map(|format| (format.name(), format)),
        )
    }
}
