//! Values by the ports of this node's local balancer (design.md section 12, `render`).

use std::net::{IpAddr, SocketAddr};

use super::{
    announcement::Announcement,
    balancing::PortNames,
    id::Id,
    name::Name,
    pattern::{Pattern, Piece},
};

/// The schemes of values whose certificates name the host, so that `127.0.0.1` cannot stand in for it.
const NAMED_BY_CERTIFICATES: [&str; 6] = ["https", "wss", "ldaps", "rediss", "amqps", "mqtts"];

/// The names that a node's local balancer serves, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocalPorts {
    /// The address that confs say; `None`: nothing is served.
    pub address: Option<IpAddr>,
    /// The names that are served at each port.
    pub served: PortNames,
}

impl LocalPorts {
    /// The value of an announcement by its local port, with that port; `None` if it is direct.
    pub(crate) fn value(
        &self,
        federation: &Id,
        name: &Name,
        announcement: &Announcement,
    ) -> Option<(String, u16)> {
        let (address, port) = (self.address?, announcement.local_port?);
        let names = self.served.get(&port)?.get(federation)?;
        if !names.contains(name) {
            return None;
        }
        let pattern = Pattern::parse(&announcement.pattern).ok()?;
        let value = local_form(&pattern, SocketAddr::new(address, port))?;
        Some((value, port))
    }
}

/// Whether values of an announcement's pattern can be those of a local port.
pub(crate) fn has_local_form(pattern: &Pattern) -> bool {
    let has = |hole: &str| pattern.holes().any(|name| name.as_str() == hole);
    let is_known = |name: &Name| matches!(name.as_str(), "HOST" | "PORT");
    has("HOST") && has("PORT") && pattern.holes().all(is_known) && !names_its_host(pattern)
}

/// The pattern filled with a local port.
fn local_form(pattern: &Pattern, at: SocketAddr) -> Option<String> {
    if !has_local_form(pattern) {
        return None;
    }
    let host = match at.ip() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let port = at.port().to_string();
    let value = pattern.fill(|hole| match hole.name.as_str() {
        "HOST" => Some(hole.filter.apply(&host)),
        "PORT" => Some(hole.filter.apply(&port)),
        _ => None,
    });
    value.ok()
}

/// Whether any URL of the pattern has a scheme whose certificates name the host.
fn names_its_host(pattern: &Pattern) -> bool {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    pattern.pieces().iter().any(|piece| match piece {
        Piece::Text(text) => text.match_indices("://").any(|(at, _)| {
            let before = &text[..at];
            let scheme = &before[before.trim_end_matches(in_scheme).len()..];
            let mut named = NAMED_BY_CERTIFICATES.iter();
            named.any(|tls| scheme.eq_ignore_ascii_case(tls))
        }),
        Piece::Hole(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn ports(address: &str, names: &[(u16, &str, &str)]) -> LocalPorts {
        let mut served = PortNames::new();
        for (port, federation, name) in names {
            let federations = served.entry(*port).or_default();
            let names = federations
                .entry(Id::parse(federation).unwrap())
                .or_default();
            names.insert(Name::parse(name).unwrap());
        }
        LocalPorts {
            address: address.parse().ok(),
            served,
        }
    }

    #[test]
    fn only_patterns_with_host_and_port_and_without_a_certificate_have_a_local_form() {
        for (pattern, expected) in [
            (
                "http://{HOST}:{PORT}/mount",
                Some("http://127.0.0.1:21100/mount"),
            ),
            ("{HOST}:{PORT}", Some("127.0.0.1:21100")),
            (
                "tcp://u:p@{HOST}:{PORT}?x={{y}}",
                Some("tcp://u:p@127.0.0.1:21100?x={y}"),
            ),
            ("{PORT}@{HOST},{HOST}", Some("21100@127.0.0.1,127.0.0.1")),
            (
                "https-like://{HOST}:{PORT}",
                Some("https-like://127.0.0.1:21100"),
            ),
            ("https.{HOST}:{PORT}", Some("https.127.0.0.1:21100")),
            ("http://{HOST}", None),
            ("{PORT}", None),
            ("http://10.0.0.1:1100", None),
            ("https://{HOST}:{PORT}", None),
            ("HTTPS://{HOST}:{PORT}", None),
            ("http://{HOST}:{PORT},https://{HOST}:{PORT}", None),
            ("jdbc:https://{HOST}:{PORT}", None),
            ("http://{HOST}:{PORT}/{OTHER}", None),
            ("http://{HOST}:{PORT", None),
        ] {
            let announcement = Announcement {
                pattern: pattern.to_owned(),
                local_port: Some(21100),
                ..sample::announcement("x")
            };
            let ports = ports("127.0.0.1", &[(21100, "f", "API_URL")]);
            let key = sample::key("f", "API_URL");
            let value = ports.value(&key.federation, &key.name, &announcement);
            let expected = expected.map(|value| (value.to_owned(), 21100));
            assert_eq!(value, expected, "{pattern}");
        }
    }

    #[test]
    fn a_certificate_names_the_host_in_these_schemes() {
        for scheme in ["https", "wss", "ldaps", "rediss", "amqps", "mqtts", "http"] {
            let pattern = Pattern::parse(&format!("{scheme}://{{HOST}}:{{PORT}}")).unwrap();
            assert_eq!(has_local_form(&pattern), scheme == "http", "{scheme}");
        }
    }

    #[test]
    fn a_name_is_served_at_the_port_that_its_announcement_names_and_nowhere_else() {
        let served = [(21100, "f", "API_URL"), (21200, "g", "WWW_URL")];
        for (address, federation, name, port, expected) in [
            (
                "127.0.0.1",
                "f",
                "API_URL",
                Some(21100),
                Some("127.0.0.1:21100"),
            ),
            (
                "fd00::1",
                "f",
                "API_URL",
                Some(21100),
                Some("[fd00::1]:21100"),
            ),
            ("none", "f", "API_URL", Some(21100), None),
            ("127.0.0.1", "g", "API_URL", Some(21100), None),
            ("127.0.0.1", "f", "OTHER_URL", Some(21100), None),
            ("127.0.0.1", "f", "API_URL", Some(21200), None),
            ("127.0.0.1", "f", "API_URL", Some(21300), None),
            ("127.0.0.1", "f", "API_URL", None, None),
            (
                "127.0.0.1",
                "g",
                "WWW_URL",
                Some(21200),
                Some("127.0.0.1:21200"),
            ),
        ] {
            let announcement = Announcement {
                pattern: "{HOST}:{PORT}".to_owned(),
                local_port: port,
                ..sample::announcement("x")
            };
            let key = sample::key(federation, name);
            let value = ports(address, &served).value(&key.federation, &key.name, &announcement);
            let value = value.map(|(value, _)| value);
            assert_eq!(value.as_deref(), expected, "{address} {key:?} {port:?}");
        }
    }
}
