//! Servers as others know them: where they are, and which announcements are behind them.

use crate::model::key::Key;

/// A server and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerAddress {
    /// `<region>:<service>:<node>`.
    pub name: String,
    /// An IP address without brackets, or a host name.
    pub host: String,
    /// Where the program listens.
    pub port: u16,
}

/// An announcement behind a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    /// The announcement.
    pub key: Key,
    /// The revision of its key.
    pub revision: i64,
}
