//! The stamp of the last provision: the content of `/var/lib/reconf/provision.json`.

use serde::{Deserialize, Serialize};

/// The last provision of this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// When it started (RFC 3339, UTC).
    pub started: String,
    /// Why.
    pub reasons: Vec<String>,
    /// When it ended (RFC 3339, UTC); nothing while it runs, and if nobody saw its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// What its command ended with, as a shell tells it: 128 and the signal's number for one that was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// How many provisions in a row had failed when it ended.
    #[serde(default)]
    pub failures: u32,
    /// When the last one that succeeded started (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<String>,
}

impl Stamp {
    /// One that starts after this.
    #[must_use]
    pub(crate) fn next(&self, started: String, reasons: Vec<String>) -> Self {
        Self {
            started,
            reasons,
            ended: None,
            exit: None,
            failures: self.failures,
            succeeded: self.succeeded.clone(),
        }
    }

    /// Its command ended.
    pub(crate) fn end(&mut self, ended: String, exit: u8) {
        self.ended = Some(ended);
        self.exit = Some(exit);
        if exit == 0 {
            self.failures = 0;
            self.succeeded = Some(self.started.clone());
        } else {
            self.failures = self.failures.saturating_add(1);
        }
    }
}
