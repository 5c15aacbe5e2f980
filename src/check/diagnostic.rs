//! What a check found: what is wrong, where, and what to do.

use crate::model::{
    id::Id,
    problem::{Problem, Problems},
    source_file::SourcePlace,
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// It will fail on a node.
    Error,
    /// It is probably not meant.
    Warning,
}

/// Which rule a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckRule {
    /// A manifest is as section 3 has it.
    Manifest,
    /// `config.json` is as section 4 has it.
    Config,
    /// `configuration.json` is as section 2 has it.
    Datastores,
    /// A datastore that a service needs has a value.
    DatastoreValue,
    /// A node runs only services of its federations.
    Federation,
}

impl CheckRule {
    /// The rule's name, for scripts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Config => "config",
            Self::Datastores => "datastores",
            Self::DatastoreValue => "datastore-value",
            Self::Federation => "federation",
        }
    }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule is broken.
    pub rule: CheckRule,
    /// The service whose manifest it is about, or that is the first of several.
    pub service: Option<Id>,
    /// Where it is.
    pub place: SourcePlace,
    /// One lower-case clause.
    pub message: String,
    /// One next step, if there is one.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub(super) fn error(rule: CheckRule, place: SourcePlace, message: String) -> Self {
        Self {
            severity: Severity::Error,
            rule,
            service: None,
            place,
            message,
            hint: None,
        }
    }

    /// All problems of a file, as errors.
    pub(super) fn of_problems(
        rule: CheckRule,
        service: Option<&Id>,
        problems: &Problems,
    ) -> Vec<Self> {
        let of = |problem: &Problem| {
            let message = if problems.syntax {
                format!("not valid JSON: {}", problem.message)
            } else {
                problem.message.clone()
            };
            Self {
                service: service.cloned(),
                hint: problem.hint.clone(),
                ..Self::error(rule, SourcePlace::of(problems, problem), message)
            }
        };
        problems.list.iter().map(of).collect()
    }

    /// Names the service that it is about.
    pub(super) fn service(mut self, id: &Id) -> Self {
        self.service = Some(id.clone());
        self
    }

    /// Adds the next step.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
