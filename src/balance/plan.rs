//! The plan of a run: what HAProxy is to serve, and what is known then. A run plans to know which ports to try, and again
//! without those that somebody else holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::Path,
    time::{Duration, SystemTime},
};

pub(crate) use super::members::{Member, ServerAddress};

use super::{
    instance::{self, Instance, LeftOut, LeftOutKind},
    local::{self, LocalInput},
    own_binds::OwnBinds,
    pool::PoolPlan,
    retain::{PoolGroup, RetainInput, Retained, retain},
    routes,
    view::{Frontend, LocalPort, Pool, View},
    wants::{LocalWants, WantsInput},
};
use crate::model::{
    balance_state::{BalanceState, KnownInstance, OpenPort},
    balancing::PortsInUse,
    id::Id,
    key::Key,
    manifest::Manifest,
    settings::BalanceSettings,
    snapshot::Snapshot,
};

/// All that a plan depends on.
#[derive(Clone, Copy)]
pub(crate) struct PlanInput<'a> {
    /// `balance` of `config.json`; without any kind of balancer, what is open is closed as it goes out of use.
    pub settings: &'a BalanceSettings,
    /// This node.
    pub node: &'a Id,
    /// Its region.
    pub region: &'a Id,
    /// The regions in which to look up names, in order.
    pub regions: &'a [Id],
    /// What was read of each federation of this node; `None`: it could not be read.
    pub federations: &'a BTreeMap<Id, Option<&'a Snapshot>>,
    /// The manifests on this node; `None`: one that cannot be read.
    pub manifests: &'a BTreeMap<Id, Option<&'a Manifest>>,
    /// The ports that confs and tasks of this node have.
    pub used: &'a PortsInUse,
    /// What the last run has put in use.
    pub before: &'a BalanceState,
    /// What HAProxy's checks have found down for ten minutes, in every pool that has it.
    pub down: &'a BTreeSet<ServerAddress>,
    /// The ports of the local balancer that somebody else holds: who, as one clause.
    pub taken: &'a BTreeMap<u16, String>,
    /// Whether to forget what has expired.
    pub drop_expired: bool,
    /// The user that HAProxy becomes; `None`: the one that starts it.
    pub user: Option<&'a str>,
    /// The file with HAProxy's server states.
    pub state_file: &'a Path,
    /// The time.
    pub now: SystemTime,
}

/// What follows from it.
#[derive(Clone, Debug)]
pub(crate) struct BalancePlan {
    /// What HAProxy is to serve; with no port and no frontend there is nothing to serve.
    pub view: View,
    /// `balance.json` as it is to be when HAProxy serves that. What HAProxy's answers decide is as it was before.
    pub state: BalanceState,
    /// What was left out, sorted.
    pub left_out: Vec<LeftOut>,
    /// The services with expired instances that are kept in rotation.
    pub kept: Vec<KeptInstances>,
    /// The announcements behind each server, by `pool/server`.
    pub members: BTreeMap<String, Vec<Member>>,
    /// When it changes by itself.
    pub due: Option<SystemTime>,
}

/// Expired instances of a service that are kept in rotation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeptInstances {
    /// Its federation.
    pub federation: Id,
    /// The service.
    pub service: Id,
    /// How many of its instances are kept.
    pub kept: usize,
    /// How many are in rotation.
    pub all: usize,
}

/// How often a run looks whether the tasks with a replaced conf have ended.
const TASK_INTERVAL: Duration = Duration::from_secs(60);

/// Plans a run.
pub(crate) fn plan(input: &PlanInput<'_>) -> BalancePlan {
    let federations: Vec<Id> = input.federations.keys().cloned().collect();
    let wants = LocalWants::new(&WantsInput {
        settings: input.settings,
        federations: &federations,
        manifests: input.manifests,
        used: input.used,
        before: input.before,
        now: input.now,
    });
    let mut retained = instances(input, &wants);
    let binds = OwnBinds::of(input.settings);
    let taken = binds.taken(&wants, input.taken);
    let loops = binds.drop_loops(input.node, &wants, &taken, &mut retained.instances);
    let local = local::plan(&LocalInput {
        wants: &wants,
        instances: &retained.instances,
        regions: input.regions,
        taken: &taken,
    });
    let routes = routes::plan(input.settings, &retained.instances, input.regions);
    let kept = kept_instances(&retained.instances);
    // The last port at an earlier address closes: the next run opens ports at the new one.
    let opens_next = wants.moves && local.open.is_empty();
    let next = opens_next.then_some(input.now);
    let tasks = input.used.awaits_tasks.then(|| input.now + TASK_INTERVAL);
    let due = [retained.due, wants.due, next, tasks];
    let due = due.into_iter().flatten().min();
    let of_rules = [retained.left_out, loops, local.left_out, routes.left_out].concat();
    let moved = wants.moves.then(|| moves(input, &wants, opens_next));
    let left_out = all_left_out(input, of_rules, moved);
    let state = state(input, wants, local.open, retained.known);
    let (pools, members) = pools(local.pools.into_iter().chain(routes.pools));
    BalancePlan {
        view: view(input, local.ports, routes.frontends, pools),
        state,
        left_out,
        kept,
        members,
        due,
    }
}

/// What is known when HAProxy serves it.
fn state(
    input: &PlanInput<'_>,
    wants: LocalWants,
    ports: BTreeMap<u16, OpenPort>,
    instances: BTreeMap<String, KnownInstance>,
) -> BalanceState {
    let before = input.before;
    let off = before.off.as_ref();
    let off = off.filter(|off| off.is_in_force(input.now));
    let mut addresses = wants.addresses;
    if ports.is_empty() {
        addresses.clear();
    }
    BalanceState {
        addresses,
        ports,
        manifests: wants.manifests,
        instances,
        off: off.cloned(),
        ..before.clone()
    }
}

/// The instances of which pools of this node may consist.
fn instances(input: &PlanInput<'_>, wants: &LocalWants) -> Retained {
    let names = wants.names();
    let is_local = |key: &Key| {
        let names = names.get(&key.federation);
        names.is_some_and(|names| names.contains(&key.name))
    };
    let is_routed = |key: &Key| {
        let mut balancers = routes::balancers(input.settings);
        balancers.any(|(_, balancer)| routes::is_about(balancer, &key.name))
    };
    let groups = |instance: &Instance| {
        let Key {
            federation,
            service,
            name,
            ..
        } = &instance.key;
        let port = instance.local_port.filter(|_| is_local(&instance.key));
        let port = port.map(|port| PoolGroup::Port(federation.clone(), port));
        let is_routed = is_routed(&instance.key);
        let is_routed = is_routed && (instance.path.is_some() || instance.public);
        let route =
            is_routed.then(|| PoolGroup::Name(federation.clone(), service.clone(), name.clone()));
        port.into_iter().chain(route).collect()
    };
    let retain_input = RetainInput {
        regions: input.regions,
        federations: input.federations,
        before: &input.before.instances,
        down: input.down,
        drop_expired: input.drop_expired,
        now: input.now,
    };
    retain(&retain_input, groups, |key| is_local(key) || is_routed(key))
}

/// What the rules left out and what nobody can read, sorted, each once.
fn all_left_out(
    input: &PlanInput<'_>,
    of_rules: Vec<LeftOut>,
    moved: Option<LeftOut>,
) -> Vec<LeftOut> {
    let mut all = of_rules;
    all.extend(instance::unreadable(input.federations));
    all.extend(moved);
    all.sort();
    all.dedup();
    all
}

/// The pools in the order of their names, and what is behind each server.
fn pools(plans: impl Iterator<Item = PoolPlan>) -> (Vec<Pool>, BTreeMap<String, Vec<Member>>) {
    let mut pools = Vec::new();
    let mut all = BTreeMap::new();
    for PoolPlan { pool, members } in plans {
        for (server, members) in pool.servers.iter().zip(members) {
            all.insert(format!("{}/{}", pool.name, server.name), members);
        }
        pools.push(pool);
    }
    pools.sort_by(|a, b| a.name.cmp(&b.name));
    (pools, all)
}

fn view(
    input: &PlanInput<'_>,
    ports: Vec<LocalPort>,
    frontends: Vec<Frontend>,
    pools: Vec<Pool>,
) -> View {
    let settings = input.settings;
    View {
        version: View::VERSION,
        node: input.node.clone(),
        region: input.region.clone(),
        shape: String::new(),
        user: input.user.map(str::to_owned),
        socket: settings.socket.clone(),
        state_file: input.state_file.to_owned(),
        extra: settings.extra.clone(),
        stats: settings.stats.clone(),
        ports,
        frontends,
        pools,
    }
}

/// Whether the server of each region and node is kept.
type Servers<'a> = BTreeMap<(&'a Id, &'a Id), bool>;

/// The services with kept instances.
fn kept_instances(instances: &[Instance]) -> Vec<KeptInstances> {
    let mut services: BTreeMap<(&Id, &Id), Servers<'_>> = BTreeMap::new();
    for Instance { key, kept, .. } in instances {
        let servers = services.entry((&key.federation, &key.service)).or_default();
        *servers.entry((&key.region, &key.node)).or_insert(true) &= *kept;
    }
    let kept = services
        .into_iter()
        .map(|((federation, service), servers)| KeptInstances {
            federation: federation.clone(),
            service: service.clone(),
            kept: servers.values().filter(|kept| **kept).count(),
            all: servers.len(),
        });
    kept.filter(|kept| kept.kept > 0).collect()
}

/// Open ports wait at another address than the settings say.
fn moves(input: &PlanInput<'_>, wants: &LocalWants, opens_next: bool) -> LeftOut {
    let wanted = input
        .settings
        .local
        .iter()
        .flat_map(|local| &local.addresses);
    let show = |address: Option<&IpAddr>| address.map(ToString::to_string).unwrap_or_default();
    let (wanted, open) = (
        show(wanted.into_iter().next()),
        show(wants.addresses.first()),
    );
    LeftOut {
        kind: LeftOutKind::Port,
        id: wanted,
        federation: None,
        reason: "address",
        detail: if opens_next {
            format!("the last port at {open} closes first; the next run opens ports here")
        } else {
            format!("ports are open at {open} until nothing uses them; all values stay direct")
        },
    }
}

#[cfg(test)]
mod tests;
