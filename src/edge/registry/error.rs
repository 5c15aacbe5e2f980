//! Why the registry could not be used. Knows no exit codes, and never holds a password.

use crate::model::id::Id;

/// Why a registry call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistryError {
    /// No endpoint answered, and nothing was written.
    #[error("cannot reach the registry")]
    Unreachable {
        /// Each endpoint's URL, and why it is of no use, in plain words.
        endpoints: Vec<(String, String)>,
    },
    /// A write was sent and not confirmed: it may have happened.
    #[error("the registry did not confirm a write, which may have happened")]
    Unconfirmed {
        /// The endpoint that it was sent to.
        endpoint: String,
        /// Why there is no confirmation, in plain words.
        reason: String,
    },
    /// This node may not do that.
    #[error("the registry denies access to federation `{federation}`")]
    Denied {
        /// The federation that was asked for.
        federation: Id,
        /// The endpoint or file that said so.
        place: String,
        /// What it said.
        reason: String,
    },
    /// User or password are missing or wrong.
    #[error("the registry does not accept this node's credentials")]
    Credentials {
        /// The endpoint that said so.
        endpoint: String,
        /// What it said.
        reason: String,
    },
    /// The settings, or a file that they name, are not usable.
    #[error("{0}")]
    Configuration(String),
    /// The registry answered, and would not do it, for a reason that trying again does not mend.
    #[error("the registry refuses the request")]
    Refused {
        /// The endpoint or file.
        place: String,
        /// What it said.
        reason: String,
    },
    /// The registry answered that it takes less at once; nothing was written.
    #[error("this is too large for the registry")]
    TooLarge {
        /// The endpoint.
        place: String,
        /// What it said.
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
    /// A file of the embedded registry is not what reconf writes; it is left as it is.
    #[error("`{path}` is not a registry that reconf wrote")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// Another process held the embedded registry's lock all the time.
    #[error("another process holds `{path}`")]
    Locked {
        /// The lock.
        path: String,
        /// For how long it was waited for.
        reason: String,
    },
    /// The disk failed.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried: one verb.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl RegistryError {
    /// The lines that follow the message, for a person to act on: what, two or more blanks, why.
    pub(crate) fn facts(&self) -> Vec<String> {
        let pair = |what: &str, why: &str| vec![format!("{what}   {why}")];
        match self {
            Self::Unreachable { endpoints } => {
                let width = endpoints
                    .iter()
                    .map(|(url, _)| url.len())
                    .max()
                    .unwrap_or(0);
                let line = |(url, why): &(String, String)| format!("{url:width$}   {why}");
                endpoints.iter().map(line).collect()
            }
            Self::Unconfirmed { endpoint, reason } | Self::Credentials { endpoint, reason } => {
                pair(endpoint, reason)
            }
            Self::Denied { place, reason, .. }
            | Self::Refused { place, reason }
            | Self::TooLarge { place, reason } => pair(place, reason),
            Self::Corrupt { reason, .. }
            | Self::Locked { reason, .. }
            | Self::Io { reason, .. } => vec![reason.clone()],
            Self::Configuration(_) | Self::Newer { .. } => Vec::new(),
        }
    }

    /// Whether the registry is away, rather than answering with a refusal; so what was read before may stand in.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unconfirmed { .. })
    }
}
