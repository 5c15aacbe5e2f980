//! Errors of registry calls. They carry no exit codes and never hold a password.

use crate::model::id::Id;

/// The longest URL that the reasons of others are aligned with.
const MOST_PADDED: usize = 100;

/// Why a registry call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistryError {
    /// No endpoint answered, and nothing was written.
    #[error("cannot reach the registry")]
    Unreachable {
        /// Each endpoint's URL, and why it cannot be used.
        endpoints: Vec<(String, String)>,
    },
    /// An endpoint has answered before, and then not in the time for all calls together; nothing was written.
    #[error("the registry answered, but not everything in time")]
    Late {
        /// Each endpoint's URL, and why it cannot be used.
        endpoints: Vec<(String, String)>,
    },
    /// A write was sent and not confirmed, so it may have happened.
    #[error("the registry did not confirm a write, which may have happened")]
    Unconfirmed {
        /// The endpoint that it was sent to.
        endpoint: String,
        /// Why there is no confirmation.
        reason: String,
    },
    /// This node has no permission.
    #[error("the registry denies access to federation `{federation}`")]
    Denied {
        /// The federation that was asked for.
        federation: Id,
        /// The endpoint or file that denied it.
        place: String,
        /// Its reason.
        reason: String,
    },
    /// User or password are missing or wrong.
    #[error("the registry does not accept this node's credentials")]
    Credentials {
        /// The endpoint that rejected them.
        endpoint: String,
        /// Its reason.
        reason: String,
    },
    /// The settings, or a file that they name, cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// The registry refused, for a reason that a retry does not change.
    #[error("the registry refuses the request")]
    Refused {
        /// The endpoint or file.
        place: String,
        /// Its reason.
        reason: String,
    },
    /// The registry's storage is full: it answers reads and takes no writes until somebody makes room.
    #[error("the registry is full: it takes no writes")]
    Full {
        /// The endpoint.
        place: String,
        /// Its reason.
        reason: String,
    },
    /// The request exceeds the registry's size limit; nothing was written.
    #[error("this is too large for the registry")]
    TooLarge {
        /// The endpoint.
        place: String,
        /// Its reason.
        reason: String,
    },
    /// A file of the embedded registry was written by a newer reconf.
    #[error("`{path}` was written by a newer reconf (version {version})")]
    Newer {
        /// The file.
        path: String,
        /// The version in it.
        version: u64,
    },
    /// A file of the embedded registry is corrupt or not reconf's; it is left unchanged.
    #[error("`{path}` is not a registry that reconf wrote")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// Another process held the embedded registry's lock for the whole wait.
    #[error("another process holds `{path}`")]
    Locked {
        /// The lock.
        path: String,
        /// How long the wait was.
        reason: String,
    },
    /// The file system failed.
    #[error("cannot {action} `{path}`")]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// The system has no resources left for the calls themselves.
    #[error("cannot {action}")]
    System {
        /// The operation, as a verb with its object.
        action: &'static str,
        /// The system's reason.
        reason: String,
    },
}

impl RegistryError {
    /// The lines that follow the message: what failed, two or more blanks, the reason.
    pub(crate) fn facts(&self) -> Vec<String> {
        let pair = |what: &str, why: &str| vec![format!("{what}   {why}")];
        match self {
            Self::Unreachable { endpoints } | Self::Late { endpoints } => {
                let widest = endpoints.iter().map(|(url, _)| url.len()).max();
                let width = widest.unwrap_or(0).min(MOST_PADDED);
                let line = |(url, why): &(String, String)| format!("{url:width$}   {why}");
                endpoints.iter().map(line).collect()
            }
            Self::Unconfirmed { endpoint, reason } | Self::Credentials { endpoint, reason } => {
                pair(endpoint, reason)
            }
            Self::Denied { place, reason, .. }
            | Self::Refused { place, reason }
            | Self::Full { place, reason }
            | Self::TooLarge { place, reason } => pair(place, reason),
            Self::Corrupt { reason, .. }
            | Self::Locked { reason, .. }
            | Self::Io { reason, .. }
            | Self::System { reason, .. } => vec![reason.clone()],
            Self::Configuration(_) | Self::Newer { .. } => Vec::new(),
        }
    }

    /// Whether a write may have happened, or may happen at a later try. All other errors refuse it for certain.
    pub(crate) fn is_open(&self) -> bool {
        self.is_unreachable() || matches!(self, Self::Refused { .. } | Self::Full { .. })
    }

    /// Whether the registry is unavailable, rather than refusing; last known values may then be used.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Late { .. } | Self::Unconfirmed { .. }
        )
    }
}
