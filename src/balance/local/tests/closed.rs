//! Ports that stay closed, because somebody else has them or no one pool can serve them.

use std::time::Duration;

use super::{NOTHING, OPEN, world};
use crate::balance::world::{World, id, name, reasons, shown};

#[test]
fn the_port_of_a_program_on_this_node_is_left_to_it() {
    let mut world = world();
    assert_eq!(shown(&world.run()), OPEN);
    world.render();
    world.manifest("other", r#""environment": {"PORT": 21100}"#);
    let plan = world.run();
    assert_eq!((shown(&plan), plan.state.ports.len()), (vec![], 0));
    // One that cannot be read keeps its port.
    world.manifests.insert(id("other"), None);
    assert_eq!(shown(&world.run()), NOTHING);
    world.manifests.remove(&id("other"));
    let provides = r#""provides": {"X": {"value": "{HOST}:{PORT}", "port": 21100}}"#;
    world.manifest("other", provides);
    assert_eq!(shown(&world.run()), NOTHING);
    world.manifests.remove(&id("other"));
    assert_eq!(shown(&world.run()), OPEN);
}

#[test]
fn a_port_that_somebody_holds_is_left_out() {
    let mut world = world();
    world.taken.insert(
        21100,
        "`java` (pid 4711) listens on 0.0.0.0:21100".to_owned(),
    );
    let plan = world.run();
    assert_eq!(shown(&plan), NOTHING);
    assert_eq!(reasons(&plan), ["127.0.0.1:21100: taken"]);
    let detail = "`java` (pid 4711) listens on 0.0.0.0:21100; API stays direct";
    assert_eq!(plan.left_out[0].detail, detail);
    assert!(plan.state.ports.is_empty());
    world.taken.clear();
    assert_eq!(shown(&world.run()), OPEN);
}

#[test]
fn a_port_that_is_taken_for_a_while_remembers_which_names_were_in_use() {
    let master = ["21100 RO -> east:api:m"];
    let all = ["21100 RO -> east:api:m east:api:r1"];
    for (taken, free, expected) in [
        (0, 0, &master),
        (0, 3599, &master),
        (1800, 1799, &master),
        (1800, 1800, &all),
        (3600, 0, &all),
    ] {
        let mut world = World::new();
        world.requires("API RO");
        world.announce("f/east/api@m", "API RO", |_| {});
        world.run();
        world.render();
        world.requires("RO");
        world.announce("f/east/api@r1", "RO", |_| {});
        world.run();
        world.render();
        world.run();
        world.taken.insert(21100, "`java` listens".to_owned());
        let plan = world.run();
        assert_eq!(shown(&plan), NOTHING);
        assert!(plan.state.ports[&21100].served.is_empty());
        world.now += Duration::from_secs(taken);
        world.run();
        world.taken.clear();
        world.now += Duration::from_secs(free);
        assert_eq!(shown(&world.run()), *expected, "{taken} s, then {free} s");
    }
}

#[test]
fn two_that_claim_one_port_are_both_direct_and_reported() {
    let mut world = world();
    world.requires("API SEARCH");
    world.announce("f/east/search@s1", "SEARCH", |_| {});
    assert_eq!(shown(&world.look()), NOTHING);
    assert_eq!(reasons(&world.look()), ["API: claimed", "SEARCH: claimed"]);
    assert_eq!(
        world.look().left_out[0].detail,
        "`f:api` and `f:search` claim port 21100; give each a `local_port` of its own"
    );
    // Of a name that this node does not want, nobody here knows.
    world.requires("API");
    assert_eq!(shown(&world.look()), OPEN);
    // Two federations with one name.
    world.settings.local.as_mut().unwrap().names = [name("API")].into();
    world.announce("g/east/api@g1", "API", |_| {});
    assert_eq!(shown(&world.look()), NOTHING);
    assert_eq!(reasons(&world.look()), ["API: claimed", "API: claimed"]);
    // Two services that provide the same name there are one pool.
    let mut world = self::world();
    world.announce("f/east/canary@c1", "API", |_| {});
    let expected = ["21100 API -> east:api:a1 east:api:a2 east:canary:c1"];
    assert_eq!(shown(&world.look()), expected);
}

#[test]
fn programs_of_a_node_that_share_a_port_are_direct() {
    let mut world = World::new();
    world.requires("API ADMIN");
    world.announce("f/east/api@a1", "API", |_| {});
    world.announce("f/east/api@a1", "ADMIN", |a| a.port = Some(8081));
    assert_eq!(shown(&world.look()), NOTHING);
    assert_eq!(reasons(&world.look()), ["ADMIN: programs", "API: programs"]);
}

#[test]
fn a_value_without_a_local_form_opens_no_port() {
    let mut world = World::new();
    world.requires("API");
    world.announce("f/east/api@a1", "API", |a| {
        a.pattern = "https://{HOST}:{PORT}".to_owned();
    });
    assert_eq!(shown(&world.look()), NOTHING);
}
