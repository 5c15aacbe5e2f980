//! What the machine is called and under which addresses it is seen. Sends nothing: connecting a UDP socket only asks
//! the kernel for a route.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses that are documentation's own (RFC 5737, RFC 3849), so that only the default route leads there.
const NOWHERE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// The port of `discard`; any but 0 serves.
const PORT: u16 = 9;

/// The host's name, as the kernel has it; `None` when it has none or it is not text.
pub(crate) fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    (!name.is_empty()).then_some(name)
}

/// The address of the interface that has the default route, IPv4 before IPv6.
pub(crate) fn default_route_address() -> Option<IpAddr> {
    NOWHERE.into_iter().find_map(address_towards)
}

/// The local address from which `target` is reached; `None` when there is no route, or it is a loopback address, which
/// is of no use to anybody else.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_nobodys_address() {
        assert_eq!(address_towards(Ipv4Addr::LOCALHOST.into()), None);
        assert!(default_route_address().is_none_or(|address| !address.is_loopback()));
    }
}
