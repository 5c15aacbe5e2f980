//! Which exit code, facts and hint every kind of error earns: the one place that maps them.

use std::collections::BTreeSet;

use super::{code::Code, failure::Failure};
use crate::{
    edge::{
        files::{FileError, FileErrorKind},
        locks::LockError,
        registry::RegistryError,
        state::StateError,
        users::UserError,
    },
    model::{format::OTHER_VALUE, problem::Problems, settings::SettingsError},
    render::{FormatRefusal, RenderError},
};

/// What a template may name.
const TEMPLATE_HINT: &str = "it may use `service`, `count`, `env.NAME`, inside `{{#each variables}}` also `name`, `value` and `source`, and the helpers `shell`, `systemd`, `dotenv`, `json`";

/// What to do about a file of a release that is gone from this node.
const NEWER_HINT: &str = "install that release again; this one leaves the file as it is";

impl Failure {
    /// A file that cannot be read; `bad` is the code for unusable contents of this kind of file.
    pub(crate) fn reading(error: FileError, bad: Code) -> Self {
        match error.kind {
            FileErrorKind::CannotRead => Self::new(bad, error.to_string()),
            FileErrorKind::NotPermitted
            | FileErrorKind::CannotWrite
            | FileErrorKind::Distrusted => error.into(),
        }
    }

    /// All problems of a text, at their positions.
    pub(crate) fn problems(code: Code, problems: &Problems) -> Self {
        Self::new(code, problems.to_string()).excerpt(problems.excerpts())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let code = match error.kind {
            FileErrorKind::NotPermitted | FileErrorKind::Distrusted => Code::NotPermitted,
            FileErrorKind::CannotWrite => Code::CannotWrite,
            FileErrorKind::CannotRead => Code::NoInput,
        };
        let failure = Self::new(code, error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy { .. } => Self::new(Code::TryAgain, error.to_string())
                .hint("another reconf is at work; try again, or wait longer with --timeout"),
            LockError::File(error) => error.into(),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Newer { .. } => {
                Self::new(Code::Configuration, error.to_string()).hint(NEWER_HINT)
            }
            StateError::Damaged { .. } => Self::new(Code::Configuration, error.to_string())
                .hint("move it away: reconf starts again without what it remembered there"),
            StateError::File(error) => error.into(),
        }
    }
}

impl From<UserError> for Failure {
    fn from(error: UserError) -> Self {
        Self::new(Code::Configuration, error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let (code, refusal) = match error {
            SettingsError::Usage(refusal) => (Code::Usage, refusal),
            SettingsError::Variable(refusal) => (Code::Configuration, refusal),
            SettingsError::File(problems) => return Self::problems(Code::Configuration, &problems),
        };
        let failure = Self::new(code, refusal.to_string());
        match refusal.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Names the announcements whose values a format cannot carry: nothing that the manifest says is wrong then.
fn refused_values(failure: Failure, refused: &[FormatRefusal]) -> Failure {
    let announced = refused.iter().flat_map(|refusal| {
        let keys = refusal.keys.iter();
        keys.map(|key| {
            let provider = key.rsplit('/').next().unwrap_or(key);
            format!("`{}` is what `{provider}` announces: `{key}`", refusal.name)
        })
    });
    let announced: BTreeSet<String> = announced.collect();
    let is_announced = refused.iter().all(|refusal| !refusal.keys.is_empty());
    failure.facts(announced).hint(if is_announced {
        "let its provider announce another value, or leave the format out of `formats`"
    } else {
        OTHER_VALUE
    })
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        let failure = Self::new(Code::Data, error.to_string());
        match error {
            RenderError::Refused(refused) => refused_values(failure, &refused),
            RenderError::Unreadable { source, .. } => failure.facts([format!(
                "line {}, column {}: {}",
                source.line, source.column, source.message
            )]),
            RenderError::Different { .. } => {
                failure.hint("a template may change comments and order, not variables")
            }
            RenderError::TooLarge { .. } => {
                failure.hint("let the service require and set less, or shorter values")
            }
            RenderError::Template { line, column, .. } => {
                let place = line.map(|line| match column {
                    Some(column) => format!("line {line}, column {column}"),
                    None => format!("line {line}"),
                });
                failure.facts(place).hint(TEMPLATE_HINT)
            }
            RenderError::BuiltIn(_) => failure,
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let failure = Self::new(code_of(&error), error.to_string()).facts(error.facts());
        match hint_of(&error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn code_of(error: &RegistryError) -> Code {
    match error {
        RegistryError::Unreachable { .. }
        | RegistryError::Late { .. }
        | RegistryError::Unconfirmed { .. }
        | RegistryError::Refused { .. }
        | RegistryError::Full { .. } => Code::Unreachable,
        RegistryError::Denied { .. } | RegistryError::Credentials { .. } => Code::NotPermitted,
        RegistryError::Configuration(_)
        | RegistryError::Newer { .. }
        | RegistryError::Corrupt { .. } => Code::Configuration,
        RegistryError::Locked { .. } => Code::TryAgain,
        RegistryError::TooLarge { .. } => Code::Data,
        RegistryError::Io { .. } => Code::CannotWrite,
        RegistryError::System { .. } => Code::System,
    }
}

fn hint_of(error: &RegistryError) -> Option<&'static str> {
    Some(match error {
        RegistryError::Unreachable { .. } => {
            "check the endpoints; --registry or RECONF_REGISTRY name others"
        }
        RegistryError::Late { .. } => {
            "give all calls of the command more time: --timeout or RECONF_TIMEOUT"
        }
        RegistryError::Unconfirmed { .. } => "run the same again: it is safe",
        RegistryError::Denied { place, .. } if !place.contains("://") => {
            "run it as root, or as the user to whom that folder belongs"
        }
        RegistryError::Denied { .. } => "the user's role has to cover the federation's keys",
        RegistryError::Credentials { .. } => {
            "check `registry.user` and `registry.password_file`, or cert and key"
        }
        RegistryError::Corrupt { .. } => "move it away: the next announces write a new one",
        RegistryError::Locked { .. } => "try again, or wait longer with --timeout",
        RegistryError::Full { .. } => {
            "on etcd: compact, defragment, perhaps raise `--quota-backend-bytes`, then `etcdctl alarm disarm`"
        }
        RegistryError::TooLarge { .. } => "let the manifest provide shorter values, or fewer",
        RegistryError::Newer { .. } => NEWER_HINT,
        RegistryError::Configuration(_) => "`reconf config` shows where each setting comes from",
        RegistryError::Refused { .. } | RegistryError::Io { .. } | RegistryError::System { .. } => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    #[test]
    fn a_denied_folder_needs_another_user_and_a_denied_prefix_another_role() {
        for (place, hint) in [
            ("/var/lib/reconf/registry/default.json", "run it as root"),
            ("https://etcd1:2379", "the user's role"),
        ] {
            let failure = Failure::from(RegistryError::Denied {
                federation: Id::default_scope(),
                place: place.to_owned(),
                reason: "permission denied".to_owned(),
            });
            let said = failure.to_string();
            assert!(said.contains(&format!("hint: {hint}")), "{said}");
        }
    }
}
