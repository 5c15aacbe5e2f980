//! The connections that HAProxy's old workers still have to servers: those go on after a reload, and no socket tells of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use super::{
    sockets::{self, SocketRow},
    workers::children,
};

/// How many connections the processes of this HAProxy have to each address, the worker that answers apart; none where the
/// caller may not inspect them.
pub(crate) fn old_connections(
    master: u32,
    worker: u32,
    addresses: &BTreeSet<SocketAddr>,
) -> BTreeMap<SocketAddr, u64> {
    if addresses.is_empty() {
        return BTreeMap::new();
    }
    let workers = children(master).into_iter().filter(|pid| *pid != worker);
    connections(workers, addresses)
}

fn connections(
    processes: impl Iterator<Item = u32>,
    addresses: &BTreeSet<SocketAddr>,
) -> BTreeMap<SocketAddr, u64> {
    let owned: BTreeSet<u64> = processes.flat_map(sockets::inodes).collect();
    let is_left = |row: &SocketRow| row.is_established && owned.contains(&row.inode);
    let mut counts = BTreeMap::new();
    for row in sockets::rows().into_iter().filter(is_left) {
        let remote = SocketAddr::new(row.remote.ip().to_canonical(), row.remote.port());
        if addresses.contains(&remote) {
            *counts.entry(remote).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream},
        os::fd::OwnedFd,
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn connections_of_a_process_are_counted_by_their_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connected = TcpStream::connect(address).unwrap();
        let mut child = Command::new("sleep")
            .arg("1000")
            .stdin(Stdio::from(OwnedFd::from(connected)))
            .spawn()
            .unwrap();
        let other = "127.0.0.1:1".parse().unwrap();
        let addresses = [address, other].into();
        let count = |pid| connections([pid].into_iter(), &addresses);
        assert_eq!(count(child.id()), [(address, 1)].into());
        assert_eq!(count(std::process::id()), [].into());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(count(child.id()), [].into());
    }
}
