//! What a node knows of itself, as `provides` patterns use it (design.md section 3).

use super::{id::Id, name::Name};

/// A node's facts; the federation and the port are the manifest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The node's name.
    pub node: Id,
    /// Its region.
    pub region: Id,
    /// The address at which others reach it, without brackets.
    pub host: String,
}

/// A fact that a pattern can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The node's address, bracketed if it is an IPv6 address.
    Host,
    /// The port at which the program listens.
    Port,
    /// The node's name.
    Node,
    /// The node's region.
    Region,
    /// The manifest's federation.
    Federation,
}

impl Fact {
    /// The fact that a hole names, if it names one: upper case, and `{host}` and `{port}` as the essay writes them.
    pub(crate) fn of(hole: &Name) -> Option<Self> {
        match hole.as_str() {
            "HOST" | "host" => Some(Self::Host),
            "PORT" | "port" => Some(Self::Port),
            "NODE" => Some(Self::Node),
            "REGION" => Some(Self::Region),
            "FEDERATION" => Some(Self::Federation),
            _ => None,
        }
    }
}

impl Facts {
    /// The address as it stands in a URL: RFC 3986 section 3.2.2 brackets IPv6.
    pub(crate) fn bracketed_host(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}
