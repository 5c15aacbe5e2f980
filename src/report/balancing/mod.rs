//! The report of a run of `balance`: JSON for programs, a line for each port and route that changed for people.

mod hints;
mod status;
#[cfg(test)]
mod tests;
mod text;

pub(super) use status::balancing_rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::SystemTime,
};

use serde::Serialize;

use crate::{
    balance::{
        instance::LeftOut,
        plan::{BalancePlan, KeptInstances},
        view::{LocalPort, Pool, RoutingKind, ServedName, View},
    },
    model::id::Id,
};

/// How HAProxy took over what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Takeover {
    /// There was nothing to take over.
    #[default]
    Unchanged,
    /// By commands on its socket.
    Socket,
    /// By a reload.
    Reload,
    /// It was stopped: nothing is balanced any more.
    Stop,
}

/// What a run of `balance` did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct BalanceReport {
    /// Whether HAProxy or its file changed, or would have.
    pub changed: bool,
    /// How HAProxy took it over.
    pub how: Takeover,
    /// The ports of the local balancer, closed ones last.
    pub ports: Vec<PortReport>,
    /// What the internal and the external balancer route.
    pub routes: Vec<RouteReport>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
    /// The services with expired instances that stay in rotation.
    pub kept: Vec<KeptReport>,
    /// Warnings besides those that `left_out` and `kept` give, one lower-case clause each.
    pub warnings: Vec<String>,
    /// Whether nothing was written, because that was asked for.
    #[serde(skip)]
    pub dry: bool,
    /// HAProxy's file.
    #[serde(skip)]
    pub path: String,
    /// When the next run has something to do although nothing changed.
    #[serde(skip)]
    pub due: Option<SystemTime>,
    /// What was asked for besides.
    #[serde(skip)]
    pub shown: Option<Shown>,
}

/// What is printed to stdout besides the report, or instead of it.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// The lines of the file that change: besides.
    Diff(Vec<String>),
    /// The file: instead.
    File(String),
    /// What the template sees: instead.
    View(Box<View>),
}

/// How the servers of a pool changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PoolChange {
    /// In rotation, and not before.
    pub new: usize,
    /// At another address or port.
    pub moved: usize,
    /// No longer in rotation.
    pub gone: usize,
}

/// What became of a port or a route itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lifecycle {
    /// It was there before.
    #[default]
    Open,
    /// It was not there before.
    Opened,
    /// It is not there any more.
    Closed,
}

/// A port of the local balancer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PortReport {
    /// Where it is bound, as `ADDRESS:PORT`.
    pub addresses: Vec<String>,
    pub port: u16,
    pub names: Vec<ServedName>,
    /// How many instances are behind it.
    pub instances: usize,
    #[serde(flatten)]
    pub change: PoolChange,
    pub state: Lifecycle,
}

/// A route of the internal or the external balancer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RouteReport {
    #[serde(flatten)]
    pub id: RouteId,
    /// Whose it is; nothing for one that is gone.
    pub federation: Option<Id>,
    /// How many instances are behind it.
    pub instances: usize,
    #[serde(flatten)]
    pub change: PoolChange,
    pub state: Lifecycle,
}

/// What tells a route from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RouteId {
    pub kind: RoutingKind,
    pub host: Option<String>,
    pub path: String,
}

/// A service with expired instances that stay in rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeptReport {
    pub federation: Id,
    pub service: Id,
    /// How many of its instances are kept.
    pub kept: usize,
    /// How many it has in rotation in all.
    pub of: usize,
}

/// How a view differs from what was in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct ViewChanges {
    /// How the servers of each pool changed, by its name.
    pub pools: BTreeMap<String, PoolChange>,
    /// The ports that were not open before.
    pub opened: BTreeSet<u16>,
    /// The ports that are not open any more.
    pub closed: BTreeSet<u16>,
    /// The routes that were not there before.
    pub routed: BTreeSet<RouteId>,
    /// The routes that are not there any more.
    pub unrouted: BTreeSet<RouteId>,
}

impl BalanceReport {
    /// What a plan says, and how it differs from what was in use. Whether HAProxy took it over is for the caller to add.
    pub(crate) fn new(plan: &BalancePlan, changes: &ViewChanges) -> Self {
        Self {
            ports: ports(&plan.view, changes),
            routes: routes(&plan.view, changes),
            left_out: plan.left_out.clone(),
            kept: plan.kept.iter().map(KeptReport::new).collect(),
            due: plan.due,
            ..Self::default()
        }
    }

    /// How many ports of the local balancer are open.
    pub(crate) fn open_ports(&self) -> usize {
        let states = self.ports.iter().map(|port| port.state);
        states.filter(|state| *state != Lifecycle::Closed).count()
    }

    /// How many routes there are.
    pub(crate) fn open_routes(&self) -> usize {
        let states = self.routes.iter().map(|route| route.state);
        states.filter(|state| *state != Lifecycle::Closed).count()
    }
}

impl Takeover {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Socket => "socket",
            Self::Reload => "reload",
            Self::Stop => "stop",
        }
    }
}

impl KeptReport {
    fn new(kept: &KeptInstances) -> Self {
        Self {
            federation: kept.federation.clone(),
            service: kept.service.clone(),
            kept: kept.kept,
            of: kept.all,
        }
    }
}

impl PoolChange {
    /// Whether the pool is as before.
    fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl ViewChanges {
    fn of_pool(&self, name: &str) -> PoolChange {
        self.pools.get(name).copied().unwrap_or_default()
    }
}

fn ports(view: &View, changes: &ViewChanges) -> Vec<PortReport> {
    let sizes: BTreeMap<&str, usize> = view
        .pools
        .iter()
        .map(|p| (&*p.name, p.servers.len()))
        .collect();
    let open = view.ports.iter().map(|port: &LocalPort| PortReport {
        addresses: port
            .addresses
            .iter()
            .map(|address| SocketAddr::new(*address, port.port).to_string())
            .collect(),
        port: port.port,
        names: port.names.clone(),
        instances: sizes.get(&*port.pool).copied().unwrap_or_default(),
        change: changes.of_pool(&port.pool),
        state: opened(changes.opened.contains(&port.port)),
    });
    let closed = changes.closed.iter().map(|port| PortReport {
        addresses: Vec::new(),
        port: *port,
        names: Vec::new(),
        instances: 0,
        change: PoolChange::default(),
        state: Lifecycle::Closed,
    });
    open.chain(closed).collect()
}

fn routes(view: &View, changes: &ViewChanges) -> Vec<RouteReport> {
    let pools: BTreeMap<&str, &Pool> = view.pools.iter().map(|p| (&*p.name, p)).collect();
    let routes = view.frontends.iter().flat_map(|frontend| {
        let ids = frontend.routes.iter().map(|route| RouteId {
            kind: frontend.kind,
            host: route.host.clone(),
            path: route.path.clone(),
        });
        ids.zip(&frontend.routes)
    });
    let open = routes.map(|(id, route)| {
        let pool = pools.get(&*route.pool);
        RouteReport {
            federation: pool.map(|pool| pool.federation.clone()),
            instances: pool.map_or(0, |pool| pool.servers.len()),
            change: changes.of_pool(&route.pool),
            state: opened(changes.routed.contains(&id)),
            id,
        }
    });
    let closed = changes.unrouted.iter().map(|id| RouteReport {
        id: id.clone(),
        federation: None,
        instances: 0,
        change: PoolChange::default(),
        state: Lifecycle::Closed,
    });
    open.chain(closed).collect()
}

fn opened(is_new: bool) -> Lifecycle {
    if is_new {
        Lifecycle::Opened
    } else {
        Lifecycle::Open
    }
}
