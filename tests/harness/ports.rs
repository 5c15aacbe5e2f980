//! Ports that stay free until a test binds them, and once what listened there has ended.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

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
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}
