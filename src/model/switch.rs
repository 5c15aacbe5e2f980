//! The listener's switch: the content of `/var/lib/reconf/listen.json`.

use serde::{Deserialize, Serialize};

/// Whether the listener may start provisions, as an operator decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSwitch {
    /// Whether provisions may start.
    pub on: bool,
    /// When it was last turned (RFC 3339, UTC); nothing if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When an `off` expires (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why it is off, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often it was turned or a provision was requested: a new number is a new request.
    #[serde(rename = "asked", default)]
    pub requests: u64,
}

impl Default for StoredSwitch {
    fn default() -> Self {
        Self {
            on: true,
            since: None,
            until: None,
            reason: None,
            requests: 0,
        }
    }
}
