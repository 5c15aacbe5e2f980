//! Registry keys (design.md section 5).

use super::{id::Id, name::Name};

/// What every key of this version begins with.
const ROOT: &str = "/reconf/v1/";

/// Which record of an announcement a key leads to.
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

/// Who announces what, and where: the identity of an announcement, shared by its live key and its tombstone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The federation; a name never crosses it.
    pub federation: Id,
    /// What is provided.
    pub name: Name,
    /// Where.
    pub region: Id,
    /// By which service.
    pub service: Id,
    /// On which node.
    pub node: Id,
}

impl Key {
    /// The key in the registry: `/reconf/v1/<federation>/provides/<NAME>/<region>/<service>@<node>`.
    pub(crate) fn path(&self, kind: Kind) -> String {
        format!(
            "{ROOT}{}/{}/{}/{}/{}@{}",
            self.federation,
            kind.folder(),
            self.name,
            self.region,
            self.service,
            self.node
        )
    }

    /// Parses a key of the registry; `None` for one that is not of this shape.
    pub(crate) fn parse(path: &str) -> Option<(Kind, Self)> {
        let parts: Vec<&str> = path.strip_prefix(ROOT)?.split('/').collect();
        let [federation, folder, name, region, tail] = parts[..] else {
            return None;
        };
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

    /// `service@node`, as messages and reports name a provider.
    pub(crate) fn provider(&self) -> String {
        format!("{}@{}", self.service, self.node)
    }
}

/// The federation that a key is in; `None` for one that is not of this version.
pub(crate) fn federation(path: &str) -> Option<Id> {
    let (federation, _) = path.strip_prefix(ROOT)?.split_once('/')?;
    Id::parse(federation).ok()
}

/// The prefix of everything in a federation; ends in `/`, as every prefix that is read does.
pub(crate) fn federation_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/")
}

/// The prefix of all announcements (or tombstones) of a federation.
pub(crate) fn all_names_prefix(federation: &Id, kind: Kind) -> String {
    format!("{ROOT}{federation}/{}/", kind.folder())
}

/// The prefix of one name's announcements (or tombstones) in all regions.
pub(crate) fn name_prefix(federation: &Id, name: &Name, kind: Kind) -> String {
    format!("{ROOT}{federation}/{}/{name}/", kind.folder())
}

/// Where a node says what a service on it runs with.
pub(crate) fn applied(federation: &Id, node: &Id, service: &Id) -> String {
    format!("{ROOT}{federation}/applied/{node}/{service}")
}

/// The prefix of what a node says it runs with.
pub(crate) fn applied_of_node_prefix(federation: &Id, node: &Id) -> String {
    format!("{ROOT}{federation}/applied/{node}/")
}

/// The prefix of what all nodes of a federation run with.
pub(crate) fn applied_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/applied/")
}

/// The prefix of the slots that limit how many nodes of a federation provision at the same time.
pub(crate) fn slots_prefix(federation: &Id) -> String {
    format!("{ROOT}{federation}/slots/")
}
