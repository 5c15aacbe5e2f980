//! Where settings come from.

use std::{collections::BTreeMap, fmt};

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of this call.
    Flag(&'static str),
    /// A variable of the process environment.
    Variable(&'static str),
    /// `config.json`.
    File,
    /// Nothing sets it.
    Default,
    /// Detected on this machine; the text says from what.
    Detected(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File => f.write_str("config.json"),
            Self::Default => f.write_str("default"),
            Self::Detected(from) => f.write_str(from),
        }
    }
}

/// The origin of each key that `reconf config` lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins(BTreeMap<&'static str, Origin>);

impl Origins {
    /// The origin of a key; the default if none was recorded.
    pub(crate) fn get(&self, key: &str) -> Origin {
        self.0.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Records where the value of a key comes from.
    pub(super) fn record(&mut self, key: &'static str, origin: Origin) {
        self.0.insert(key, origin);
    }

    /// Records that a value comes from `config.json`, or from nowhere if there is none, and returns it.
    pub(super) fn file_value<T>(&mut self, key: &'static str, value: Option<T>) -> Option<T> {
        let origin = match value {
            Some(_) => Origin::File,
            None => Origin::Default,
        };
        self.record(key, origin);
        value
    }

    /// How many keys have an origin.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
