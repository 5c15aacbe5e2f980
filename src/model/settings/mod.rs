//! The node's configuration (design.md section 4): flags beat variables beat `config.json` beat defaults.

mod address;
mod balance;
mod directory;
mod endpoint;
mod file;
mod flags;
mod listen;
mod merge;
mod refusal;
mod registry_file;
mod rows;

pub(crate) use directory::conf_directory;
pub(crate) use flags::{Flags, config_path};
pub(crate) use listen::ListenSettings;
pub(crate) use refusal::{SettingRefusal, SettingsError};

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use super::{format::Format, id::Id};

/// The effective configuration of a node.
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
    /// The node's address; `None`: found from the route to the registry.
    pub host: Option<String>,
    /// The node's region.
    pub region: Id,
    /// Where names are looked up, in order; at least one.
    pub regions: Vec<Id>,
    /// The node's own federation.
    pub federation: Id,
    /// The federation of the datastores at the top of `configuration.json`: the one that `config.json` names, since a
    /// flag must not take secrets through the wall between federations; else the node's own.
    pub home: Id,
    /// The federations whose services this node may run; at least one.
    pub federations: Vec<Id>,
    /// How confs are written.
    pub render: RenderSettings,
    /// How long announcements live; `None`: until they are withdrawn.
    pub ttl: Option<Duration>,
    /// What a provision is, and when one may start.
    pub listen: ListenSettings,
    /// For each key that `reconf config` lists: where its value comes from.
    pub origins: BTreeMap<&'static str, Origin>,
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
    /// The bound on all registry work of a command together, and on each wait for a service's lock.
    pub timeout: Duration,
}

impl RegistrySettings {
    /// Whether it is the embedded registry, which only this machine sees.
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

/// Who this node is to the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The client certificate (PEM).
    pub cert: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// The user's name.
    pub user: Option<String>,
    /// The file that holds the user's password; one final newline is not part of it.
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
    /// What is done when the registry does not answer.
    pub on_unreachable: OnUnreachable,
}

/// What a render does when the registry does not answer (design.md section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnUnreachable {
    /// Takes what the registry said last, then datastores.
    LastKnown,
    /// Takes datastores only.
    Datastores,
    /// Stops.
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

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of this call.
    Flag(&'static str),
    /// A variable of the process environment.
    Variable(&'static str),
    /// `config.json`.
    File,
    /// Nothing was said.
    Default,
    /// Found on this machine; the text says how.
    Found(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File => f.write_str("config.json"),
            Self::Default => f.write_str("default"),
            Self::Found(how) => f.write_str(how),
        }
    }
}
