//! What a balancer's template sees, and what `balance --view` prints: everything that the file says, sorted by bytes.

use std::{fmt, net::IpAddr, path::PathBuf};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;

use crate::model::{balancing::Mode, id::Id, name::Name, settings::ExtraLines};

/// The whole configuration of a node's HAProxy, as values.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct View {
    /// Of this layout; raised when a field changes its meaning.
    pub version: u32,
    /// This node.
    pub node: Id,
    /// Its region.
    pub region: Id,
    /// The first 16 digits of SHA-256 over all of the file that commands on the socket cannot change (`file/shape.rs`), and
    /// its certificates; empty until the file is rendered.
    pub shape: String,
    /// The user that HAProxy becomes; `None`: the one that starts it.
    pub user: Option<String>,
    /// HAProxy's runtime socket.
    pub socket: PathBuf,
    /// The file with HAProxy's server states.
    pub state_file: PathBuf,
    /// Lines that the operator adds to every section of a kind.
    pub extra: ExtraLines,
    /// Where HAProxy's statistics are, as `bind` says it.
    pub stats: Option<String>,
    /// The ports of the local balancer, ascending.
    pub ports: Vec<LocalPort>,
    /// The internal and the external balancer.
    pub frontends: Vec<Frontend>,
    /// All pools, by name.
    pub pools: Vec<Pool>,
}

impl View {
    /// The version of this layout.
    pub(crate) const VERSION: u32 = 1;

    /// Its JSON Schema, from these types and their comments.
    pub(crate) fn schema() -> String {
        let generator = SchemaSettings::draft07().into_generator();
        let mut text = format!("{:#}", generator.into_root_schema_for::<Self>().to_value());
        text.push('\n');
        text
    }
}

/// A port of the local balancer.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct LocalPort {
    /// Where it is bound.
    pub addresses: Vec<IpAddr>,
    pub port: u16,
    /// The names that confs may have by this port.
    pub names: Vec<ServedName>,
    /// The name of its pool, `local:<port>`.
    pub pool: String,
}

/// A name of a federation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
pub(crate) struct ServedName {
    pub federation: Id,
    pub name: Name,
}

/// A kind of balancer that routes HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoutingKind {
    /// For the fleet: everything.
    Internal,
    /// For the world: public announcements only.
    External,
}

impl RoutingKind {
    /// Every kind.
    pub(crate) const ALL: [Self; 2] = [Self::Internal, Self::External];
}

impl fmt::Display for RoutingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "internal",
            Self::External => "external",
        })
    }
}

/// The frontend of a kind.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Frontend {
    pub kind: RoutingKind,
    /// In HAProxy's own words.
    pub binds: Vec<String>,
    /// Whether plain requests are redirected to https.
    pub https: bool,
    /// The file of its routes; empty until the file is rendered.
    pub map: PathBuf,
    pub routes: Vec<Route>,
}

/// Where requests for a host and path go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
pub(crate) struct Route {
    /// In lower case; `None`: any host.
    pub host: Option<String>,
    /// With a leading `/` and without a final one; empty: every path.
    pub path: String,
    /// The pool's name.
    pub pool: String,
}

/// Servers between which connections or requests are balanced.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Pool {
    pub name: String,
    pub federation: Id,
    pub names: Vec<Name>,
    pub mode: Mode,
    /// What its servers are asked; `None`: a connection is enough.
    pub check: Option<PoolCheck>,
    /// By name.
    pub servers: Vec<Server>,
}

/// An HTTP request that tells whether a server works.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct PoolCheck {
    pub path: String,
    /// The time between two, in HAProxy's words: `5000ms`.
    pub interval: String,
}

/// An instance of a service in a pool.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Server {
    /// `<region>:<service>:<node>`.
    pub name: String,
    /// An IP address without brackets, or a host name.
    pub address: String,
    pub port: u16,
    /// Whether it serves only while no other does.
    pub backup: bool,
    /// Whether its announcement expired and is kept in rotation.
    pub kept: bool,
}
