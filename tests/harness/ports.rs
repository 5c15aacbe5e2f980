//! Ports that stay free until a test binds them, and once what listened there has ended.

use std::{
    net::Ipv4Addr,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use tokio::net::TcpSocket;

/// Below the range from which the kernel takes ports for outgoing connections: those would take a port meanwhile. The ports
/// from 20,000 on are left to the pages, to `script/demo`, and to the cookbook's tests, which run beside these.
const FIRST: u16 = 12_000;
const COUNT: u16 = 8_000;

/// A port that no other test of this process is given, that no outgoing connection takes, and at which nothing listens,
/// at whatever address.
pub(crate) fn fixed_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs at the same time begin at different places.
    let start = process::id() % u32::from(COUNT) * 61 % u32::from(COUNT);
    let start = u16::try_from(start).unwrap_or_default();
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start + next) % COUNT;
        if is_free(port) {
            return port;
        }
    }
}

/// Whether nothing listens at a port. The socket does not listen either: a child that another thread has just forked holds
/// it until it executes its program, and a listening one would be in the way of whoever is given the port.
fn is_free(port: u16) -> bool {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind((Ipv4Addr::UNSPECIFIED, port).into()).is_ok()
}
