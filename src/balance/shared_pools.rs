//! The pools of routes: one for each set of instances, however many routes it has.

use std::collections::BTreeMap;

use super::{
    instance::{Instance, Place},
    pool::{PoolPlan, pool},
    view::{Route, RoutingKind},
};
use crate::model::{id::Id, key::Key, name::Name};

/// The requests of a route: a host in lower case (`None`: any) and a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestPlace {
    pub host: Option<String>,
    pub path: String,
}

/// The programs of a service, each on its node: what a pool consists of.
type Programs<'a> = Vec<(&'a Id, &'a Id, Place<'a>)>;

/// The announcements of each program, by key.
type Announcements<'a> = BTreeMap<(&'a Id, &'a Id), BTreeMap<&'a Key, &'a Instance>>;

/// Pools by federation, service and programs.
#[derive(Default)]
pub(super) struct SharedPools<'a> {
    pools: BTreeMap<(&'a Id, &'a Id, Programs<'a>), SharedPool<'a>>,
}

#[derive(Default)]
struct SharedPool<'a> {
    routes: Vec<(RoutingKind, RequestPlace)>,
    announcements: Announcements<'a>,
}

impl<'a> SharedPools<'a> {
    /// Adds a route to these instances of one service, of which each node has one program.
    pub(super) fn add(
        &mut self,
        kind: RoutingKind,
        place: RequestPlace,
        instances: Vec<&'a Instance>,
    ) {
        let Some(Key {
            federation,
            service,
            ..
        }) = instances.first().map(|instance| &instance.key)
        else {
            return;
        };
        let program = |i: &&'a Instance| (&i.key.region, &i.key.node, i.place());
        let mut programs: Programs<'a> = instances.iter().map(program).collect();
        programs.sort();
        programs.dedup();
        let pool = self.pools.entry((federation, service, programs));
        let pool = pool.or_default();
        pool.routes.push((kind, place));
        for instance in instances {
            let node = (&instance.key.region, &instance.key.node);
            let announcements = pool.announcements.entry(node).or_default();
            announcements.insert(&instance.key, instance);
        }
    }

    /// Names the pools after the first name that each has, so that instances come and go without another name, and returns
    /// the routes of each kind.
    pub(super) fn named(
        self,
        regions: &[Id],
        pools: &mut Vec<PoolPlan>,
    ) -> BTreeMap<RoutingKind, Vec<Route>> {
        let mut shared: Vec<((&Id, &Id, &Name), SharedPool<'a>)> = Vec::new();
        for ((federation, service, _), mut pool) in self.pools {
            pool.routes.sort();
            let keys = pool.announcements.values().flat_map(BTreeMap::keys);
            if let Some(name) = keys.map(|key| &key.name).min() {
                shared.push(((federation, service, name), pool));
            }
        }
        shared.sort_by(|(a, one), (b, other)| (a, &one.routes).cmp(&(b, &other.routes)));
        let mut names_given: BTreeMap<(&Id, &Id, &Name), usize> = BTreeMap::new();
        let mut routes: BTreeMap<RoutingKind, Vec<Route>> = BTreeMap::new();
        for (identity, shared) in shared {
            let (federation, service, name) = identity;
            let given = names_given.entry(identity).or_default();
            *given += 1;
            let name = match *given {
                1 => format!("http:{federation}:{service}:{name}"),
                given => format!("http:{federation}:{service}:{name}:{given}"),
            };
            for (kind, RequestPlace { host, path }) in shared.routes {
                let pool = name.clone();
                let route = Route { host, path, pool };
                routes.entry(kind).or_default().push(route);
            }
            let servers = shared.announcements.into_values();
            let servers: Vec<Vec<&Instance>> =
                servers.map(|all| all.into_values().collect()).collect();
            pools.push(pool(name, federation, &servers, regions).of_requests());
        }
        for routes in routes.values_mut() {
            routes.sort();
        }
        routes
    }
}
