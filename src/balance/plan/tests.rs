//! Whole plans: their order, what they remember, and what they cost.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::{
    balance::{
        file,
        world::{World, id, routing, shown},
    },
    model::{settings::RoutingBalancer, snapshot::Entry},
};

mod walls;

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
