//! The internal and the external balancer: which requests go to which instances, by host and path.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{
    instance::{Instance, LeftOut, LeftOutKind},
    pool::PoolPlan,
    shared_pools::{RequestPlace, SharedPools},
    view::{Frontend, RoutingKind},
};
use crate::model::{
    balancing::host_name,
    id::Id,
    name::Name,
    settings::{BalanceSettings, RoutingBalancer},
};

/// What the routing balancers do.
#[derive(Debug, Default)]
pub(super) struct RoutesPlan {
    pub frontends: Vec<Frontend>,
    pub pools: Vec<PoolPlan>,
    pub left_out: Vec<LeftOut>,
}

/// What a service announces for a route, by name.
type Claim<'a> = BTreeMap<&'a Name, Vec<&'a Instance>>;

/// The claims of each route, by `<federation>:<service>`.
type Claims<'a> = BTreeMap<RequestPlace, BTreeMap<String, Claim<'a>>>;

/// The kinds of balancers that route, those that are given.
pub(super) fn balancers(
    settings: &BalanceSettings,
) -> impl Iterator<Item = (RoutingKind, &RoutingBalancer)> {
    let kinds = [
        (RoutingKind::Internal, settings.internal.as_ref()),
        (RoutingKind::External, settings.external.as_ref()),
    ];
    kinds
        .into_iter()
        .filter_map(|(kind, balancer)| Some((kind, balancer?)))
}

/// Whether a balancer is about a name.
pub(super) fn is_about(balancer: &RoutingBalancer, name: &Name) -> bool {
    let names = balancer.names.as_ref();
    names.is_none_or(|names| names.contains(name))
}

/// Plans the routes.
pub(super) fn plan(
    settings: &BalanceSettings,
    instances: &[Instance],
    regions: &[Id],
) -> RoutesPlan {
    let mut plan = RoutesPlan::default();
    let mut pools = SharedPools::default();
    for (kind, balancer) in balancers(settings) {
        for (place, mut services) in plan.claims(kind, balancer, instances) {
            if let Some((winner, claim)) = services.pop_first() {
                plan.report_losers(&place, &winner, &services);
                let instances = plan.of_one_program(&place, claim);
                pools.add(kind, place, instances);
            }
        }
    }
    let mut routes = pools.named(regions, &mut plan.pools);
    for (kind, balancer) in balancers(settings) {
        plan.frontends.push(Frontend {
            kind,
            binds: balancer.bind.clone(),
            https: balancer.https,
            map: PathBuf::new(),
            routes: routes.remove(&kind).unwrap_or_default(),
        });
    }
    plan
}

impl RoutesPlan {
    /// Who claims which route of a balancer.
    fn claims<'a>(
        &mut self,
        kind: RoutingKind,
        balancer: &RoutingBalancer,
        instances: &'a [Instance],
    ) -> Claims<'a> {
        let is_shown = |i: &&Instance| i.public || kind == RoutingKind::Internal;
        let is_meant = |i: &&Instance| is_about(balancer, &i.key.name);
        let mut claims = Claims::new();
        let mut refused = BTreeSet::new();
        for instance in instances.iter().filter(is_shown).filter(is_meant) {
            match places(kind, balancer, instance) {
                Ok(places) => {
                    for place in places {
                        let services = claims.entry(place).or_default();
                        let claim = services.entry(claimant(instance)).or_default();
                        claim.entry(&instance.key.name).or_default().push(instance);
                    }
                }
                Err(left_out) => refused.extend(left_out),
            }
        }
        self.left_out.extend(refused);
        claims
    }

    fn report_losers(
        &mut self,
        place: &RequestPlace,
        winner: &str,
        losers: &BTreeMap<String, Claim<'_>>,
    ) {
        let host = place.host.as_deref().unwrap_or("*");
        let path = if place.path.is_empty() {
            "/"
        } else {
            &place.path
        };
        let instances = losers.values().filter_map(|claim| claim.values().next());
        let losers = instances.filter_map(|instances| instances.first());
        let losers = losers.map(|loser| {
            let detail = format!("`{winner}` has `{host}{path}`");
            not_routed(loser, "claimed", detail)
        });
        self.left_out.extend(losers);
    }

    /// The announcements of a route as those of one program a node: where names of a node are announced for different
    /// programs, the first name has the route.
    fn of_one_program<'a>(
        &mut self,
        place: &RequestPlace,
        mut claim: Claim<'a>,
    ) -> Vec<&'a Instance> {
        if let Some(instance) = other_program(&claim) {
            let first = claim.pop_first();
            if let Some((name, _)) = &first {
                let path = if place.path.is_empty() {
                    "/"
                } else {
                    &place.path
                };
                let others: Vec<&str> = claim.keys().map(|name| name.as_str()).collect();
                let others = others.join(", ");
                let detail = format!("`{path}` is that of {name}, so {others} cannot have it too");
                self.left_out.push(not_routed(instance, "programs", detail));
            }
            claim = first.into_iter().collect();
        }
        claim.into_values().flatten().collect()
    }
}

/// An announcement of a node of which another one is for another program.
fn other_program<'a>(claim: &Claim<'a>) -> Option<&'a Instance> {
    let mut programs = BTreeMap::new();
    for instance in claim.values().flatten() {
        let node = (&instance.key.region, &instance.key.node);
        if *programs.entry(node).or_insert(instance.place()) != instance.place() {
            return Some(instance);
        }
    }
    None
}

/// The routes of an announcement; why it has none, if that is to be reported.
fn places(
    kind: RoutingKind,
    balancer: &RoutingBalancer,
    instance: &Instance,
) -> Result<Vec<RequestPlace>, Option<LeftOut>> {
    let Instance {
        key, hosts, path, ..
    } = instance;
    let Some(path) = path.clone() else {
        let detail = format!(
            "{} is public, and not `http://{{HOST}}:{{PORT}}` with a path",
            key.name
        );
        let is_reported = kind == RoutingKind::External;
        return Err(is_reported.then(|| not_routed(instance, "pattern", detail)));
    };
    let place = |host| RequestPlace {
        host,
        path: path.clone(),
    };
    if !hosts.is_empty() {
        return Ok(hosts
            .iter()
            .cloned()
            .map(|host| place(Some(host)))
            .collect());
    }
    if let Some(domain) = &balancer.domain {
        let host = format!("{}.{domain}", key.service);
        return match host_name(&host) {
            Ok(host) => Ok(vec![place(Some(host))]),
            Err(reason) => Err(Some(not_routed(
                instance,
                "host",
                format!("`{host}` {reason}"),
            ))),
        };
    }
    if path.is_empty() {
        let detail = format!(
            "give `balance.{kind}.domain` in config.json, or `balance.hosts` in its manifest"
        );
        return Err(Some(not_routed(instance, "host", detail)));
    }
    Ok(vec![place(None)])
}

fn claimant(instance: &Instance) -> String {
    format!("{}:{}", instance.key.federation, instance.key.service)
}

fn not_routed(instance: &Instance, reason: &'static str, detail: String) -> LeftOut {
    LeftOut {
        kind: LeftOutKind::Route,
        id: instance.key.service.to_string(),
        federation: Some(instance.key.federation.clone()),
        reason,
        detail,
    }
}

#[cfg(test)]
mod tests;
