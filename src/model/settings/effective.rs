//! The effective settings of one call.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{balance::BalanceSettings, listen::ListenSettings, origin::Origins};
use crate::model::{format::Format, id::Id, paths::Paths};

/// The effective settings of a node.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The folder below which all paths of section 2 are.
    pub root: PathBuf,
    /// The path of `config.json`.
    pub config: PathBuf,
    /// How the registry is reached.
    pub registry: RegistrySettings,
    /// The node's name; `None`: the host's name.
    pub node: Option<Id>,
    /// The node's address; `None`: that of the route to the registry.
    pub host: Option<String>,
    /// The node's region.
    pub region: Id,
    /// The regions in which to look up names, in order; at least one.
    pub regions: Vec<Id>,
    /// The node's own federation.
    pub federation: Id,
    /// The federation that owns the datastores at the top of `configuration.json`: that of `config.json`, so that a flag
    /// cannot give secrets to another federation, or else the node's own.
    pub home: Id,
    /// The federations whose services this node may run; at least one.
    pub federations: Vec<Id>,
    /// How confs are written.
    pub render: RenderSettings,
    /// How long announcements live; `None`: until they are withdrawn.
    pub ttl: Option<Duration>,
    /// What a provision runs, and when one may start.
    pub listen: ListenSettings,
    /// Which balancers this node has.
    pub balance: BalanceSettings,
    /// Where the value of each key comes from.
    pub origins: Origins,
}

/// How the registry is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistrySettings {
    /// Which registry.
    pub location: Location,
    /// The certificate authority that signed the endpoints' certificates (PEM); `None`: the system's.
    pub ca: Option<PathBuf>,
    /// The credentials for federations that have none of their own.
    pub credentials: Credentials,
    /// Credentials of single federations; each replaces `credentials` as a whole.
    pub federations: BTreeMap<Id, Credentials>,
    /// The time limit for all registry requests of a command together, and for each wait for a service's lock.
    pub timeout: Duration,
}

impl Settings {
    /// Whether the registry knows this machine only: the embedded one in its own place. A folder that was named may be
    /// that of several nodes.
    pub(crate) fn is_registry_of_this_machine(&self) -> bool {
        let own = Paths::default_registry(&self.root);
        matches!(&self.registry.location, Location::Directory(path) if *path == own)
    }
}

impl RegistrySettings {
    /// How a federation is reached.
    pub(crate) fn credentials_of(&self, federation: &Id) -> &Credentials {
        let own = self.federations.get(federation);
        own.unwrap_or(&self.credentials)
    }

    /// Whether this is the embedded registry, which is reached without a network.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.location, Location::Directory(_))
    }
}

/// Which registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// etcd's client URLs, `http://` or `https://` with host and port, without user or path.
    Etcd(Vec<String>),
    /// The folder of the embedded registry.
    Directory(PathBuf),
}

/// How this node authenticates to the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The client certificate (PEM).
    pub cert: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// The user's name.
    pub user: Option<String>,
    /// The file with the user's password; a final newline is not part of it.
    pub password_file: Option<PathBuf>,
}

/// How confs are written.
#[derive(Clone, Debug)]
pub(crate) struct RenderSettings {
    /// The folder, already below `root`.
    pub directory: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// The owning user's name or number; `None`: the invoking user.
    pub owner: Option<String>,
    /// The owning group's name or number; `None`: the invoking user's.
    pub group: Option<String>,
    /// The formats, in the order of [`Format::ALL`], without duplicates.
    pub formats: Vec<Format>,
    /// What to do when the registry does not answer.
    pub on_unreachable: OnUnreachable,
}

/// What a render does when the registry does not answer (design.md section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnUnreachable {
    /// Uses last known values, then datastores.
    LastKnown,
    /// Uses datastores only.
    Datastores,
    /// Fails.
    Fail,
}

impl OnUnreachable {
    /// Every choice, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::LastKnown, Self::Datastores, Self::Fail];

    /// The choice's name in `config.json`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LastKnown => "last-known",
            Self::Datastores => "datastores",
            Self::Fail => "fail",
        }
    }
}
