//! Addresses in the words of `bind`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What a `bind` listens at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BoundAddress {
    /// An address and a port; all IPv4 addresses where `bind` names none.
    Socket(SocketAddr),
    /// Anything else, such as a path or a range of ports.
    Other(String),
}

/// The addresses of a `bind`, whose first word lists them.
pub(crate) fn bound_addresses(bind: &str) -> Vec<BoundAddress> {
    let first = bind.split_ascii_whitespace().next().unwrap_or_default();
    first.split(',').map(bound_address).collect()
}

fn bound_address(word: &str) -> BoundAddress {
    let bare = word
        .strip_prefix("ipv4@")
        .or(word.strip_prefix("ipv6@"))
        .unwrap_or(word);
    let socket = bare.rsplit_once(':').and_then(|(host, port)| {
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        let ip = match host {
            "" | "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            host => host.parse().ok()?,
        };
        Some(SocketAddr::new(ip, port.parse().ok()?))
    });
    socket.map_or_else(
        || BoundAddress::Other(word.to_owned()),
        BoundAddress::Socket,
    )
}
