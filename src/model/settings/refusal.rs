//! Errors of settings, by source.

use crate::model::problem::Problems;

/// A bad value of a flag or a variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {reason}")]
pub(crate) struct SettingRefusal {
    /// The flag, the variable or the key.
    pub name: &'static str,
    /// A clause that follows the name.
    pub reason: String,
    /// A hint, if there is one.
    pub hint: Option<String>,
}

impl SettingRefusal {
    /// A refusal without the name of a flag or variable yet.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            name: "",
            reason: reason.into(),
            hint: None,
        }
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the name of the flag or variable.
    pub(super) fn of(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

/// Why the settings could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A bad flag: bad usage.
    #[error("{0}")]
    Usage(SettingRefusal),
    /// A bad environment variable, or a key that does not fit the root: bad configuration.
    #[error("{0}")]
    Variable(SettingRefusal),
    /// A bad `config.json`: bad configuration.
    #[error("{0}")]
    File(Problems),
}
