//! Why settings are not usable, and whose mistake it is.

use crate::model::problem::Problems;

/// What is wrong with one flag or variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {reason}")]
pub(crate) struct SettingRefusal {
    /// The flag or the variable.
    pub name: &'static str,
    /// A clause that follows the name.
    pub reason: String,
    /// One next step, if there is one.
    pub hint: Option<String>,
}

impl SettingRefusal {
    /// A refusal of something that is not named yet.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            name: "",
            reason: reason.into(),
            hint: None,
        }
    }

    /// Adds one next step.
    pub(super) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says of which flag or variable it is.
    pub(super) fn of(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

/// Why there are no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A flag is wrong: bad usage.
    #[error("{0}")]
    Usage(SettingRefusal),
    /// A variable of the process environment is wrong: bad configuration.
    #[error("{0}")]
    Variable(SettingRefusal),
    /// `config.json` is wrong: bad configuration.
    #[error("{0}")]
    File(Problems),
}
