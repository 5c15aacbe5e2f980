//! The tables that HAProxy answers, and what cannot be read of an answer.

use std::{collections::BTreeMap, str::FromStr};

/// An answer that reconf cannot read: what gives it is no HAProxy, or one that it does not know. No text
/// holds a whole row, whose ages change: a log tells each fault once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnreadableAnswer {
    /// A part is missing at its end.
    #[error("its answer ends too early")]
    Incomplete,
    /// A part begins as none of HAProxy's does: this is its first line, cut.
    #[error("it answers `{0}`")]
    Foreign(String),
    /// A column or a line with this name is missing.
    #[error("its answer has no `{0}`")]
    Missing(&'static str),
    /// A column or a line with this name holds no value that reconf knows.
    #[error("its answer has `{1}` as `{0}`")]
    Odd(&'static str, String),
}

impl UnreadableAnswer {
    /// For a part that is not what it should be.
    pub(super) fn foreign(part: &str) -> Self {
        Self::Foreign(cut(part.lines().next().unwrap_or_default()))
    }
}

/// The beginning of a text: what answers can be anything.
fn cut(text: &str) -> String {
    const SHOWN: usize = 120;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// The names of a table's columns.
pub(super) struct Columns<'a> {
    places: BTreeMap<&'a str, usize>,
    separator: char,
}

/// A line of a table.
pub(super) struct TableRow<'a> {
    columns: &'a Columns<'a>,
    fields: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    /// From the line that begins with `# `, of this part of the answer.
    pub(super) fn of(
        names: Option<&'a str>,
        separator: char,
        part: &str,
    ) -> Result<Self, UnreadableAnswer> {
        let names = names.and_then(|line| line.strip_prefix("# "));
        let names = names.ok_or_else(|| UnreadableAnswer::foreign(part))?;
        let names = names.split(separator).enumerate();
        Ok(Self {
            places: names.map(|(at, name)| (name, at)).collect(),
            separator,
        })
    }

    /// Refuses a table without these columns.
    pub(super) fn demand<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<(), UnreadableAnswer> {
        let missing = names
            .into_iter()
            .find(|name| !self.places.contains_key(name));
        missing.map_or(Ok(()), |name| Err(UnreadableAnswer::Missing(name)))
    }

    pub(super) fn row(&'a self, line: &'a str) -> TableRow<'a> {
        TableRow {
            columns: self,
            fields: line.split(self.separator).collect(),
        }
    }
}

impl<'a> TableRow<'a> {
    pub(super) fn get(&self, column: &str) -> Option<&'a str> {
        self.fields.get(*self.columns.places.get(column)?).copied()
    }

    pub(super) fn field(&self, column: &'static str) -> Result<&'a str, UnreadableAnswer> {
        self.get(column).ok_or(UnreadableAnswer::Missing(column))
    }

    pub(super) fn number<T: FromStr>(&self, column: &'static str) -> Result<T, UnreadableAnswer> {
        number(column, self.field(column)?)
    }
}

/// The number in the column or the line with this name.
pub(super) fn number<T: FromStr>(name: &'static str, text: &str) -> Result<T, UnreadableAnswer> {
    let number = text.parse();
    number.map_err(|_| UnreadableAnswer::Odd(name, cut(text)))
}
