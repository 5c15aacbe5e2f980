//! The facts of a node that `provides` patterns can name (design.md section 3).

use std::net::IpAddr;

use super::{id::Id, name::Name};

/// A node's facts; federation and port come from the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The node's name.
    pub node: Id,
    /// Its region.
    pub region: Id,
    /// The address at which other nodes reach it, without brackets.
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
    /// The fact that a hole names, if any. `host` and `port` may be in lower case.
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
    /// Whether the address leads every machine to itself.
    pub(crate) fn is_loopback(&self) -> bool {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return address.to_canonical().is_loopback();
        }
        let name = self.host.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost")
    }

    /// The address as URLs write it: with brackets around an IPv6 address (RFC 3986 section 3.2.2).
    pub(crate) fn bracketed_host(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_lead_every_machine_to_itself() {
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("localhost", true),
            ("Web.LOCALHOST.", true),
            ("10.0.0.5", false),
            ("fe80::1", false),
            ("web01", false),
            ("mylocalhost", false),
        ] {
            let facts = Facts {
                node: Id::default_scope(),
                region: Id::default_scope(),
                host: host.to_owned(),
            };
            assert_eq!(facts.is_loopback(), expected, "{host}");
        }
    }

    #[test]
    fn only_ipv6_addresses_get_brackets() {
        for (host, expected) in [
            ("10.0.0.1", "10.0.0.1"),
            ("web01.example", "web01.example"),
            ("fe80::1", "[fe80::1]"),
            ("[fe80::1]", "[fe80::1]"),
        ] {
            let facts = Facts {
                node: Id::parse("web01").unwrap(),
                region: Id::default_scope(),
                host: host.to_owned(),
            };
            assert_eq!(facts.bracketed_host(), expected);
        }
    }
}
