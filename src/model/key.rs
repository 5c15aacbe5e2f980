//! Registry keys (design.md section 5).

use super::{id::Id, name::Name};

/// The prefix of every key of this version.
const ROOT: &str = "/reconf/v1/";

/// The folder of a node's balancer, beside the records of its services.
pub(crate) const BALANCER: &str = "@balance/";

/// The record of an announcement that a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The announcement.
    Provides,
    /// Its tombstone.
    Withdrawn,
}

impl Kind {
    const fn folder(self) -> &'static str {
        match self {
            Self::Provides => "provides",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The identity of an announcement, which its record and its tombstone share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The federation; names are never shared across federations.
    pub federation: Id,
    /// The provided name.
    pub name: Name,
    /// The region.
    pub region: Id,
    /// The service that provides it.
    pub service: Id,
    /// The node of the service.
    pub node: Id,
}

impl Key {
    /// The key in the registry: `/reconf/v1/<federation>/provides/<NAME>/<region>/<service>@<node>`.
    pub(crate) fn path(&self, kind: Kind) -> String {
        [
            &name_prefix(&self.federation, &self.name, kind),
            self.region.as_str(),
            "/",
            self.service.as_str(),
            "@",
            self.node.as_str(),
        ]
        .concat()
    }

    /// Parses a key of the registry; `None` for any other kind of key.
    pub(crate) fn parse(path: &str) -> Option<(Kind, Self)> {
        let mut parts = path.strip_prefix(ROOT)?.split('/');
        let mut part = || parts.next();
        let (federation, folder, name) = (part()?, part()?, part()?);
        let (region, tail) = (part()?, part()?);
        if parts.next().is_some() {
            return None;
        }
        let kind = [Kind::Provides, Kind::Withdrawn]
            .into_iter()
            .find(|kind| kind.folder() == folder)?;
        let (service, node) = tail.split_once('@')?;
        let key = Self {
            federation: Id::parse(federation).ok()?,
            name: Name::parse(name).ok()?,
            region: Id::parse(region).ok()?,
            service: Id::parse(service).ok()?,
            node: Id::parse(node).ok()?,
        };
        Some((kind, key))
    }

    /// `service@node`, the name of a provider in messages and reports.
    pub(crate) fn provider(&self) -> String {
        [self.service.as_str(), "@", self.node.as_str()].concat()
    }
}

/// The federation of a key; `None` for a key that is not of this version.
pub(crate) fn federation(path: &str) -> Option<Id> {
    let (federation, _) = path.strip_prefix(ROOT)?.split_once('/')?;
    Id::parse(federation).ok()
}

/// The prefix of all keys of this version, whatever their federation.
pub(crate) fn root_prefix() -> &'static str {
    ROOT
}

/// The prefix of all keys of a federation. Every prefix ends in `/`, so that it ends with a whole segment.
pub(crate) fn federation_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/")
}

/// The prefix of all announcements (or tombstones) of a federation.
pub(crate) fn all_names_prefix(federation: &Id, kind: Kind) -> String {
    format!("{ROOT}{federation}/{}/", kind.folder())
}

/// The prefix of one name's announcements (or tombstones) in all regions.
pub(crate) fn name_prefix(federation: &Id, name: &Name, kind: Kind) -> String {
    // Every render makes dozens of them: `concat` allocates once, where `format!` grows the text piece by piece.
    [
        ROOT,
        federation.as_str(),
        "/",
        kind.folder(),
        "/",
        name.as_str(),
        "/",
    ]
    .concat()
}

/// The key of a service's applied values on a node.
pub(crate) fn applied_record(federation: &Id, node: &Id, service: &Id) -> String {
    format!("{ROOT}{federation}/applied/{node}/{service}")
}

/// The key of what a node's balancer has behind a name.
pub(crate) fn balance_record(federation: &Id, node: &Id, name: &Name) -> String {
    format!("{ROOT}{federation}/applied/{node}/{BALANCER}{name}")
}

/// The prefix of the applied values of a node.
pub(crate) fn applied_of_node_prefix(federation: &Id, node: &Id) -> String {
    format!("{ROOT}{federation}/applied/{node}/")
}

/// The node of a key of applied values.
pub(crate) fn node_of_applied(federation: &Id, path: &str) -> Option<Id> {
    let rest = path.strip_prefix(&applied_prefix(federation))?;
    let (node, _) = rest.split_once('/')?;
    Id::parse(node).ok()
}

/// The prefix of the applied values of all nodes of a federation.
pub(crate) fn applied_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/applied/")
}

/// The key of a node's own record; the prefix of more of them ends in `/`.
pub(crate) fn node_record(federation: &Id, node: &Id) -> String {
    format!("{ROOT}{federation}/nodes/{node}")
}

/// The prefix of the nodes' own records of a federation.
pub(crate) fn nodes_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/nodes/")
}

/// The prefix of the slots that limit how many nodes of a federation provision at the same time.
pub(crate) fn slots_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/slots/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn keys_are_parsed_as_they_are_written_and_others_are_not() {
        let key = sample::key("f", "API_URL");
        for kind in [Kind::Provides, Kind::Withdrawn] {
            assert_eq!(Key::parse(&key.path(kind)), Some((kind, key.clone())));
        }
        for path in [
            "/reconf/v1/f/provides/API_URL/east/api@api01/x",
            "/reconf/v1/f/provides/API_URL/east/api",
            "/reconf/v1/f/provides/API-URL/east/api@api01",
            "/reconf/v1/f/provides/API_URL/.east/api@api01",
            "/reconf/v1/f/applied/API_URL/east/api@api01",
            "/reconf/v2/f/provides/API_URL/east/api@api01",
            "",
        ] {
            assert_eq!(Key::parse(path), None, "{path}");
        }
    }

    #[test]
    fn the_federation_of_a_key_is_its_first_segment() {
        for (path, expected) in [
            ("/reconf/v1/f/applied/web01/www", Some("f")),
            ("/reconf/v1/f/", Some("f")),
            ("/reconf/v1/f", None),
            ("/reconf/v1//x", None),
            ("/other/f/x", None),
        ] {
            let expected = expected.map(|id| Id::parse(id).unwrap());
            assert_eq!(federation(path), expected, "{path}");
        }
    }
}
