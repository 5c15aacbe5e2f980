//! The internal and the external balancer, from announcements to requests. How hosts and paths are told apart is shown
//! beside the template.

use std::{collections::BTreeSet, net::SocketAddr};

use serde_json::{Value, json};

use crate::harness::{
    backend::{Backend, Protocol},
    client::get,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

fn http(id: &str) -> Backend {
    Backend::start(id, "127.0.0.1:0", Protocol::Http)
}

/// A public service of one instance, behind a path.
fn public(service: &str, node: &str, names: &[&str], backend: &Backend, path: &str) -> Instance {
    let mut instance = Instance::of(node, backend.address(), 1).providing(service, names);
    instance.local_port = None;
    instance.public = true;
    instance.pattern += path;
    instance
}

/// The first word of an answer, or its status where that is not 200.
fn answer(port: u16, host: &str, path: &str) -> String {
    let response = get(SocketAddr::from(([127, 0, 0, 1], port)), host, path).unwrap();
    match response.status {
        200 => response
            .body
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned(),
        status => status.to_string(),
    }
}

fn at(port: u16) -> Vec<String> {
    vec![format!("127.0.0.1:{port}")]
}

fn left_out(report: &Value) -> Vec<String> {
    let rows = report["left_out"].as_array().unwrap();
    let row = |row: &Value| format!("{} {} {}", row["kind"], row["id"], row["reason"]);
    rows.iter().map(|one| row(one).replace('"', "")).collect()
}

/// A node with both balancers, and their ports.
fn both() -> (Lab, u16, u16) {
    let (internal, external) = (fixed_port(), fixed_port());
    let config = json!({"balance": {
        "internal": {"bind": at(internal), "domain": "int.example.com"},
        "external": {"bind": at(external)},
    }});
    (Lab::new(Fleet::embedded(), &config), internal, external)
}

/// Announces www at a host of its own, shop at a path, and api for the fleet only.
fn announce_three(lab: &Lab) -> [Backend; 3] {
    let backends = ["www", "api", "shop"].map(http);
    let [www, api, shop] = &backends;
    let hosts = json!(["www.example.com"]);
    lab.announce(&public("www", "web01", &["WWW_URL"], www, "").with("hosts", hosts));
    lab.announce(&public(
        "shop",
        "shop01",
        &["SHOP_URL"],
        shop,
        "/some-mount",
    ));
    let mut private = public("api", "api01", &["API_URL"], api, "");
    private.public = false;
    lab.announce(&private);
    backends
}

#[test]
fn what_is_public_reaches_the_world_and_the_fleet_reaches_all() {
    if !is_there("routes of a real HAProxy") {
        return;
    }
    let (lab, internal, external) = both();
    let _backends = announce_three(&lab);
    assert_eq!(left_out(&lab.balances()), Vec::<String>::new());
    for (port, host, path, expected) in [
        (external, "www.example.com", "/", "www"),
        (external, "WWW.EXAMPLE.COM:80", "/x", "www"),
        (external, "www.example.com", "/some-mount", "www"),
        (external, "any.example.com", "/some-mount/x", "shop"),
        (external, "any.example.com", "/some-mountain", "404"),
        (external, "api.int.example.com", "/", "404"),
        (internal, "api.int.example.com", "/", "api"),
        (internal, "shop.int.example.com", "/some-mount", "shop"),
        (internal, "shop.int.example.com", "/", "404"),
        (internal, "www.example.com", "/", "www"),
        (internal, "www.int.example.com", "/", "404"),
    ] {
        assert_eq!(answer(port, host, path), expected, "{host}{path} at {port}");
    }
}

#[test]
fn instances_come_and_go_without_a_reload_and_routes_by_one() {
    if !is_there("instances behind routes") {
        return;
    }
    let (lab, internal, external) = both();
    let (first, second) = (http("first"), http("second"));
    let [one, two] = [("api01", &first), ("api02", &second)]
        .map(|(node, backend)| public("api", node, &["API_URL"], backend, ""));
    lab.announce(&one);
    lab.balances();
    lab.announce(&two);
    assert_eq!(lab.balances()["how"], "socket");
    lab.withdraw(&one);
    assert_eq!(lab.balances()["how"], "socket");
    assert_eq!(answer(internal, "api.int.example.com", "/"), "second");
    lab.announce(&public("new", "new01", &["NEW_URL"], &first, "/new"));
    assert_eq!(lab.balances()["how"], "reload");
    assert_eq!(answer(external, "any.example.com", "/new"), "first");
    lab.runs_its_file();
}

#[test]
fn a_route_that_two_services_claim_is_the_same_on_every_balancer() {
    if !is_there("a route that two services claim") {
        return;
    }
    let ports = [fixed_port(), fixed_port()];
    let config = |port: u16| json!({"balance": {"external": {"bind": at(port)}}});
    let fleet = Fleet::embedded();
    let other = Fleet::in_federation(&fleet.location(), fleet.federation());
    let labs = [
        Lab::named("lb01", fleet, &config(ports[0])),
        Lab::named("lb02", other, &config(ports[1])),
    ];
    let (one, two) = (http("one"), http("two"));
    // The one that comes first is not the one that has the smaller name.
    labs[0].announce(&public("zebra", "a", &["Z_URL"], &two, "/x"));
    assert_eq!(left_out(&labs[0].balances()), Vec::<String>::new());
    labs[0].announce(&public("adder", "z", &["A_URL"], &one, "/x"));
    for (lab, port) in labs.iter().zip(ports) {
        assert_eq!(left_out(&lab.balances()), ["route zebra claimed"]);
        assert_eq!(answer(port, "any.example.com", "/x/y"), "one");
    }
}

#[test]
fn a_route_leads_only_to_those_that_provide_it_while_half_the_nodes_are_upgraded() {
    if !is_there("an upgrade behind a balancer") {
        return;
    }
    let port = fixed_port();
    let config = json!({"balance": {"external": {"bind": at(port)}}});
    let lab = Lab::new(Fleet::embedded(), &config);
    let nodes = [http("old"), http("new")];
    for (backend, node) in nodes.iter().zip(["old01", "new01"]) {
        lab.announce(&public("www", node, &["WWW_URL"], backend, "/www"));
    }
    lab.announce(&public(
        "www",
        "new01",
        &["SHOP_URL"],
        &nodes[1],
        "/www/shop",
    ));
    assert_eq!(left_out(&lab.balances()), Vec::<String>::new());
    for _ in 0..10 {
        assert_eq!(answer(port, "any.example.com", "/www/shop/x"), "new");
    }
    let answers = || answer(port, "any.example.com", "/www");
    let both: BTreeSet<String> = (0..10).map(|_| answers()).collect();
    assert_eq!(both.len(), 2, "{both:?}");
}
