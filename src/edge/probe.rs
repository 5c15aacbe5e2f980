//! Health probes of a service on this node: by its port, or by a command.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    files::system_reason,
    locks::deadline_after,
    process::{CommandEnd, ProcessGroup},
};

/// The shortest time in which a connection can be tried.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);

/// Connects to a port of this node, at `host` or at a loopback address.
///
/// # Errors
/// Why nothing accepts the connection, for each address.
pub(crate) fn tcp(host: &str, port: u16, timeout: Duration) -> Result<(), String> {
    let host: Option<IpAddr> = host.parse().ok();
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // The loopback refuses at once, so it comes first.
    let mut reasons = Vec::new();
    for address in loopback.into_iter().chain(host) {
        let address = SocketAddr::new(address, port);
        match TcpStream::connect_timeout(&address, timeout.max(SHORTEST_TIMEOUT)) {
            Ok(_) => return Ok(()),
            Err(error) => reasons.push(format!("{address}: {}", system_reason(&error))),
        }
    }
    Err(reasons.join("; "))
}

/// Runs a command; it is killed after that time, with everything that it started.
///
/// # Errors
/// Why it did not succeed.
pub(crate) fn command(words: &[String], timeout: Duration) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("it is empty".to_owned());
    };
    let started = ProcessGroup::start(
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let failed = |error: &io::Error| format!("cannot run `{program}`: {}", system_reason(error));
    let mut group = started.map_err(|error| failed(&error))?;
    let reason = match group.wait(deadline_after(timeout), None) {
        Ok(CommandEnd::Exited(status)) if status.success() => return Ok(()),
        Ok(CommandEnd::Exited(status)) => return Err(format!("`{program}`: {status}")),
        Ok(_) => format!(
            "`{program}` has not ended after {}",
            humantime::format_duration(timeout)
        ),
        Err(error) => failed(&error),
    };
    group.kill();
    Err(reason)
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
        assert_eq!(tcp("10.0.0.5", address.port(), second), Ok(()));
        // The client's end of a connection has a port that no server can take meanwhile.
        let client = TcpStream::connect(address).unwrap();
        let port = client.local_addr().unwrap().port();
        let reason = tcp("127.0.0.1", port, second).unwrap_err();
        let refused = format!("127.0.0.1:{port}: connection refused");
        assert!(reason.starts_with(&refused), "{reason}");
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
        let short = Duration::from_millis(50);
        for (said, limit, expected) in [
            (&["true"][..], minute, Ok(())),
            (&["false"], minute, Err("`false`: exit status: 1")),
            (
                &["/nowhere/at/all"],
                minute,
                Err("cannot run `/nowhere/at/all`: no such file or directory"),
            ),
            (
                &["sleep", "1000"],
                short,
                Err("`sleep` has not ended after 50ms"),
            ),
        ] {
            let ended = command(&words(said), limit);
            assert_eq!(ended, expected.map_err(str::to_owned), "{said:?}");
        }
    }
}
