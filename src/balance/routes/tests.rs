//! Routes, from announcements to pools.

use serde_json::json;

use crate::{
    balance::world::{World, name, reasons, routing, shown},
    model::announcement::Announcement,
};

const NOTHING: [&str; 0] = [];

fn at(path: &str) -> impl Fn(&mut Announcement) {
    move |a| a.pattern = format!("http://{{HOST}}:{{PORT}}{path}")
}

#[test]
fn hosts_come_from_the_announcement_then_from_the_domain_then_from_nowhere() {
    let mut world = World::routing();
    world.announce("f/east/Api_1@a1", "API", at("/v1/"));
    assert_eq!(shown(&world.look()), ["internal */v1 -> east:Api_1:a1"]);
    world.announce("f/east/Api_1@a1", "API", at(""));
    assert_eq!(shown(&world.look()), NOTHING);
    assert_eq!(reasons(&world.look()), ["Api_1: host"]);
    let detail = &world.look().left_out[0].detail;
    assert_eq!(
        detail,
        "give `balance.internal.domain` in config.json, or `balance.hosts` in its manifest"
    );
    world.settings.internal.as_mut().unwrap().domain = Some("int.example.com".to_owned());
    let expected = ["internal api_1.int.example.com -> east:Api_1:a1"];
    assert_eq!(shown(&world.look()), expected);
    let hosts = |a: &mut Announcement| a.hosts = Some(json!(["b.example", "A.example"]));
    world.announce("f/east/Api_1@a1", "API", hosts);
    let expected = [
        "internal a.example -> east:Api_1:a1",
        "internal b.example -> east:Api_1:a1",
    ];
    assert_eq!(shown(&world.look()), expected);
    world.settings.internal.as_mut().unwrap().names = Some([name("OTHER")].into());
    assert_eq!(shown(&world.look()), NOTHING);
}

#[test]
fn the_world_sees_what_is_public_and_nothing_else() {
    let mut world = World::routing();
    world.settings.external = Some(routing());
    world.announce("f/east/api@a1", "API", at("/api"));
    world.announce("f/east/www@w1", "WWW", |a| {
        at("/www")(a);
        a.public = true;
    });
    // A port says nothing about HTTP, but whoever makes it public means to reach it.
    world.announce("f/east/db@d1", "DB", at("?x"));
    assert_eq!(reasons(&world.look()), NOTHING);
    world.announce("f/east/db@d1", "DB", |a| {
        at("?x")(a);
        a.public = true;
    });
    assert_eq!(reasons(&world.look()), ["db: pattern"]);
    let expected = [
        "internal */api -> east:api:a1",
        "internal */www -> east:www:w1",
        "external */www -> east:www:w1",
    ];
    assert_eq!(shown(&world.look()), expected);
}

#[test]
fn a_route_that_is_claimed_twice_is_that_of_the_smaller_service() {
    let mut world = World::routing();
    world.announce("f/east/b@n1", "B", at("/x"));
    world.announce("g/east/a@n2", "A", at("/x"));
    world.announce("g/east/a@n2", "A2", at("/y"));
    let expected = ["internal */x -> east:b:n1", "internal */y -> east:a:n2"];
    assert_eq!(shown(&world.look()), expected);
    assert_eq!(reasons(&world.look()), ["a: claimed"]);
    assert_eq!(world.look().left_out[0].detail, "`f:b` has `*/x`");
    world.expire("f/east/b@n1");
    let expected = ["internal */x -> east:a:n2", "internal */y -> east:a:n2"];
    assert_eq!(shown(&world.look()), expected);
}

#[test]
fn a_route_has_exactly_the_instances_that_provide_it() {
    let mut world = World::routing();
    world.announce("f/east/api@a1", "API", at("/api"));
    world.announce("f/east/api@a2", "API", at("/api"));
    world.announce("f/east/api@a2", "NEW", at("/new"));
    let expected = [
        "internal */api -> east:api:a1 east:api:a2",
        "internal */new -> east:api:a2",
    ];
    assert_eq!(shown(&world.look()), expected);
    let pools = |world: &World| {
        let pools = world.look().view.pools;
        pools.into_iter().map(|pool| pool.name).collect::<Vec<_>>()
    };
    assert_eq!(pools(&world), ["http:f:api:API", "http:f:api:NEW"]);
    world.announce("f/east/api@a1", "NEW", at("/new"));
    // One pool for one set of instances, whose name stays when instances come, move and go.
    assert_eq!(pools(&world), ["http:f:api:API"]);
    world.announce("f/east/api@a3", "API", at("/api"));
    world.announce("f/east/api@a3", "NEW", at("/new"));
    world.announce("f/east/api@a1", "API NEW", |a| a.port = Some(9));
    world.announce("f/east/api@a1", "API", |a| {
        at("/api")(a);
        a.port = Some(9);
    });
    world.announce("f/east/api@a1", "NEW", |a| {
        at("/new")(a);
        a.port = Some(9);
    });
    assert_eq!(pools(&world), ["http:f:api:API"]);
    let plan = world.look();
    assert_eq!(plan.view.pools[0].mode.to_string(), "http");
    assert_eq!(plan.members["http:f:api:API/east:api:a3"].len(), 2);
}

#[test]
fn routes_of_one_name_with_other_instances_have_pools_of_their_own() {
    let mut world = World::routing();
    let hosts = |hosts: &'static [&str]| move |a: &mut Announcement| a.hosts = Some(json!(hosts));
    world.announce("f/east/api@a1", "API", hosts(&["a"]));
    world.announce("f/east/api@a2", "API", hosts(&["a", "b"]));
    let plan = world.look();
    let pools: Vec<&str> = plan
        .view
        .pools
        .iter()
        .map(|pool| pool.name.as_str())
        .collect();
    assert_eq!(pools, ["http:f:api:API", "http:f:api:API:2"]);
    assert_eq!(
        shown(&plan),
        [
            "internal a -> east:api:a1 east:api:a2",
            "internal b -> east:api:a2"
        ]
    );
}

#[test]
fn a_route_has_one_program_a_node() {
    let mut world = World::routing();
    world.announce("f/east/api@a1", "API", at("/x"));
    world.announce("f/east/api@a2", "API", at("/x"));
    world.announce("f/east/api@a1", "ADMIN", |a| {
        at("/x")(a);
        a.port = Some(9);
    });
    let plan = world.look();
    assert_eq!(shown(&plan), ["internal */x -> east:api:a1"]);
    assert_eq!(plan.view.pools[0].servers[0].port, 9);
    assert_eq!(reasons(&plan), ["api: programs"]);
}

#[test]
fn the_first_region_serves_a_route_and_the_next_is_backup() {
    let mut world = World::routing();
    for (region, node) in [
        ("south", "s1"),
        ("west", "w1"),
        ("north", "n1"),
        ("west", "w2"),
    ] {
        world.announce(&format!("f/{region}/api@{node}"), "API", at("/x"));
    }
    let expected = ["internal */x -> south:api:s1* west:api:w1 west:api:w2"];
    assert_eq!(shown(&world.look()), expected);
}
