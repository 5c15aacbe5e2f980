//! The content of `/var/lib/reconf/balance.json`: what the last run has put in use (design.md section 12). No value of an
//! announcement is in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::{
    applied::AppliedRecord,
    balancing::{HealthRequest, Mode, PortNames},
    id::Id,
    local_form::LocalPorts,
    name::Name,
};

/// What is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BalanceState {
    /// How the HAProxy that is in use was set up; `None`: none is, or an older reconf set it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub haproxy: Option<InstalledHaproxy>,
    /// The shape of the file that HAProxy was proved to use.
    pub shape: Option<String>,
    /// The addresses of the open ports; the first is what confs say.
    pub addresses: Vec<IpAddr>,
    /// The open ports.
    pub ports: BTreeMap<u16, OpenPort>,
    /// The manifests of this node, as they were last read.
    pub manifests: BTreeMap<Id, KnownManifest>,
    /// The announcements that were in rotation or expired, by their key.
    pub instances: BTreeMap<String, KnownInstance>,
    /// Servers that were put away, `pool/server`, and that HAProxy has still, or whose connections an old worker has.
    pub parked: BTreeMap<String, ParkedServer>,
    /// Servers, `pool/server`, that the run under way adds or puts away: in maintenance they are ours, not a person's.
    pub noted: BTreeSet<String>,
    /// The worker that a run has begun to replace by a reload; `None` once HAProxy was proved to run the new file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reloading: Option<u32>,
    /// What a person has said of switching local balancing off, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<SwitchedOff>,
    /// What this node has published below `applied/<node>/@balance/`, by key.
    #[serde(rename = "told")]
    pub published: BTreeMap<String, AppliedRecord>,
    /// Whether that has yet to be published.
    pub owed: bool,
}

impl BalanceState {
    /// Whether a person has switched local balancing off, at this time.
    pub(crate) fn is_off_at(&self, now: SystemTime) -> bool {
        self.off.as_ref().is_some_and(|off| off.is_in_force(now))
    }

    /// What the local balancer serves at this time; nothing while it is switched off.
    pub(crate) fn local_ports(&self, now: SystemTime) -> LocalPorts {
        if self.is_off_at(now) {
            return LocalPorts::default();
        }
        let ports = self.ports.iter();
        LocalPorts {
            address: self.addresses.first().copied(),
            served: ports
                .filter(|(_, open)| !open.served.is_empty())
                .map(|(port, open)| (*port, open.served.clone()))
                .collect(),
        }
    }

    /// What a person has said of switching local balancing off, if it is at this time.
    pub(crate) fn off_at(self, now: SystemTime) -> Option<SwitchedOff> {
        let is_off = self.is_off_at(now);
        self.off.filter(|_| is_off)
    }

    /// Notes names that confs had by ports, and that none has any more at this time.
    pub(crate) fn note_ended(&mut self, ended: &PortNames, now: &str) {
        for (port, federations) in ended {
            let used = &mut self.ports.entry(*port).or_default().used;
            for (federation, names) in federations {
                let used = used.entry(federation.clone()).or_default();
                used.extend(
                    names
                        .iter()
                        .map(|name| (name.clone(), Some(now.to_owned()))),
                );
            }
        }
    }

    /// Whether it says anything but the switch: a configuration without balancers has that to end.
    pub(crate) fn has_to_be_ended(&self) -> bool {
        let switch = Self {
            off: self.off.clone(),
            ..Self::default()
        };
        *self != switch
    }
}

/// How a HAProxy was set up, in the words of `config.json`: what runs is ended in the same way, whatever that says by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct InstalledHaproxy {
    /// Its file; like the socket, below `--root`.
    pub output: PathBuf,
    /// Its runtime socket.
    pub socket: PathBuf,
    /// Proves a candidate.
    pub check: Vec<String>,
    /// Makes it take over its file, or starts it.
    pub reload: Vec<String>,
    /// Stops it for good.
    pub stop: Vec<String>,
}

impl InstalledHaproxy {
    /// Whether it can be used: its paths are absolute, and no command is without words.
    pub(crate) fn is_whole(&self) -> bool {
        let paths = [&self.output, &self.socket];
        let commands = [&self.check, &self.reload, &self.stop];
        paths.iter().all(|path| path.is_absolute())
            && commands.iter().all(|words| !words.is_empty())
    }

    /// Whether its file and its socket are where those of another are.
    pub(crate) fn is_where(&self, other: &Self) -> bool {
        (&self.output, &self.socket) == (&other.output, &other.socket)
    }
}

/// A server that was put away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedServer {
    /// Since when (RFC 3339, UTC, seconds).
    pub since: String,
    /// Where it was, where that is known.
    #[serde(default)]
    pub address: Option<SocketAddr>,
}

/// Local balancing is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SwitchedOff {
    /// Since when (RFC 3339, UTC, seconds).
    pub since: String,
    /// Until when, if that was said.
    pub until: Option<String>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

impl SwitchedOff {
    /// When it ends by itself.
    pub(crate) fn end(&self) -> Option<SystemTime> {
        let until = self.until.as_deref()?;
        humantime::parse_rfc3339(until).ok()
    }

    /// Whether it is so at this time. An `until` that is no time ends nothing.
    pub(crate) fn is_in_force(&self, now: SystemTime) -> bool {
        self.end().is_none_or(|end| now < end)
    }
}

impl fmt::Display for SwitchedOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "off since {}", self.since)?;
        if let Some(until) = &self.until {
            write!(f, " until {until}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

/// An open port of the local balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OpenPort {
    /// The names that confs may have by this port, by federation.
    pub served: BTreeMap<Id, BTreeSet<Name>>,
    /// How its connections are balanced.
    pub mode: Mode,
    /// The names that confs of this node have had by this port, and since when none has it any more (RFC 3339, UTC,
    /// seconds); `None` while one has it.
    pub used: BTreeMap<Id, BTreeMap<Name, Option<String>>>,
}

/// What the manifest of a service has to do with the local balancer: kept for the time when it cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KnownManifest {
    /// The ports at which its program listens.
    pub own: BTreeSet<u16>,
    /// The names that it requires with `spread`, or provides, by federation.
    pub names: BTreeMap<Id, BTreeSet<Name>>,
}

/// An announcement as it was last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownInstance {
    pub revision: i64,
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub local_port: Option<u16>,
    #[serde(default)]
    pub public: bool,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub health: Option<HealthRequest>,
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub path: Option<String>,
    #[serde(default)]
    pub has_local_form: bool,
    /// When it was first missing without having been withdrawn (RFC 3339, UTC, seconds); `None` while it is announced.
    #[serde(default)]
    pub expired: Option<String>,
    /// Whether it stays in rotation although it has expired.
    #[serde(default)]
    pub kept: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_off_until_the_time_that_was_said_or_until_it_is_switched_on() {
        let at = |text: &str| humantime::parse_rfc3339(text).unwrap();
        let noon = Some("2026-01-01T12:00:00Z".to_owned());
        for (until, now, expected) in [
            (noon.clone(), "2026-01-01T11:59:59Z", true),
            (noon, "2026-01-01T12:00:00Z", false),
            (None, "2036-01-01T12:00:00Z", true),
            (Some("noon".to_owned()), "2036-01-01T12:00:00Z", true),
        ] {
            let until = until.clone();
            let off = Some(SwitchedOff {
                until,
                ..SwitchedOff::default()
            });
            let state = BalanceState {
                off,
                ..BalanceState::default()
            };
            assert_eq!(state.is_off_at(at(now)), expected, "{state:?}");
            assert!(!state.has_to_be_ended());
        }
        let open = BalanceState {
            ports: [(21100, OpenPort::default())].into(),
            ..BalanceState::default()
        };
        assert!(open.has_to_be_ended() && !open.is_off_at(SystemTime::UNIX_EPOCH));
    }
}
