//! What balancing uses of an announcement. Nothing else of it reaches HAProxy's file, so nothing is escaped there.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    announcement::Announcement,
    balance_state::KnownInstance,
    balancing::{self, HealthRequest, Mode},
    id::Id,
    key::{self, Key, Kind},
    local_form::has_local_form,
    pattern::{Pattern, Piece},
    snapshot::{LiveEntry, Snapshot},
};

use super::{view::ServedName, well_formed};

/// A well-formed announcement with a port: every field can stand in HAProxy's file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub key: Key,
    /// The revision of its key.
    pub revision: i64,
    /// An IP address without brackets, or a host name.
    pub host: String,
    /// Where the program listens.
    pub port: u16,
    /// Where local balancers offer it.
    pub local_port: Option<u16>,
    pub public: bool,
    pub mode: Mode,
    pub health: Option<HealthRequest>,
    /// In lower case.
    pub hosts: Vec<String>,
    /// The path of a pattern `http://{HOST}:{PORT}` with a path, without a final `/`; `None`: requests cannot be routed
    /// to it.
    pub path: Option<String>,
    /// Whether a value of its pattern can be that of a local port.
    pub has_local_form: bool,
    /// Whether it has expired and is kept in rotation.
    pub kept: bool,
}

/// What is wrong with an announcement: a word for programs and a clause for people.
type Malformed = (&'static str, &'static str);

impl Instance {
    /// The instance of an announcement.
    pub(super) fn of(key: &Key, live: &LiveEntry) -> Result<Self, Malformed> {
        let Announcement {
            pattern,
            host,
            port,
            local_port,
            public,
            ..
        } = &*live.announcement;
        let terms = live.announcement.balancing()?;
        let pattern = Pattern::parse(pattern).map_err(|_| ("pattern", "its pattern is none"))?;
        Self {
            key: key.clone(),
            revision: live.revision,
            host: host.clone(),
            port: port.ok_or(("port", "it has no `port`"))?,
            local_port: *local_port,
            public: *public,
            mode: terms.mode,
            health: terms.health,
            hosts: terms.hosts,
            path: path(&pattern),
            has_local_form: has_local_form(&pattern),
            kept: false,
        }
        .well_formed()
    }

    /// The instance as it was last known; `None` if nobody can have kept it so.
    pub(super) fn last_known(path: &str, known: &KnownInstance) -> Option<Self> {
        let (Kind::Provides, key) = Key::parse(path)? else {
            return None;
        };
        let known = known.clone();
        let instance = Self {
            key,
            revision: known.revision,
            host: known.host,
            port: known.port,
            local_port: known.local_port,
            public: known.public,
            mode: known.mode,
            health: known.health,
            hosts: known.hosts,
            path: known.path,
            has_local_form: known.has_local_form,
            kept: known.kept,
        };
        instance.well_formed().ok()
    }

    /// What is kept of it.
    pub(super) fn to_known(&self, expired: Option<String>) -> KnownInstance {
        KnownInstance {
            revision: self.revision,
            host: self.host.clone(),
            port: self.port,
            local_port: self.local_port,
            public: self.public,
            mode: self.mode,
            health: self.health.clone(),
            hosts: self.hosts.clone(),
            path: self.path.clone(),
            has_local_form: self.has_local_form,
            expired,
            kept: self.kept,
        }
    }

    /// The same with every text as the file has it.
    fn well_formed(mut self) -> Result<Self, Malformed> {
        let host = well_formed::server_host(&self.host);
        self.host = host.ok_or(("host", "its `host` is neither an address nor a host name"))?;
        if self.port == 0 || self.local_port == Some(0) {
            return Err(("port", "a port of it is 0"));
        }
        let hosts = self.hosts.iter().map(|host| balancing::host_name(host));
        let hosts: Result<Vec<String>, _> = hosts.collect();
        self.hosts = hosts.map_err(|_| ("hosts", "one of its `hosts` is no host name"))?;
        self.hosts.sort();
        self.hosts.dedup();
        if let Some(path) = &self.path {
            let path = well_formed::route_path(path);
            self.path = Some(path.ok_or(("path", "the path of its pattern has odd characters"))?);
        }
        Ok(self)
    }

    /// The name of its server: `<region>:<service>:<node>`.
    pub(super) fn server(&self) -> String {
        let Key {
            region,
            service,
            node,
            ..
        } = &self.key;
        format!("{region}:{service}:{node}")
    }

    /// The name that it provides.
    pub(super) fn served_name(&self) -> ServedName {
        ServedName {
            federation: self.key.federation.clone(),
            name: self.key.name.clone(),
        }
    }

    /// Where its program is.
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            host: &self.host,
            port: self.port,
        }
    }
}

/// Where a program listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
}

/// Something that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LeftOut {
    pub kind: LeftOutKind,
    /// The port, the announcement (`NAME of service@node`), the name or the route.
    pub id: String,
    /// The federation, where it belongs to one.
    pub federation: Option<Id>,
    /// One word for programs, such as `taken`.
    pub reason: &'static str,
    /// One clause for people.
    pub detail: String,
}

/// The reason of a name whose port sends nowhere.
pub(crate) const EMPTY: &str = "empty";

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LeftOutKind {
    Port,
    Instance,
    Name,
    Route,
}

/// The announcements that nobody can read, by their keys.
pub(super) fn unreadable(federations: &BTreeMap<Id, Option<&Snapshot>>) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    for (federation, snapshot) in federations {
        let announced = key::all_names_prefix(federation, Kind::Provides);
        let records = snapshot.iter().flat_map(|snapshot| &snapshot.unreadable);
        let records = records.filter(|(path, _)| path.starts_with(&announced));
        left_out.extend(records.map(|(path, entry)| LeftOut {
            kind: LeftOutKind::Instance,
            id: path.clone(),
            federation: Some(federation.clone()),
            reason: "unreadable",
            detail: entry.why.to_string(),
        }));
    }
    left_out
}

/// An announcement that is left out.
pub(super) fn left_out(key: &Key, (reason, detail): Malformed) -> LeftOut {
    LeftOut {
        kind: LeftOutKind::Instance,
        id: format!("{} of {}", key.name, key.provider()),
        federation: Some(key.federation.clone()),
        reason,
        detail: detail.to_owned(),
    }
}

/// The text behind `http://{HOST}:{PORT}`; `None` where a pattern begins otherwise, or has more than a path.
fn path(pattern: &Pattern) -> Option<String> {
    let (before, path) = match pattern.pieces() {
        [before @ .., Piece::Text(path)] if before.len() == 4 => (before, path.as_str()),
        before => (before, ""),
    };
    let [
        Piece::Text(scheme),
        Piece::Hole(host),
        Piece::Text(colon),
        Piece::Hole(port),
    ] = before
    else {
        return None;
    };
    let is_address = host.name.as_str() == "HOST" && port.name.as_str() == "PORT";
    let is_http = scheme.eq_ignore_ascii_case("http://") && colon == ":" && is_address;
    let is_path = path.is_empty() || path.starts_with('/') && !path.contains(['?', '#']);
    (is_http && is_path).then(|| path.to_owned())
}

#[cfg(test)]
mod tests;
