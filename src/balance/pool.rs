//! Pools: from instances to servers, in the regions that serve, with what their members agree on.

use std::collections::BTreeSet;

use super::{
    instance::Instance,
    members::Member,
    view::{Pool, PoolCheck, Server},
};
use crate::model::{balancing::Mode, id::Id, name::Name};

/// The time from one check to the next where no announcement gives one, in milliseconds.
const INTERVAL: u128 = 5000;

/// A pool, with the announcements behind each of its servers.
#[derive(Clone, Debug)]
pub(super) struct PoolPlan {
    pub pool: Pool,
    /// In the order of its servers.
    pub members: Vec<Vec<Member>>,
}

/// A pool of these instances, each given with all its announcements that count there. The first region with any serves,
/// the next is there for the time when it has none that works, and the others are left out.
pub(super) fn pool(
    name: String,
    federation: &Id,
    servers: &[Vec<&Instance>],
    regions: &[Id],
) -> PoolPlan {
    let has_any = |region: &&Id| servers.iter().flatten().any(|i| i.key.region == **region);
    let mut serving = regions.iter().filter(has_any);
    let (first, backup) = (serving.next(), serving.next());
    let mut planned: Vec<(Server, Vec<Member>, &[&Instance])> = Vec::new();
    for instances in servers {
        let region = instances.first().map(|instance| &instance.key.region);
        if region == first || region == backup {
            let server = server(instances, region != first);
            planned.extend(server.map(|server| (server, members(instances), &instances[..])));
        }
    }
    planned.sort_by(|(a, ..), (b, ..)| a.name.cmp(&b.name));
    let all: Vec<&Instance> = planned
        .iter()
        .flat_map(|(.., all)| all.iter().copied())
        .collect();
    let names: BTreeSet<&Name> = all.iter().map(|instance| &instance.key.name).collect();
    let pool = Pool {
        name,
        federation: federation.clone(),
        names: names.into_iter().cloned().collect(),
        mode: common(&all, |instance| instance.mode).unwrap_or_default(),
        check: common(&all, |instance| instance.health.clone())
            .flatten()
            .map(|health| PoolCheck {
                interval: format!("{}ms", health.interval.map_or(INTERVAL, |i| i.as_millis())),
                path: health.path,
            }),
        servers: planned.iter().map(|(server, ..)| server.clone()).collect(),
    };
    let members = planned.into_iter().map(|(_, members, _)| members).collect();
    PoolPlan { pool, members }
}

/// The server of a program, by all its announcements.
fn server(instances: &[&Instance], backup: bool) -> Option<Server> {
    let instance = instances.first()?;
    Some(Server {
        name: instance.server(),
        address: instance.host.clone(),
        port: instance.port,
        backup,
        kept: instances.iter().all(|instance| instance.kept),
    })
}

fn members(instances: &[&Instance]) -> Vec<Member> {
    let member = |instance: &&Instance| Member {
        key: instance.key.clone(),
        revision: instance.revision,
    };
    let mut members: Vec<Member> = instances.iter().map(member).collect();
    members.sort();
    members
}

/// What all instances say; `None` where they differ.
fn common<T: PartialEq>(all: &[&Instance], says: impl Fn(&Instance) -> T) -> Option<T> {
    let mut said = all.iter().map(|instance| says(instance));
    let first = said.next()?;
    said.all(|other| other == first).then_some(first)
}

impl PoolPlan {
    /// The same as a pool of HTTP requests, whatever is said of connections.
    pub(super) fn of_requests(mut self) -> Self {
        self.pool.mode = Mode::Http;
        self
    }
}
