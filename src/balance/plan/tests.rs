//! Whole plans: their order, their walls, and what they cost.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::{
    balance::{
        file,
        random::Draws,
        view::{RoutingKind, ServedName, Server},
        wants::served_names,
        world::{World, id, name, routing, shown},
    },
    model::{announcement::Announcement, settings::RoutingBalancer, snapshot::Entry},
};

#[test]
fn a_run_looks_each_minute_whether_the_tasks_with_a_replaced_conf_have_ended() {
    let mut world = World::new();
    let due = |world: &mut World| world.look().due;
    assert_eq!(due(&mut world), None);
    world.used.awaits_tasks = true;
    let minute = Duration::from_secs(60);
    assert_eq!(due(&mut world), Some(world.now + minute));
}

#[test]
fn an_announcement_that_nobody_can_read_is_left_out_by_its_key() {
    let mut world = World::new();
    world.requires("A");
    world.announce("f/east/a@n1", "A", |_| {});
    let snapshot = world.snapshots.get_mut(&id("f")).unwrap();
    for key in [
        "/reconf/v1/f/provides/A/east/a;x@n2",
        "/reconf/v1/f/withdrawn/A/east/a;x@n2",
    ] {
        let entry = Entry {
            key: key.to_owned(),
            value: b"{}".to_vec(),
            revision: 7,
            lease: 0,
        };
        snapshot.put(&id("f"), entry);
    }
    let left_out = world.look().left_out;
    let [only] = left_out.as_slice() else {
        panic!("{left_out:?}");
    };
    assert_eq!(only.id, "/reconf/v1/f/provides/A/east/a;x@n2");
    assert_eq!(only.reason, "unreadable");
}

#[test]
fn a_view_is_sorted_and_says_whose_it_is() {
    let mut world = World::routing();
    world.settings.local = World::new().settings.local;
    world.settings.external = Some(routing());
    world.requires("B A");
    world.announce("f/east/b@n2", "B", |a| a.local_port = Some(21200));
    world.announce("f/east/b@n1", "B", |a| a.local_port = Some(21200));
    world.announce("f/east/a@n1", "A", |a| a.pattern += "/a");
    let plan = world.look();
    let view = serde_json::to_value(&plan.view).unwrap();
    assert_eq!(view["version"], 1);
    assert_eq!(
        (&view["node"], &view["region"]),
        (&json!("web01"), &json!("east"))
    );
    let pools = plan.view.pools.iter().map(|pool| pool.name.as_str());
    let expected = ["http:f:a:A", "local:21100", "local:21200"];
    assert_eq!(pools.collect::<Vec<_>>(), expected);
    let expected = [
        "21100 A -> east:a:n1",
        "21200 B -> east:b:n1 east:b:n2",
        "internal */a -> east:a:n1",
    ];
    assert_eq!(shown(&plan), expected);
    let reasons: Vec<&str> = plan.left_out.iter().map(|left| left.reason).collect();
    assert_eq!(reasons, ["host"]);
}

#[test]
fn what_was_known_is_read_back_as_it_was_written() {
    let mut world = World::routing();
    world.settings.local = World::new().settings.local;
    world.requires("API");
    world.announce("f/east/api@a1", "API", |a| {
        a.pattern += "/x";
        a.health = Some(json!({"path": "/h", "interval": "2s"}));
    });
    let plan = world.run();
    let text = serde_json::to_string(&world.before).unwrap();
    assert!(!text.contains("{HOST}"));
    world.before = serde_json::from_str(&text).unwrap();
    assert_eq!(world.before, plan.state);
    world.unread.insert(id("f"));
    let again = world.look();
    assert_eq!(shown(&again), shown(&plan));
    assert_eq!(again.view.pools, plan.view.pools);
    assert_eq!(again.members, plan.members);
}

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

/// 5,000 instances of 200 services, each with a port, a path and a host.
fn large() -> World {
    let mut world = World::routing();
    world.settings.local = World::new().settings.local;
    world.settings.external = Some(RoutingBalancer {
        bind: vec![":81".to_owned()],
        ..routing()
    });
    let names: Vec<String> = (0..200).map(|service| format!("S{service}_URL")).collect();
    world.requires(&names.join(" "));
    for (service, name) in names.iter().enumerate() {
        for node in 0..25 {
            let who = format!("f/east/s{service}@n{}", service * 25 + node);
            world.announce(&who, name, |a| {
                a.local_port = Some(21000 + u16::try_from(service).unwrap());
                a.pattern = format!("http://{{HOST}}:{{PORT}}/s{service}");
                a.public = true;
            });
        }
    }
    world
}

#[test]
fn a_large_fleet_is_planned_whole() {
    let mut world = large();
    for _ in 0..2 {
        let plan = world.run();
        assert_eq!(plan.view.ports.len(), 200);
        assert_eq!(
            plan.view
                .pools
                .iter()
                .map(|pool| pool.servers.len())
                .sum::<usize>(),
            10_000
        );
        assert_eq!(plan.state.instances.len(), 5000);
        assert!(plan.left_out.is_empty());
        world.render();
    }
}

#[test]
#[ignore = "long: script/prove"]
#[expect(clippy::print_stdout, reason = "a figure of script/prove")]
#[expect(clippy::disallowed_methods, reason = "the time that a plan takes")]
fn planning_a_large_fleet_takes_this_long() {
    let mut world = large();
    world.run();
    world.render();
    let text = file::BUILT_IN;
    let output = Path::new("/etc/haproxy/reconf.cfg");
    for _ in 0..5 {
        let begin = Instant::now();
        let plan = world.look();
        let planned = begin.elapsed();
        let rendered = file::render("haproxy.cfg.hbs", text, plan.view, output, &[]).unwrap();
        let (all, bytes) = (begin.elapsed(), rendered.bytes.len());
        println!("planned in {planned:?}, planned and rendered in {all:?}, {bytes} bytes");
    }
}
