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
    /// It was not checked.
    Note,
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
    /// The formats of a conf can carry its values.
    Format,
    /// A node runs only services of its federations.
    Federation,
    /// Something provides what is required.
    Missing,
    /// A name never crosses a federation.
    OtherFederation,
    /// Two services of a federation have ports of their own on every node.
    LocalPort,
    /// A balancer's port is no port of a program, and no connection takes it.
    BalancedPort,
    /// One service provides a name.
    Providers,
    /// One of the services that need each other can come first.
    Cycle,
    /// Something requires what is provided.
    Unused,
    /// A key that means nothing does not look as if it did.
    Key,
    /// An item can be read.
    Encrypted,
    /// What nothing provides is a datastore.
    Taken,
}

impl CheckRule {
    /// The rule's name, for scripts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Config => "config",
            Self::Datastores => "datastores",
            Self::DatastoreValue => "datastore-value",
            Self::Format => "format",
            Self::Federation => "federation",
            Self::Missing => "missing",
            Self::OtherFederation => "other-federation",
            Self::LocalPort => "local-port",
            Self::BalancedPort => "balanced-port",
            Self::Providers => "providers",
            Self::Cycle => "cycle",
            Self::Unused => "unused",
            Self::Key => "key",
            Self::Encrypted => "encrypted",
            Self::Taken => "datastores-taken",
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
    /// Where it is; `None` for what is nowhere.
    pub place: Option<SourcePlace>,
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
            place: Some(place),
            message,
            hint: None,
        }
    }

    /// A warning at a place.
    pub(super) fn warning(rule: CheckRule, place: SourcePlace, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, place, message)
        }
    }

    /// What was not checked.
    pub(super) fn note(rule: CheckRule, message: String) -> Self {
        Self {
            severity: Severity::Note,
            rule,
            service: None,
            place: None,
            message,
            hint: None,
        }
    }

    /// By place; what is nowhere comes last.
    fn order(&self) -> (bool, Option<(&str, usize, usize)>) {
        let place = self.place.as_ref();
        let place = place.map(|place| (&place.path[..], place.line, place.column));
        (place.is_none(), place)
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

/// Puts what was found in the order of files and lines.
pub(super) fn sort(found: &mut [Diagnostic]) {
    found.sort_by(|a, b| a.order().cmp(&b.order()));
}
