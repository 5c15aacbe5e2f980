//! Whether HAProxy could bind an address: found out by binding it, for a moment and without listening.

use std::{io, net::SocketAddr};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt},
};

/// What a bind came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindProbe {
    /// It can be bound.
    Free,
    /// A socket of another program is in the way.
    Taken,
    /// No interface has the address.
    NoSuchAddress,
}

/// Binds an address and closes it at once. With `SO_REUSEADDR` alone the kernel refuses whatever listens there, or at all
/// addresses, although HAProxy's own `SO_REUSEPORT` might share the port with it.
///
/// # Errors
/// What the system says, if it refuses for another reason, such as a privileged port.
pub(crate) fn probe(address: SocketAddr) -> io::Result<BindProbe> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = match socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None) {
        Err(Errno::AFNOSUPPORT) => return Ok(BindProbe::NoSuchAddress),
        socket => socket?,
    };
    sockopt::set_socket_reuseaddr(&socket, true)?;
    match bind(&socket, &address) {
        Ok(()) => Ok(BindProbe::Free),
        Err(Errno::ADDRINUSE) => Ok(BindProbe::Taken),
        Err(Errno::ADDRNOTAVAIL) => Ok(BindProbe::NoSuchAddress),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn at(address: &str, port: u16) -> BindProbe {
        probe(SocketAddr::new(address.parse().unwrap(), port)).unwrap()
    }

    #[test]
    fn whatever_listens_is_in_the_way() {
        for holder in ["127.0.0.1", "0.0.0.0", "::"] {
            let Ok(listener) = TcpListener::bind((holder, 0)) else {
                // A machine without IPv6.
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            assert_eq!(at("127.0.0.1", port), BindProbe::Taken, "{holder}");
            drop(listener);
            assert_eq!(at("127.0.0.1", port), BindProbe::Free, "{holder}");
        }
    }

    #[test]
    fn a_listener_that_shares_its_port_is_in_the_way_too() {
        let socket = socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        sockopt::set_socket_reuseaddr(&socket, true).unwrap();
        sockopt::set_socket_reuseport(&socket, true).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        rustix::net::listen(&socket, 1).unwrap();
        let listener = TcpListener::from(socket);
        let port = listener.local_addr().unwrap().port();
        assert_eq!(at("127.0.0.1", port), BindProbe::Taken);
        assert_eq!(at("127.0.0.2", port), BindProbe::Free);
    }

    #[test]
    fn an_outgoing_connection_is_in_the_way_and_a_foreign_address_does_not_exist() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let port = client.local_addr().unwrap().port();
        assert_eq!(at("127.0.0.1", port), BindProbe::Taken);
        assert_eq!(at("192.0.2.77", 21_100), BindProbe::NoSuchAddress);
    }
}
