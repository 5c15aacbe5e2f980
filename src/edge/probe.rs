//! Health probes of a service on this node: by its port, or by a command.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    locks::deadline_after,
    process::{CommandEnd, ProcessGroup},
};

/// The shortest time in which a connection can be tried.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);

/// Whether something accepts connections on a port of this node, at `host` or at a loopback address.
pub(crate) fn tcp(host: &str, port: u16, timeout: Duration) -> bool {
    let host: Option<IpAddr> = host.parse().ok();
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // The loopback refuses at once, so it comes first.
    let mut addresses = loopback.into_iter().chain(host);
    addresses.any(|address| {
        let address = SocketAddr::new(address, port);
        TcpStream::connect_timeout(&address, timeout.max(SHORTEST_TIMEOUT)).is_ok()
    })
}

/// Whether a command succeeds in that time; it is killed after it, with everything that it started.
pub(crate) fn command(words: &[String], timeout: Duration) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let started = ProcessGroup::start(
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let Ok(mut group) = started else { return false };
    if let Ok(CommandEnd::Exited(status)) = group.wait(deadline_after(timeout), None) {
        return status.success();
    }
    group.kill();
    false
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_answers_while_a_server_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let second = Duration::from_secs(1);
        assert!(tcp("10.0.0.5", address.port(), second));
        // The client's end of a connection has a port that no server can take meanwhile.
        let client = TcpStream::connect(address).unwrap();
        let port = client.local_addr().unwrap().port();
        assert!(!tcp("127.0.0.1", port, second));
    }

    #[test]
    fn a_command_that_hangs_is_ended_and_fails() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let minute = Duration::from_secs(60);
        assert!(command(&words(&["true"]), minute));
        assert!(!command(&words(&["false"]), minute));
        assert!(!command(&words(&["/nowhere/at/all"]), minute));
        assert!(!command(
            &words(&["sleep", "1000"]),
            Duration::from_millis(50)
        ));
    }
}
