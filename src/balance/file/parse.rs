//! What stands in a file for HAProxy.

use std::collections::{BTreeMap, BTreeSet};

use super::words;

/// What stands before the shape in `global`'s description.
pub(super) const SAID_BY: &str = "reconf";

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParsedFile {
    /// The shape in `global`'s description, which HAProxy repeats; `None`: it cannot be proved which file runs.
    pub shape: Option<String>,
    /// The `listen` and `backend` sections, by name.
    pub sections: BTreeMap<String, ProxySection>,
    /// The `frontend` sections, by name.
    pub frontends: BTreeMap<String, ProxySection>,
    /// Names that more than one section has.
    pub(super) twice: BTreeSet<String>,
}

/// The kind of a section that takes or passes on connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionKind {
    Listen,
    Frontend,
    Backend,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxySection {
    pub kind: SectionKind,
    /// What follows each `bind`, its words joined by one blank.
    pub binds: Vec<String>,
    /// The words of its `default-server` lines, which an added server has to be given.
    pub default_server: Vec<String>,
    /// Its servers, by name.
    pub servers: BTreeMap<String, ParsedServer>,
    /// Names that more than one of its servers has.
    pub(super) twice: BTreeSet<String>,
}

/// A `server` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedServer {
    /// An IP address without brackets, or a host name.
    pub address: String,
    /// `None`: the line has none.
    pub port: Option<u16>,
    /// Whether it serves only while no other does.
    pub backup: bool,
    /// Its further words; a server that has any comes by reload.
    pub words: Vec<String>,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Global,
    Proxy(SectionKind, String),
    Other,
}

/// Words that begin a section of another kind.
const OTHERS: [&str; 16] = [
    "acme",
    "cache",
    "crt-store",
    "defaults",
    "fcgi-app",
    "http-errors",
    "log-forward",
    "log-profile",
    "mailers",
    "peers",
    "program",
    "resolvers",
    "ring",
    "traces",
    "userlist",
    "namespace_list",
];

impl Position {
    /// The section that a line begins, if it begins one.
    pub(super) fn begins(words: &[String]) -> Option<Self> {
        let name = || words.get(1).cloned().unwrap_or_default();
        match words.first()?.as_str() {
            "global" => Some(Self::Global),
            "listen" => Some(Self::Proxy(SectionKind::Listen, name())),
            "frontend" => Some(Self::Proxy(SectionKind::Frontend, name())),
            "backend" => Some(Self::Proxy(SectionKind::Backend, name())),
            other if OTHERS.contains(&other) => Some(Self::Other),
            _ => None,
        }
    }

    /// Whether it is the section of one of some pools.
    pub(super) fn is_pool(&self, pools: &BTreeSet<&str>) -> bool {
        let Self::Proxy(kind, name) = self else {
            return false;
        };
        *kind != SectionKind::Frontend && pools.contains(name.as_str())
    }
}

/// Parses a file.
pub(crate) fn parse(text: &str) -> ParsedFile {
    let mut file = ParsedFile::default();
    let mut place = Position::Other;
    for line in text.lines() {
        let words = words::split(line);
        if let Some(next) = Position::begins(&words) {
            if let Position::Proxy(kind, name) = &next {
                file.begin(*kind, name);
            }
            place = next;
        } else {
            match &place {
                Position::Global => file.read_global(&words),
                Position::Proxy(kind, name) => file.section(*kind, name).read(&words),
                Position::Other => {}
            }
        }
    }
    file
}

impl ParsedFile {
    fn begin(&mut self, kind: SectionKind, name: &str) {
        if self.of(kind).contains_key(name) {
            self.twice.insert(name.to_owned());
        }
        self.section(kind, name);
    }

    fn of(&mut self, kind: SectionKind) -> &mut BTreeMap<String, ProxySection> {
        match kind {
            SectionKind::Frontend => &mut self.frontends,
            SectionKind::Listen | SectionKind::Backend => &mut self.sections,
        }
    }

    fn section(&mut self, kind: SectionKind, name: &str) -> &mut ProxySection {
        let section = || ProxySection {
            kind,
            binds: Vec::new(),
            default_server: Vec::new(),
            servers: BTreeMap::new(),
            twice: BTreeSet::new(),
        };
        self.of(kind).entry(name.to_owned()).or_insert_with(section)
    }

    fn read_global(&mut self, words: &[String]) {
        if let [key, by, shape] = words
            && key == "description"
            && by == SAID_BY
        {
            self.shape = Some(shape.clone());
        }
    }
}

impl ProxySection {
    fn read(&mut self, words: &[String]) {
        if let Some((name, server)) = server(words) {
            if self.servers.insert(name.clone(), server).is_some() {
                self.twice.insert(name);
            }
            return;
        }
        match words.split_first() {
            Some((key, rest)) if key == "bind" => self.binds.push(rest.join(" ")),
            Some((key, rest)) if key == "default-server" => {
                self.default_server.extend_from_slice(rest);
            }
            _ => {}
        }
    }
}

/// The name and the server of a `server` line.
pub(super) fn server(words: &[String]) -> Option<(String, ParsedServer)> {
    let [key, name, endpoint, rest @ ..] = words else {
        return None;
    };
    if key != "server" {
        return None;
    }
    let (address, port) = split_endpoint(endpoint);
    let further = rest.iter().filter(|word| *word != "backup").cloned();
    let server = ParsedServer {
        address,
        port,
        backup: rest.iter().any(|word| word == "backup"),
        words: further.collect(),
    };
    Some((name.clone(), server))
}

/// An address without brackets, and a port.
fn split_endpoint(endpoint: &str) -> (String, Option<u16>) {
    let split = endpoint.rsplit_once(':');
    let (host, port) = match split.map(|(host, port)| (host, port.parse().ok())) {
        Some((host, Some(port))) => (host, Some(port)),
        _ => (endpoint, None),
    };
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    (bare.unwrap_or(host).to_owned(), port)
}
