//! Which ports of the local balancer are open, and what is behind them, from fleets to pools.

use std::time::Duration;

use serde_json::json;

use crate::{
    balance::world::{World, id, name, reasons, shown},
    model::{
        announcement::Announcement, balance_state::SwitchedOff, name::Name, snapshot::Snapshot,
    },
};

mod closed;

const NOTHING: [&str; 0] = [];

/// A node that requires API, which two nodes provide.
fn world() -> World {
    let mut world = World::new();
    world.requires("API");
    world.announce("f/east/api@a1", "API", |_| {});
    world.announce("f/east/api@a2", "API", |_| {});
    world
}

const OPEN: [&str; 1] = ["21100 API -> east:api:a1 east:api:a2"];

#[test]
fn names_that_manifests_require_or_provide_are_served() {
    let mut world = World::new();
    world.announce("f/east/api@a1", "API RO EACH EXTRA", |_| {});
    assert_eq!(shown(&world.look()), NOTHING);
    let all = r#""requires": {"E": {"value": "{EACH}", "pick": "all"}}"#;
    world.manifest("each", all);
    assert_eq!(shown(&world.look()), NOTHING);
    world.requires("API");
    assert_eq!(shown(&world.look()), ["21100 API -> east:api:a1"]);
    world.manifest(
        "own",
        r#""provides": {"RO": "http://{HOST}:{PORT}"}, "environment": {"PORT": 1}"#,
    );
    world.settings.local.as_mut().unwrap().names = [name("EXTRA")].into();
    assert_eq!(shown(&world.look()), ["21100 API EXTRA RO -> east:api:a1"]);
    let plan = world.look();
    let names: Vec<&str> = plan.view.pools[0].names.iter().map(Name::as_str).collect();
    assert_eq!(names, ["API", "EXTRA", "RO"]);
    let members = &plan.members["local:21100/east:api:a1"];
    assert_eq!(members.len(), 3);
    assert_eq!(plan.state.addresses, plan.view.ports[0].addresses);
}

#[test]
fn what_the_master_alone_provides_is_never_sent_to_replicas() {
    let mut world = World::new();
    world.requires("API RO");
    world.announce("f/east/api@m", "API RO", |_| {});
    assert_eq!(shown(&world.run()), ["21100 API RO -> east:api:m"]);
    world.render();
    world.announce("f/east/api@r1", "RO", |_| {});
    // A conf has API by the port, so it sends to the master alone until that conf is gone for as long as programs keep it.
    assert_eq!(shown(&world.run()), ["21100 RO -> east:api:m"]);
    world.render();
    assert_eq!(shown(&world.run()), ["21100 RO -> east:api:m"]);
    world.now += Duration::from_secs(3599);
    assert_eq!(shown(&world.run()), ["21100 RO -> east:api:m"]);
    world.now += Duration::from_secs(1);
    let expected = ["21100 RO -> east:api:m east:api:r1"];
    assert_eq!(shown(&world.run()), expected);
    assert_eq!(reasons(&world.look()), NOTHING);
}

#[test]
fn a_manifest_that_cannot_be_read_leaves_its_ports_as_they_were() {
    let mut world = world();
    world.run();
    world.manifests.insert(id("www"), None);
    assert_eq!(shown(&world.run()), OPEN);
    world.manifests.clear();
    assert_eq!(shown(&world.run()), NOTHING);
}

#[test]
fn the_first_region_serves_and_the_next_is_backup() {
    let mut world = World::new();
    world.requires("API");
    world.announce("f/south/api@s1", "API", |_| {});
    assert_eq!(shown(&world.look()), ["21100 API -> south:api:s1"]);
    world.announce("f/west/api@w1", "API", |_| {});
    assert_eq!(
        shown(&world.look()),
        ["21100 API -> south:api:s1* west:api:w1"]
    );
    world.announce("f/east/api@e1", "API", |_| {});
    assert_eq!(
        shown(&world.look()),
        ["21100 API -> east:api:e1 west:api:w1*"]
    );
    world.announce("f/north/api@n1", "API", |_| {});
    assert_eq!(
        shown(&world.look()),
        ["21100 API -> east:api:e1 west:api:w1*"]
    );
}

#[test]
fn a_pool_has_what_its_members_agree_on() {
    let http = |a: &mut Announcement| {
        a.mode = Some(json!("http"));
        a.health = Some(json!({"path": "/health", "interval": "2s"}));
    };
    let mut world = World::new();
    world.requires("API");
    world.announce("f/east/api@a1", "API", http);
    world.announce("f/east/api@a2", "API", http);
    let pool = |world: &World| {
        let pool = &world.look().view.pools[0];
        let check = pool.check.as_ref();
        format!(
            "{} {}",
            pool.mode,
            check.map_or(String::new(), |c| format!("{} {}", c.path, c.interval))
        )
    };
    assert_eq!(pool(&world), "http /health 2000ms");
    world.announce("f/east/api@a3", "API", |a| a.mode = Some(json!("http")));
    assert_eq!(pool(&world), "http ");
    world.announce("f/east/api@a3", "API", |a| {
        a.health = Some(json!({"path": "/health"}));
    });
    assert_eq!(pool(&world), "tcp ");
    world.expire("f/east/api@a3");
    world.announce("f/east/api@a1", "API", |a| {
        a.health = Some(json!({"path": "/x"}));
    });
    world.announce("f/east/api@a2", "API", |a| {
        a.health = Some(json!({"path": "/x"}));
    });
    assert_eq!(pool(&world), "tcp /x 5000ms");
}

#[test]
fn switched_off_a_port_stays_open_until_nothing_has_it() {
    for how in ["switch", "kind", "address"] {
        let mut world = world();
        world.run();
        world.render();
        match how {
            "switch" => world.before.off = Some(SwitchedOff::default()),
            "kind" => world.settings.local = None,
            _ => {
                let local = world.settings.local.as_mut().unwrap();
                local.addresses = vec!["127.0.0.2".parse().unwrap()];
            }
        }
        let direct = ["21100  -> east:api:a1 east:api:a2"];
        let plan = world.run();
        assert_eq!(shown(&plan), direct, "{how}");
        assert_eq!(plan.view.ports[0].addresses[0].to_string(), "127.0.0.1");
        world.render();
        assert_eq!(shown(&world.run()), direct, "{how}");
        assert_eq!(
            world.look().due,
            Some(world.now + Duration::from_secs(3600))
        );
        world.now += Duration::from_secs(3600);
        let plan = world.run();
        assert_eq!(shown(&plan), NOTHING, "{how}");
        assert!(plan.state.addresses.is_empty());
        let is_open = how == "address";
        assert_eq!(plan.due, is_open.then_some(world.now), "{how}");
        let again = world.run();
        let open = if is_open { &OPEN[..] } else { &[] };
        assert_eq!(shown(&again), open, "{how}");
        let address = again
            .view
            .ports
            .first()
            .map(|port| port.addresses[0].to_string());
        assert_eq!(address, is_open.then(|| "127.0.0.2".to_owned()));
    }
}

#[test]
fn a_switch_that_ends_is_on_again() {
    let mut world = world();
    world.before.off = Some(SwitchedOff {
        until: Some("2026-01-01T00:10:00Z".to_owned()),
        ..SwitchedOff::default()
    });
    let plan = world.run();
    assert_eq!(shown(&plan), NOTHING);
    assert_eq!(plan.due, Some(world.now + Duration::from_secs(600)));
    world.now += Duration::from_secs(600);
    assert_eq!(shown(&world.run()), OPEN);
    assert_eq!(world.before.off, None);
    // As for values: a time that cannot be read ends nothing.
    world.before.off = Some(SwitchedOff {
        until: Some("noon".to_owned()),
        ..SwitchedOff::default()
    });
    assert_eq!(shown(&world.run()), NOTHING);
    assert!(world.before.off.is_some());
}

#[test]
fn a_service_whose_record_cannot_be_read_may_use_any_open_port() {
    let mut world = world();
    world.run();
    world.settings.close_after = Duration::ZERO;
    world.manifests.clear();
    world.used.may_lack = true;
    assert_eq!(shown(&world.run()), ["21100  -> east:api:a1 east:api:a2"]);
    assert_eq!(shown(&world.run()), ["21100  -> east:api:a1 east:api:a2"]);
    world.used.may_lack = false;
    assert_eq!(shown(&world.run()), NOTHING);
}

#[test]
fn a_name_in_use_that_nobody_provides_any_more_is_reported() {
    let mut world = world();
    world.run();
    world.render();
    world.snapshots.clear();
    world.snapshots.insert(id("f"), Snapshot::default());
    // The registry lost its leases: they are kept.
    assert_eq!(
        shown(&world.run()),
        ["21100 API -> east:api:a1+ east:api:a2+"]
    );
    assert_eq!(world.look().kept[0].kept, 2);
    world.before.instances.clear();
    assert_eq!(shown(&world.run()), ["21100  -> "]);
    assert_eq!(reasons(&world.look()), ["API: empty"]);
}

#[test]
fn a_registry_that_is_away_changes_nothing_but_own_ports() {
    let mut world = world();
    world.run();
    world.unread.insert(id("f"));
    world.snapshots.insert(id("f"), Snapshot::default());
    assert_eq!(shown(&world.run()), OPEN);
    world.manifest("other", r#""environment": {"PORT": 21100}"#);
    assert_eq!(shown(&world.run()), NOTHING);
}
