//! A file that was read, and places in it as messages show them.

use super::{
    document_reader::DocumentReader,
    json::{key_at, value_at},
    name::Name,
    problem::{Problem, Problems},
    redaction::Redaction,
};

/// The path and the text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// As messages name it.
    pub path: String,
    /// All of it.
    pub text: String,
    redaction: Redaction,
}

/// A place in a file, with the lines that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourcePlace {
    /// The file, as messages name it.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The key to which it belongs, such as `requires.API_URL`.
    pub key: Option<String>,
    /// The place and its line with a caret; values are masked.
    pub excerpt: String,
}

impl SourceFile {
    /// A manifest, or another file of which patterns may be shown.
    pub(crate) fn new(path: String, text: String) -> Self {
        Self {
            path,
            text,
            redaction: Redaction::AllButHoles,
        }
    }

    /// A file whose values are secrets.
    pub(crate) fn of_secrets(path: String, text: String) -> Self {
        Self {
            redaction: Redaction::All,
            ..Self::new(path, text)
        }
    }

    /// The place of a byte of the text.
    pub(crate) fn place(&self, offset: usize) -> SourcePlace {
        let reader = DocumentReader::new(&self.path, "", &self.text);
        let mut reader = reader.redacting(self.redaction);
        reader.report(offset, "");
        let problems = reader.into_invalid();
        SourcePlace::of(&problems, &problems.list[0])
    }

    /// The place of the first of these paths of keys that leads to a value; the beginning of the file if none does.
    pub(crate) fn place_of_first<'k>(
        &self,
        paths: impl IntoIterator<Item = Vec<&'k str>>,
    ) -> SourcePlace {
        let mut found = paths
            .into_iter()
            .filter_map(|keys| value_at(&self.text, &keys));
        self.place(found.next().unwrap_or_default())
    }

    /// The place of the hole of `name` in the value to which `keys` lead; that of the value if it is not written so.
    pub(crate) fn place_of_hole(&self, keys: &[&str], name: &Name) -> SourcePlace {
        let start = value_at(&self.text, keys).unwrap_or_default();
        let ways = [format!("{{{name}}}"), format!("{{{name}|")];
        let found = ways
            .iter()
            .filter_map(|way| self.text[start..].find(way))
            .min();
        self.place(start + found.unwrap_or_default())
    }

    /// The place of a key at the top, if it is there.
    pub(crate) fn place_of_key(&self, key: &str) -> Option<SourcePlace> {
        let value = value_at(&self.text, &[key])?;
        let written = self.text[..value].rfind(&format!("\"{key}\""))?;
        Some(self.place(written))
    }

    /// The place of the value to which `keys` lead; the beginning of the file if there is none.
    pub(crate) fn place_of(&self, keys: &[&str]) -> SourcePlace {
        self.place(value_at(&self.text, keys).unwrap_or_default())
    }
}

impl SourcePlace {
    /// The place of one of these problems.
    pub(crate) fn of(problems: &Problems, problem: &Problem) -> Self {
        let alone = Problems {
            list: vec![Problem {
                hint: None,
                ..problem.clone()
            }],
            ..problems.clone()
        };
        let offset = offset(&problems.text, problem.line, problem.column);
        Self {
            path: problems.path.clone(),
            line: problem.line,
            column: problem.column,
            key: key_at(&problems.text, offset).filter(|_| !problems.syntax),
            excerpt: alone.excerpts(),
        }
    }
}

/// The byte of a line and a column, both from 1 and the column in characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n');
    let start: usize = lines.take(line - 1).map(str::len).sum();
    let rest = text[start..].char_indices();
    let within = rest.map(|(at, _)| at).nth(column - 1);
    start + within.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_line_column_key_and_no_secret() {
        let text =
            "{\n  \"datastores\": {\"é\": 1, \"DB_URL\": \"mysql://u:secret@h\"}\n}".to_owned();
        let file = SourceFile::of_secrets("c.json".to_owned(), text);
        let place = file.place_of(&["datastores", "DB_URL"]);
        assert_eq!((place.line, place.column), (2, 36));
        assert_eq!(place.key.as_deref(), Some("datastores.DB_URL"));
        assert!(
            place.excerpt.starts_with("  --> c.json:2:36\n"),
            "{}",
            place.excerpt
        );
        assert!(!place.excerpt.contains("mysql"), "{}", place.excerpt);
    }
}
