//! The stamp of the last provision: the content of `/var/lib/reconf/provision.json`.

use serde::{Deserialize, Serialize};

/// The last provision of this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// When it started (RFC 3339, UTC).
    pub started: String,
    /// Why it started.
    pub reasons: Vec<String>,
    /// The process of its command; nothing until that has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<CommandProcess>,
    /// When it ended (RFC 3339, UTC); nothing while it runs, and if its supervisor was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// The exit code of its command as a shell reports it: 128 plus the signal's number for a killed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// How many provisions in a row had failed by its end.
    #[serde(default)]
    pub failures: u32,
    /// When the last successful one started (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<String>,
}

/// A process, distinguished from every other one that has or had its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommandProcess {
    /// Its id.
    pub pid: u32,
    /// When it started, in clock ticks since the boot.
    pub start: u64,
    /// The id of that boot.
    pub boot: String,
}

impl Stamp {
    /// The process of a command whose end is not recorded.
    pub(crate) fn unended(&self) -> Option<&CommandProcess> {
        self.process.as_ref().filter(|_| self.ended.is_none())
    }

    /// The stamp of the next provision.
    #[must_use]
    pub(crate) fn next(&self, started: String, reasons: Vec<String>) -> Self {
        Self {
            started,
            reasons,
            process: None,
            ended: None,
            exit: None,
            failures: self.failures,
            succeeded: self.succeeded.clone(),
        }
    }

    /// Records the end of its command.
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
