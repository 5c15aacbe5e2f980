//! Asking a service of this node whether it is well: by its port, or by a command.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// How often is looked whether a command has ended.
const STEP: Duration = Duration::from_millis(10);

/// Whether something answers on a port of this node, at `host` or at a loopback address.
pub(crate) fn tcp(host: &str, port: u16, timeout: Duration) -> bool {
    let host: Option<IpAddr> = host.parse().ok();
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // Nobody is refused at the loopback slowly, so it comes first.
    let mut addresses = loopback.into_iter().chain(host);
    addresses.any(|address| {
        let address = SocketAddr::new(address, port);
        TcpStream::connect_timeout(&address, timeout.max(STEP)).is_ok()
    })
}

/// Whether a command succeeds in that time; it is ended after it, with all that it started.
pub(crate) fn command(words: &[String], timeout: Duration) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let Ok(mut child) = started else { return false };
    let start = Instant::now();
    while start.elapsed() < timeout {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(STEP),
            Err(_) => return false,
        }
    }
    end(&mut child);
    false
}

fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // One that has ended meanwhile is gone.
        let _gone = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _collected = child.wait();
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_answers_while_somebody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let second = Duration::from_secs(1);
        assert!(tcp("10.0.0.5", port, second));
        drop(listener);
        assert!(!tcp("127.0.0.1", port, second));
    }

    #[test]
    fn a_command_that_hangs_fails_in_time() {
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
        let start = Instant::now();
        assert!(!command(
            &words(&["sleep", "1000"]),
            Duration::from_millis(50)
        ));
        assert!(start.elapsed() < minute);
    }
}
