//! A failure as a person reads it: the fact, what belongs to it, the state left behind, one next step.

use std::fmt;

use super::code::Code;
use crate::model::escape::{escape, escape_line};

/// Why a command, or one service of it, failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the process ends with.
    pub code: Code,
    // Nearly every function returns a failure: its texts are on the heap, so that results stay small.
    text: Box<Text>,
}

/// The texts of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    message: String,
    excerpt: String,
    facts: Vec<String>,
    notes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure with one lower-case clause, names in backticks, no period.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            text: Box::new(Text {
                message: message.into(),
                excerpt: String::new(),
                facts: Vec::new(),
                notes: Vec::new(),
                hint: None,
            }),
        }
    }

    /// Adds lines that are shown indented below the message.
    #[must_use]
    pub(crate) fn facts(mut self, facts: impl IntoIterator<Item = String>) -> Self {
        self.text.facts.extend(facts);
        self
    }

    /// Adds a ready block, such as source lines with carets.
    #[must_use]
    pub(crate) fn excerpt(mut self, excerpt: String) -> Self {
        self.text.excerpt = excerpt;
        self
    }

    /// Adds the state that is left behind.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.text.notes.push(note.into());
        self
    }

    /// The message with its facts, in one line.
    pub(crate) fn in_short(&self) -> String {
        let facts: Vec<String> = self.text.facts.iter().map(|fact| squeezed(fact)).collect();
        if facts.is_empty() {
            return self.text.message.clone();
        }
        format!("{} ({})", self.text.message, facts.join("; "))
    }

    /// The one next step, if there is one.
    pub(crate) fn next_step(&self) -> Option<&str> {
        self.text.hint.as_deref()
    }

    /// Sets the one next step.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.text.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_line(&self.text.message))?;
        for fact in &self.text.facts {
            write!(f, "\n  {}", escape_line(fact))?;
        }
        if !self.text.excerpt.is_empty() {
            let lines = self.text.excerpt.trim_end_matches('\n');
            write!(f, "\n{}", escape(lines))?;
        }
        for note in &self.text.notes {
            write!(f, "\nnote: {}", escape_line(note))?;
        }
        match &self.text.hint {
            Some(hint) => write!(f, "\nhint: {}", escape_line(hint)),
            None => Ok(()),
        }
    }
}

/// A line of a table without its padding.
fn squeezed(fact: &str) -> String {
    fact.split_whitespace().collect::<Vec<_>>().join(" ")
}
