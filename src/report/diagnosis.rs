//! The rows of `doctor`: what was looked at, how it is, and how it is mended.

use serde::Serialize;

use super::{failure::Failure, output::Row};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Condition {
    /// As it should be.
    Ok,
    /// Something is to be mended, and the node does its work meanwhile.
    Warning,
    /// The node cannot do all of its work.
    Fault,
    /// The caller may not know.
    Unknown,
}

/// What was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Diagnosis {
    /// How it is.
    pub condition: Condition,
    /// What was looked at.
    pub subject: String,
    /// How it was found, as one clause.
    pub found: String,
    /// How it is mended, as one clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Diagnosis {
    /// It is as it should be.
    pub(crate) fn ok(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            condition: Condition::Ok,
            subject: subject.into(),
            found: found.into(),
            mend: None,
        }
    }

    /// It should be mended.
    pub(crate) fn warning(
        subject: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            condition: Condition::Warning,
            mend: Some(mend.into()),
            ..Self::ok(subject, found)
        }
    }

    /// The node cannot do its work before it is mended.
    pub(crate) fn fault(
        subject: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            condition: Condition::Fault,
            ..Self::warning(subject, found, mend)
        }
    }

    /// The caller may not know.
    pub(crate) fn unknown(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            condition: Condition::Unknown,
            ..Self::ok(subject, found)
        }
    }

    /// Something that a command would fail of; what is closed to the caller alone is unknown.
    pub(crate) fn failure(subject: impl Into<String>, failure: &Failure, is_closed: bool) -> Self {
        if is_closed {
            return Self::unknown(subject, failure.in_short());
        }
        Self {
            condition: Condition::Fault,
            mend: failure.next_step().map(str::to_owned),
            ..Self::ok(subject, failure.in_short())
        }
    }

    /// Says how a fault is mended that does not say so itself.
    #[must_use]
    pub(crate) fn or_mend(mut self, mend: impl Into<String>) -> Self {
        if self.condition == Condition::Fault && self.mend.is_none() {
            self.mend = Some(mend.into());
        }
        self
    }
}

impl Row<3> for Diagnosis {
    fn cells(&self) -> [String; 3] {
        let condition = match self.condition {
            Condition::Ok => "ok",
            Condition::Warning => "warning",
            Condition::Fault => "fault",
            Condition::Unknown => "unknown",
        };
        let mend = self.mend.iter().map(|mend| format!("; {mend}"));
        let found = format!("{}{}", self.found, mend.collect::<String>());
        [condition.to_owned(), self.subject.clone(), found]
    }
}
