//! What no plan of a random fleet may do: cross a wall, or send a conf to an instance that does not provide its name.

use std::time::Duration;

use serde_json::json;

use crate::{
    balance::{
        members::Member,
        plan::BalancePlan,
        random::Draws,
        view::{LocalPort, Pool, RoutingKind, ServedName, Server},
        wants::served_names,
        world::{World, id, name, routing},
    },
    model::{announcement::Announcement, key::Key, snapshot::Snapshot},
};

/// A random fleet of two federations of this node and one that is not.
fn random_world(draws: &mut Draws) -> World {
    let mut world = World::new();
    let names = ["A", "B", "C"];
    let is_given = |draws: &mut Draws| draws.percent(70).then(routing);
    (world.settings.internal, world.settings.external) = (is_given(draws), is_given(draws));
    world.settings.local.as_mut().unwrap().names =
        draws.some(&names.map(name), 50).into_iter().collect();
    world.snapshots.insert(id("g"), Snapshot::default());
    world.requires(&draws.some(&names, 50).join(" "));
    for _ in 0..draws.below(30) {
        let who = format!(
            "{}/{}/{}@n{}",
            draws.one(&["f", "g", "f", "other"]),
            draws.one(&["east", "west", "south", "north"]),
            draws.one(&["api", "www"]),
            draws.below(6)
        );
        let (port, public) = (*draws.one(&[21100, 21200]), draws.percent(30));
        let pattern = draws.one(&[
            "http://{HOST}:{PORT}/x",
            "http://{HOST}:{PORT}/y",
            "{HOST}:{PORT}",
        ]);
        let hosts = draws.percent(30).then(|| json!([draws.one(&["a", "b"])]));
        let name: &&str = draws.one(&names);
        world.announce(&who, name, |a| {
            (a.local_port, a.public) = (Some(port), public);
            (*pattern).clone_into(&mut a.pattern);
            a.hosts.clone_from(&hosts);
        });
    }
    let other = world.snapshots.remove(&id("other")).unwrap_or_default();
    // Whoever reads too much must not use it.
    for federation in ["f", "g"] {
        let snapshot = world.snapshots.get_mut(&id(federation)).unwrap();
        snapshot.live.extend(other.live.clone());
    }
    world
}

fn pool_of<'a>(plan: &'a BalancePlan, name: &str) -> &'a Pool {
    let mut pools = plan.view.pools.iter();
    pools.find(|pool| pool.name == name).unwrap()
}

fn members_of<'a>(plan: &'a BalancePlan, pool: &Pool, server: &Server) -> &'a [Member] {
    &plan.members[&format!("{}/{}", pool.name, server.name)]
}

/// Checks that each pool is of one federation of this node and of its regions; how many servers there were.
fn check_walls_of_pools(plan: &BalancePlan) -> usize {
    let mut seen = 0;
    for pool in &plan.view.pools {
        assert_ne!(pool.federation, id("other"));
        for server in &pool.servers {
            let members = members_of(plan, pool, server);
            assert!(!members.is_empty());
            for Member { key, .. } in members {
                assert_eq!(key.federation, pool.federation);
                assert_ne!(key.region, id("north"));
            }
            seen += 1;
        }
    }
    seen
}

/// Checks that all that the external balancer reaches is announced as public for its path; how many servers there were.
fn check_public(world: &World, plan: &BalancePlan) -> usize {
    let frontends = plan.view.frontends.iter();
    let external = frontends.filter(|frontend| frontend.kind == RoutingKind::External);
    let mut seen = 0;
    for route in external.flat_map(|frontend| &frontend.routes) {
        let pool = pool_of(plan, &route.pool);
        let snapshot = &world.snapshots[&pool.federation];
        for server in &pool.servers {
            let is_public = snapshot.live.iter().any(|(key, live)| {
                let Announcement { pattern, host, .. } = &*live.announcement;
                format!("{}:{}:{}", key.region, key.service, key.node) == server.name
                    && key.federation == pool.federation
                    && live.announcement.public
                    && pattern.ends_with(&route.path)
                    && *host == server.address
            });
            assert!(is_public, "{server:?} of {route:?}");
            seen += 1;
        }
    }
    seen
}

#[test]
fn nothing_crosses_a_wall() {
    let mut draws = Draws::new();
    let mut seen = [0; 3];
    for _ in 0..1500 {
        let mut world = random_world(&mut draws);
        for _ in 0..2 {
            let plan = world.run();
            seen[0] += check_walls_of_pools(&plan);
            seen[1] += check_public(&world, &plan);
            seen[2] += plan.view.ports.len();
            world.render();
        }
    }
    assert!(seen.iter().all(|seen| *seen > 1000), "{seen:?}");
}

/// Checks that each name that a conf may have by a port is provided by each of its servers, unless nothing in rotation
/// provides it there; how many pairs there were.
fn check_names(world: &World, plan: &BalancePlan, port: &LocalPort) -> usize {
    let used = world.used.ports.get(&port.port);
    let used = used.map(served_names).unwrap_or_default();
    let names = used.into_iter().chain(port.names.iter().cloned());
    let pool = pool_of(plan, &port.pool);
    let mut checked = 0;
    for (ServedName { federation, name }, server) in names.flat_map(|name| {
        pool.servers
            .iter()
            .map(move |server| (name.clone(), server))
    }) {
        let is_it = |key: &Key| key.federation == federation && key.name == name;
        let in_rotation = plan.state.instances.iter().filter(|(_, known)| {
            known.local_port == Some(port.port) && (known.expired.is_none() || known.kept)
        });
        let mut keys = in_rotation.filter_map(|(path, _)| Key::parse(path));
        let is_provided = keys.any(|(_, key)| is_it(&key));
        let mut members = members_of(plan, pool, server).iter();
        assert!(!is_provided || members.any(|member| is_it(&member.key)));
        checked += 1;
    }
    checked
}

#[test]
fn no_conf_reaches_an_instance_that_does_not_provide_its_name() {
    let mut draws = Draws::new();
    let mut checked = 0;
    for _ in 0..300 {
        let mut world = random_world(&mut draws);
        world.settings.close_after = Duration::ZERO;
        for _ in 0..4 {
            let other = random_world(&mut draws);
            world.snapshots = other.snapshots;
            world.settings.local = other.settings.local;
            let plan = world.run();
            let ports = plan.view.ports.iter();
            checked += ports
                .map(|port| check_names(&world, &plan, port))
                .sum::<usize>();
            if draws.percent(50) {
                world.render();
            }
        }
    }
    assert!(checked > 500, "{checked}");
}
