//! The machine's host name and addresses. Sends nothing: connecting a UDP socket only asks the kernel for a route.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// Addresses reserved for documentation (RFC 5737, RFC 3849), which only the default route can lead to.
const DOCUMENTATION_ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// The `discard` port; any port but 0 would do.
const PORT: u16 = 9;

/// The kernel's host name; `None` when it is empty or not UTF-8.
pub(crate) fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    (!name.is_empty()).then_some(name)
}

/// The address of the interface that has the default route, IPv4 before IPv6.
pub(crate) fn default_route_address() -> Option<IpAddr> {
    DOCUMENTATION_ADDRESSES
        .into_iter()
        .find_map(address_towards)
}

/// The local address from which `target` is reached; `None` when there is no route, or when it is a loopback address,
/// which no other machine can use.
pub(crate) fn address_towards(target: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match target {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(target, PORT)).ok()?;
    let local = socket.local_addr().ok()?.ip();
    (!local.is_loopback() && !local.is_unspecified()).then_some(local)
}

/// The first and the last of the ports that the kernel gives to outgoing connections, where it says so.
pub(crate) fn outgoing_ports() -> Option<(u16, u16)> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    Some((first.parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_address_is_not_used() {
        assert_eq!(address_towards(Ipv4Addr::LOCALHOST.into()), None);
        assert!(default_route_address().is_none_or(|address| !address.is_loopback()));
    }
}
