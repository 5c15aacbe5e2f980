//! The `balance` of `config.json`: which balancers a node's HAProxy is, and how it is run (design.md section 12).

mod file;
mod installed;
mod merge;
mod rows;
mod values;

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::name::Name;
pub(super) use file::{ExplicitBalance, parse};

/// Which balancers this node's HAProxy is, and how it is run. None of them: balancing is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BalanceSettings {
    /// For the services of this node.
    pub local: Option<LocalBalancer>,
    /// For the fleet.
    pub internal: Option<RoutingBalancer>,
    /// For the world.
    pub external: Option<RoutingBalancer>,
    /// HAProxy's file, already below `root`.
    pub output: PathBuf,
    /// Proves a candidate; `{file}` is its path.
    pub check: Vec<String>,
    /// Makes HAProxy take over its file, or starts it.
    pub reload: Vec<String>,
    /// HAProxy's runtime socket, already below `root`; its PID file is `haproxy.pid` beside it.
    pub socket: PathBuf,
    /// The template's file name below `templates/`.
    pub template: String,
    /// How long a server that leaves keeps its connections.
    pub drain: Duration,
    /// How long a port stays open after its last conf.
    pub close_after: Duration,
    /// Stops HAProxy for good.
    pub stop: Vec<String>,
    /// Where HAProxy's statistics are, as `bind` says it.
    pub stats: Option<String>,
    /// Lines for every section of a kind.
    pub extra: ExtraLines,
}

/// The local balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalBalancer {
    /// Where ports are bound, at least one; the first is what confs say.
    pub addresses: Vec<IpAddr>,
    /// Names that are served besides what this node's manifests require or provide.
    pub names: BTreeSet<Name>,
}

/// The internal or the external balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoutingBalancer {
    /// In HAProxy's own words, at least one.
    pub bind: Vec<String>,
    /// What is below it by default: `<service>.<domain>`.
    pub domain: Option<String>,
    /// Whether plain requests are redirected to https.
    pub https: bool,
    /// Only these names; `None`: all.
    pub names: Option<BTreeSet<Name>>,
}

/// Lines for every section of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct ExtraLines {
    pub global: Vec<String>,
    pub defaults: Vec<String>,
    pub frontend: Vec<String>,
    pub backend: Vec<String>,
}

impl BalanceSettings {
    /// Whether any kind of balancer is given.
    pub(crate) fn is_on(&self) -> bool {
        self.local.is_some() || self.internal.is_some() || self.external.is_some()
    }
}
