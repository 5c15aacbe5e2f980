//! Notifies systemd of this daemon's state with datagrams, as `sd_notify(3)` describes them.

use std::{
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};

use super::process_environment::variable;

/// How long a notification may wait for room in the manager's queue.
const SEND_TIMEOUT: Duration = Duration::from_millis(100);

/// The service manager's socket; without one, notifications are dropped.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Finds the socket that the environment names.
    ///
    /// # Errors
    /// What the system says if that socket cannot be used.
    pub(crate) fn find() -> io::Result<Self> {
        let socket = match variable("NOTIFY_SOCKET") {
            Some(path) => {
                let socket = UnixDatagram::unbound()?;
                // A manager that does not listen for a while must not stop the daemon.
                socket.set_write_timeout(Some(SEND_TIMEOUT))?;
                Some((socket, address(&path)?))
            }
            None => None,
        };
        let ours = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let time = variable("WATCHDOG_USEC").and_then(|text| text.parse().ok());
        let watchdog = time.filter(|_| ours && socket.is_some());
        Ok(Self {
            socket,
            watchdog: watchdog.map(Duration::from_micros),
        })
    }

    /// How often to send [`ServiceManager::alive`]: half of the time after which systemd restarts the daemon.
    pub(crate) fn heartbeat(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// Reports that the daemon is ready.
    pub(crate) fn ready(&self) {
        self.send("READY=1");
    }

    /// Resets the watchdog.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    /// Reports that the daemon reads its files again; [`ServiceManager::ready`] ends that.
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from);
        let now = now.unwrap_or_default().as_micros();
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// Reports that the daemon is shutting down.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// Sets the text that `systemctl status` shows.
    pub(crate) fn status(&self, text: &str) {
        self.send(&format!("STATUS={text}"));
    }

    /// Errors are ignored: the daemon works without a manager.
    fn send(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ignored = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

/// The address of a path, or of an abstract name after a leading `@`.
fn address(path: &str) -> io::Result<SocketAddr> {
    match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}
