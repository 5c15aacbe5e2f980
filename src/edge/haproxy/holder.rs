//! Who holds a port, from `/proc`. Only processes that the caller may inspect are found.

use std::{
    fmt, fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    os::unix::ffi::OsStrExt as _,
};

use super::sockets::{self, SocketRow};

/// A socket that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortHolder {
    /// Where it is bound.
    pub address: SocketAddr,
    /// Whether it accepts connections; else it is one end of a connection.
    pub listens: bool,
    /// Whose it is, if the caller may see that.
    pub process: Option<Process>,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub pid: u32,
    /// Its program's name, without unprintable characters.
    pub program: String,
}

impl fmt::Display for PortHolder {
    /// One clause: "`java` (pid 4711) listens on 0.0.0.0:21200".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some(Process { pid, program }) => write!(f, "`{program}` (pid {pid}) ")?,
            None => f.write_str("another program ")?,
        }
        let verb = if self.listens {
            "listens on"
        } else {
            "has a connection from"
        };
        write!(f, "{verb} {}", self.address)
    }
}

/// The socket that keeps others from binding this address, a listening one before an end of a connection.
pub(crate) fn holder(wanted: SocketAddr) -> Option<PortHolder> {
    let rows = sockets::rows().into_iter();
    let mut rows: Vec<SocketRow> = rows.filter(|row| overlaps(row.local, wanted)).collect();
    rows.sort_by_key(|row| !row.listens);
    // Sockets without an inode have been closed by their program.
    let owned = rows.iter().find(|row| row.inode != 0);
    let row = owned.or(rows.first())?;
    Some(PortHolder {
        address: row.local,
        listens: row.listens,
        process: process(row.inode),
    })
}

/// Whether a socket there is in the way of one at `wanted`.
fn overlaps(there: SocketAddr, wanted: SocketAddr) -> bool {
    let (first, second) = (there.ip().to_canonical(), wanted.ip().to_canonical());
    let covers = |wide: IpAddr, narrow: IpAddr| {
        let both = wide == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        wide.is_unspecified() && (both || wide.is_ipv4() == narrow.is_ipv4())
    };
    there.port() == wanted.port()
        && (first == second || covers(first, second) || covers(second, first))
}

fn process(inode: u64) -> Option<Process> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut pids = pids.filter(|pid: &u32| inode != 0 && sockets::inodes(*pid).contains(&inode));
    let pid = pids.next()?;
    Some(Process {
        pid,
        program: program(pid),
    })
}

/// A program's name: anybody can choose it.
pub(super) fn program(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = String::from_utf8_lossy(name.trim_ascii_end());
    let printable = name.chars().filter(|c| !c.is_control() && *c != '`');
    printable.collect()
}

/// The arguments of a process, one string each.
pub(super) fn arguments(pid: u32) -> Vec<std::ffi::OsString> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0);
    words
        .map(|word| std::ffi::OsStr::from_bytes(word).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_program_that_listens_is_named() {
        for (bound, asked) in [
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("127.0.0.1", "0.0.0.0"),
            ("::", "127.0.0.1"),
            ("::1", "::1"),
        ] {
            let Ok(listener) = TcpListener::bind((bound, 0)) else {
                continue;
            };
            let local = listener.local_addr().unwrap();
            let asked = SocketAddr::new(asked.parse().unwrap(), local.port());
            let holder = holder(asked).unwrap();
            assert_eq!(holder.address, local);
            let pid = std::process::id();
            let program = program(pid);
            assert_eq!(
                holder.to_string(),
                format!("`{program}` (pid {pid}) listens on {local}")
            );
        }
    }

    #[test]
    fn one_end_of_a_connection_is_found_and_other_addresses_are_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let local = client.local_addr().unwrap();
        let held = holder(local).unwrap();
        assert!(!held.listens);
        assert!(
            held.to_string()
                .ends_with(&format!("has a connection from {local}"))
        );
        let other = SocketAddr::new("127.0.0.9".parse().unwrap(), local.port());
        assert_eq!(holder(other), None);
    }
}
