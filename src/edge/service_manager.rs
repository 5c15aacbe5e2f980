//! What systemd is told of this daemon, as `sd_notify(3)` describes it: datagrams to the socket that it names.

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

/// The way to the service manager; without one, nothing is told.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// As the environment names it.
    ///
    /// # Errors
    /// What the system says of a socket that is named and cannot be used.
    pub(crate) fn find() -> io::Result<Self> {
        let socket = match variable("NOTIFY_SOCKET") {
            Some(path) => Some((UnixDatagram::unbound()?, address(&path)?)),
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

    /// How often it wants to hear that this daemon lives; half of the time after which it would restart it.
    pub(crate) fn heartbeat(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// The daemon does its work.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The daemon lives.
    pub(crate) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// The daemon reads its files again; [`ServiceManager::ready`] ends that.
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from);
        let now = now.unwrap_or_default().as_micros();
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// The daemon ends.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// What a person reads in the manager's status.
    pub(crate) fn status(&self, text: &str) {
        self.tell(&format!("STATUS={text}"));
    }

    /// A manager that does not listen is none of the daemon's business.
    fn tell(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            let _unheard = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

/// A path, or with a leading `@` a name of the abstract kind.
fn address(path: &str) -> io::Result<SocketAddr> {
    match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}
