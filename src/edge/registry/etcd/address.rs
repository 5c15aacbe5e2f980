//! The local address from which an endpoint was reached.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::time;

use crate::edge::net;

/// The name was resolved a moment ago, so a cache answers or nothing does.
const LOOKUP_TIMEOUT: Duration = Duration::from_millis(500);

/// The local address from which the host of `url` is reached.
pub(super) async fn local_address_towards(url: &str) -> Option<IpAddr> {
    let host = host(url)?;
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        return net::address_towards(address);
    }
    let found = time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host, 0)))
        .await
        .ok()?;
    found
        .ok()?
        .map(|address: SocketAddr| address.ip())
        .find_map(net::address_towards)
}

/// The host of `scheme://host:port`, with the brackets of an IPv6 address.
fn host(url: &str) -> Option<&str> {
    let (_, authority) = url.split_once("://")?;
    let authority = authority.split('/').next()?;
    let end = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    Some(&authority[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_in_every_url() {
        for (url, expected) in [
            ("http://10.0.0.1:2379", "10.0.0.1"),
            ("https://etcd1:2379/", "etcd1"),
            ("https://[fd00::1]:2379", "[fd00::1]"),
            ("http://[::1]", "[::1]"),
            ("http://etcd1", "etcd1"),
        ] {
            assert_eq!(host(url), Some(expected), "{url}");
        }
    }
}
