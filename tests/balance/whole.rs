//! One HAProxy that is the local, the internal and the external balancer of a node with two federations: with the walls
//! between them, and to its end.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::off::left_behind;
use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, get},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// The federations of the node, and one of which it has no part.
const FEDERATIONS: [&str; 3] = ["default", "other", "strange"];

/// A node with a consumer of `API_URL` in each of its federations; `api` of each federation has an instance.
struct Whole {
    lab: Lab,
    internal: u16,
    external: u16,
    /// The local port of each federation's `api`.
    local: [u16; 3],
    apis: [Backend; 3],
}

impl Whole {
    fn new() -> Self {
        let start = |id: &str| Backend::start(id, "127.0.0.1:0", Protocol::Http);
        let whole = Self {
            lab: Lab::new(Fleet::embedded(), &json!({})),
            internal: fixed_port(),
            external: fixed_port(),
            local: [(); 3].map(|()| fixed_port()),
            apis: FEDERATIONS.map(start),
        };
        whole.configure(&json!({
            "local": true,
            "internal": {"bind": [format!("127.0.0.1:{}", whole.internal)]},
            "external": {"bind": [format!("127.0.0.1:{}", whole.external)]},
        }));
        for (at, federation) in FEDERATIONS.iter().enumerate() {
            let instance = Instance::of("n1", whole.apis[at].address(), whole.local[at]);
            let mut instance = instance.with("hosts", json!([host(federation)]));
            instance.public = *federation != "other";
            whole.lab.announce_in(federation, &instance);
        }
        for federation in &FEDERATIONS[..2] {
            let manifest = json!({
                "id": consumer(federation), "federation": federation,
                "requires": {"API_URL": "{API_URL}"},
            });
            let path = format!("etc/reconf/services/{}.json", consumer(federation));
            whole.lab.node.put(&path, &manifest.to_string());
        }
        whole
    }

    fn configure(&self, balance: &Value) {
        let mut balance = balance.clone();
        balance["close_after"] = json!("0s");
        self.lab
            .configure(&json!({"federations": FEDERATIONS[..2], "balance": balance}));
    }

    /// Applies all, twice: what no conf has any more is closed by the run after it.
    fn applies(&self) {
        for _ in 0..2 {
            let _applied = self.lab.node.run(&["apply", "--all"]).exits(0);
        }
    }

    /// Asserts that the conf of a federation's consumer has this value.
    #[track_caller]
    fn has(&self, at: usize, value: &str) {
        let found = self.lab.value_of(&consumer(FEDERATIONS[at]), "API_URL");
        assert_eq!(found.as_deref(), Some(value));
    }

    /// Asserts that both consumers have local values, or direct ones.
    #[track_caller]
    fn all_have(&self, local: bool) {
        for at in 0..2 {
            let direct = format!("http://{}", self.apis[at].address());
            let value = format!("http://127.0.0.1:{}", self.local[at]);
            self.has(at, if local { &value } else { &direct });
        }
    }
}

/// Asserts what is answered for each federation's host, by its id or its status.
#[track_caller]
fn answers(port: u16, expected: [&str; 3]) {
    let answers = FEDERATIONS.map(|federation| asked(port, &host(federation)));
    assert_eq!(answers, expected);
}

fn host(federation: &str) -> String {
    format!("{federation}.example.com")
}

fn consumer(federation: &str) -> String {
    format!("www-{federation}")
}

/// The id of who answers, or the status where that is not 200.
fn asked(port: u16, host: &str) -> String {
    let response = get((Ipv4Addr::LOCALHOST, port).into(), host, "/").unwrap();
    match response.status {
        200 => response.body.split(' ').next().unwrap().to_owned(),
        status => status.to_string(),
    }
}

#[test]
fn one_haproxy_is_all_balancers_of_two_federations_and_keeps_them_apart() {
    if !is_there("three balancers and two federations in one HAProxy") {
        return;
    }
    let whole = Whole::new();
    whole.applies();
    whole.lab.runs_its_file();
    whole.all_have(true);
    answers(whole.local[0], ["default"; 3]);
    answers(whole.local[1], ["other"; 3]);
    answers(whole.internal, ["default", "other", "404"]);
    answers(whole.external, ["default", "404", "404"]);
    let file = whole.lab.file();
    let strange = [whole.apis[2].address().to_string(), "strange".to_owned()];
    assert!(strange.iter().all(|word| !file.contains(word)), "{file}");
    assert!(!file.contains(&format!(":{}", whole.local[2])), "{file}");
}

#[test]
fn all_balancers_of_two_federations_end_one_after_the_other_and_nothing_is_left() {
    if !is_there("three balancers and two federations in one HAProxy") {
        return;
    }
    let whole = Whole::new();
    whole.applies();
    let address = |port: u16| (Ipv4Addr::LOCALHOST, port).into();
    let routed = Client::asking(
        address(whole.internal),
        Sending::Close,
        2,
        &host("other"),
        "/",
    );
    // The local ones end by the switch, and come back.
    let _off = whole.lab.run(&["off"]).exits(0);
    whole.applies();
    whole.all_have(false);
    assert!(!whole.lab.file().contains("listen local:"));
    answers(whole.external, ["default", "404", "404"]);
    let _on = whole.lab.run(&["on"]).exits(0);
    whole.applies();
    whole.all_have(true);
    // Then all end, by a configuration without any, while local balancing is switched off.
    routed.sends(20);
    routed.stop().lost_none_of(20);
    assert!(!left_behind(&whole.lab).is_empty());
    let _off = whole.lab.run(&["off", "--reason", "a test"]).exits(0);
    whole.configure(&json!({}));
    whole.applies();
    whole.all_have(false);
    assert_eq!(left_behind(&whole.lab), Vec::<String>::new());
    let state = whole.lab.state("balance.json");
    assert_eq!(state["off"]["reason"], json!("a test"));
    let _on = whole.lab.run(&["on"]).exits(0);
    assert!(!whole.lab.node.path("var/lib/reconf/balance.json").exists());
}
