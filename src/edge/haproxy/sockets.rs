//! The kernel's table of TCP sockets, and whose they are.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// A row of the table.
pub(super) struct SocketRow {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    /// Whether it accepts connections.
    pub(super) listens: bool,
    /// Whether it is one end of a connection on which both sides may send.
    pub(super) is_established: bool,
    /// 0 for one that its program has closed.
    pub(super) inode: u64,
}

/// All sockets of this network namespace.
pub(super) fn rows() -> Vec<SocketRow> {
    let texts = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let texts = texts.into_iter().flatten();
    texts
        .flat_map(|text| text.lines().filter_map(row).collect::<Vec<_>>())
        .collect()
}

/// The inodes of the sockets that a process has open; none if the caller may not inspect it.
pub(super) fn inodes(pid: u32) -> Vec<u64> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter();
    let targets = descriptors
        .flatten()
        .flatten()
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
    let inode = |target: &str| {
        target
            .strip_prefix("socket:[")?
            .strip_suffix(']')?
            .parse()
            .ok()
    };
    targets
        .filter_map(|target| inode(target.to_str()?))
        .collect()
}

fn row(line: &str) -> Option<SocketRow> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    Some(SocketRow {
        local: socket(fields.get(1)?)?,
        remote: socket(fields.get(2)?)?,
        listens: *fields.get(3)? == "0A",
        is_established: *fields.get(3)? == "01",
        inode: fields.get(9)?.parse().ok()?,
    })
}

fn socket(field: &str) -> Option<SocketAddr> {
    let (address, port) = field.split_once(':')?;
    Some(SocketAddr::new(
        ip(address)?,
        u16::from_str_radix(port, 16).ok()?,
    ))
}

/// An address of the table: words of 32 bits, each in the machine's byte order.
fn ip(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    if text.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
    let bytes: [u8; 16] = words.try_into().ok()?;
    Some(Ipv6Addr::from(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_table_are_in_the_byte_order_of_the_machine() {
        let v4 = u32::from_ne_bytes([127, 0, 0, 1]);
        assert_eq!(ip(&format!("{v4:08X}")), Some("127.0.0.1".parse().unwrap()));
        let last = u32::from_ne_bytes([0, 0, 0, 1]);
        let v6 = format!("{:024}{last:08X}", 0);
        assert_eq!(ip(&v6), Some("::1".parse().unwrap()));
        assert_eq!(ip("12"), None);
    }
}
