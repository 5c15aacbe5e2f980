//! A picture of 200 services on 100 nodes in a real Chromium, and pictures in the hands of Graphviz and mermaid.

#![expect(clippy::print_stdout, reason = "proofs print their figures")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};

use crate::harness::{
    not_run,
    scenario::Scenario,
    seed::{self, Dice},
};

const SERVICES: usize = 200;
const NODES: usize = 100;
const REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
const FEDERATIONS: [(&str, usize); 2] = [("seatgeek", 150), ("pivotly", 50)];

/// What `script/setup prove` installs.
fn module(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("node/node_modules").join(name)
}

/// Whether a program answers; says loudly what is not tried without it.
fn has(program: &str, arguments: &[&str], what: &str) -> bool {
    let answer = Command::new(program).args(arguments).output();
    let is_there = answer.is_ok_and(|answer| answer.status.success());
    if !is_there {
        println!("NOT RUN: {what}");
        not_run::record(not_run::LIST.as_ref(), what);
    }
    is_there
}

fn has_browser(what: &str) -> bool {
    let puppeteer = module("puppeteer-core").display().to_string();
    let chromium = has("chromium", &["--version"], &format!("{what}: no chromium"));
    chromium
        && has(
            "node",
            &["-e", &format!("require('{puppeteer}')")],
            &format!("{what}: no puppeteer-core"),
        )
}

/// A node whose embedded registry has a random fleet: services that need later ones, some of whose providers were
/// withdrawn or have expired.
fn fleet() -> Scenario {
    let _printed = seed::config();
    let mut dice = Dice::new();
    let node = Scenario::new()
        .config(r#"{"federation": "seatgeek", "federations": ["seatgeek", "pivotly"]}"#);
    FEDERATIONS.iter().fold(node, |node, (federation, count)| {
        let registry = RandomRegistry::draw(&mut dice, federation, *count);
        let text = json!({"version": 1, "revision": 9, "keys": registry.keys});
        let path = format!("var/lib/reconf/registry/{federation}.json");
        node.file(&path, &text.to_string())
    })
}

/// The registry of a federation.
struct RandomRegistry {
    federation: &'static str,
    /// The nodes of each service.
    places: Vec<Vec<usize>>,
    keys: Map<String, Value>,
}

impl RandomRegistry {
    fn draw(dice: &mut Dice, federation: &'static str, services: usize) -> Self {
        let nodes = NODES * services / SERVICES;
        let places = (0..services).map(|service| {
            let others = (0..dice.roll(4)).map(|_| dice.roll(nodes));
            // Every node has a service.
            [service % nodes].into_iter().chain(others).collect()
        });
        let mut registry = Self {
            federation,
            places: places.collect(),
            keys: Map::new(),
        };
        for service in 0..services {
            for node in registry.places[service].clone() {
                registry.add(dice, service, node);
            }
        }
        registry
    }

    fn node(&self, node: usize) -> String {
        format!("{}-{node:02}", self.federation)
    }

    fn key(&self, kind: &str, service: usize, node: usize) -> String {
        let region = REGIONS[node % REGIONS.len()];
        let (federation, node) = (self.federation, self.node(node));
        format!("/reconf/v1/{federation}/{kind}/S{service}_URL/{region}/service-{service}@{node}")
    }

    fn put(&mut self, key: String, value: &Value) {
        let record = json!({"value": value.to_string(), "revision": 7});
        self.keys.insert(key, record);
    }

    fn add(&mut self, dice: &mut Dice, service: usize, node: usize) {
        let since = "2026-11-26T09:16:19Z";
        match dice.roll(60) {
            0 => self.put(self.key("withdrawn", service, node), &json!({"by": "hand", "at": since})),
            1 => {}
            _ => self.put(
                self.key("provides", service, node),
                &json!({"value": "x", "pattern": "x", "host": "10.0.0.1", "port": 80, "local_port": null, "since": since,
                    "service": format!("service-{service}"), "node": self.node(node), "public": service.is_multiple_of(20)}),
            ),
        }
        let left = self.places.len() - service - 1;
        let mut needs = Map::new();
        for _ in 0..dice.roll(4).min(left) {
            // Most need one of the next few, so that there are layers.
            let needed = service + 1 + dice.roll(left.min(40));
            let places = &self.places[needed];
            let place = places[dice.roll(places.len())];
            needs.insert(
                format!("V{needed}"),
                json!([[self.key("provides", needed, place), 3]]),
            );
        }
        let node = self.node(node);
        let path = format!(
            "/reconf/v1/{}/applied/{node}/service-{service}",
            self.federation
        );
        self.put(path, &Value::Object(needs));
    }
}

/// Runs a script of this folder with node, and returns what it prints as JSON.
fn browse(script: &str, arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/graph")
        .join(script);
    let output = Command::new("node")
        .arg(script)
        .args(arguments)
        .env("NODE_PATH", module(""))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "long: script/prove"]
fn two_hundred_services_are_searched_filtered_clicked_and_printed_in_chromium() {
    if !has_browser("graph in Chromium") {
        return;
    }
    let node = fleet();
    let _written = node.run(&["graph", "-o", "fleet.html"]).exits(0);
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graph");
    fs::create_dir_all(&pictures).unwrap();
    let page = node.path("fleet.html").display().to_string();
    let seen = browse("page.js", &[&page, &pictures.display().to_string()]);
    println!("{seen:#}\npictures: {}", pictures.display());
    // Nothing was asked for but the page itself, and the page's own policy refuses a script that tries.
    assert_eq!(seen["requests"], json!([format!("file://{page}")]));
    assert_eq!(
        (&seen["errors"], &seen["escaped"]),
        (&json!([]), &json!("refused"))
    );
    assert_eq!(
        (&seen["services"], &seen["overlapping"]),
        (&json!(SERVICES), &json!(0))
    );
    assert_eq!(
        (&seen["faults_aside"], &seen["cut_row"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(seen["pages"], 1);
    let search = &seen["search"];
    assert_eq!(
        (&search["wrong"], &search["by_enter"]),
        (&json!(0), &json!("service-42"))
    );
    assert!(search["shown"].as_i64().unwrap() > 1, "{search}");
    assert_eq!(
        (&seen["federation"]["shown"], &seen["federation"]["wrong"]),
        (&json!(50), &json!(0))
    );
    assert_eq!(seen["region"]["wrong"], 0);
    clicks_light_up_neighbours(&seen["clicked"]);
    assert_eq!(seen["closed"], 0);
    // Readable where it opens: letters of a screen's size, and none wider than its box.
    assert!(seen["font"].as_f64().unwrap() >= 12.0, "{seen}");
    assert_eq!(seen["too_wide"], json!([]));
}

fn clicks_light_up_neighbours(clicked: &Value) {
    assert_eq!(clicked["lit"], clicked["expected"]);
    assert_eq!(clicked["panel"], clicked["label"]);
    assert!(
        clicked["far"].as_i64() > clicked["near"].as_i64(),
        "{clicked}"
    );
}

#[test]
#[ignore = "long: script/prove"]
fn graphviz_and_mermaid_draw_every_box() {
    let node = fleet();
    let hostile = r#"{"id": "x", "requires": {"A": "{B}"}, "provides": {"C": "{HOST}"}}"#;
    let node = node.file("repo/x.json", hostile);
    for (arguments, boxes) in [
        (&["graph"][..], SERVICES),
        (&["graph", "--check", "repo"], 2),
    ] {
        if has("dot", &["-V"], "graph with Graphviz: no dot") {
            let drawn = node.sh(&format!("reconf {} | dot -Tsvg", arguments.join(" ")));
            let drawn = String::from_utf8(drawn.exits(0).output.stdout).unwrap();
            assert!(
                drawn.matches("class=\"node\"").count() >= boxes,
                "{arguments:?}"
            );
        }
        if has_browser("graph with mermaid") && module("mermaid").exists() {
            let chart = [arguments, &["--format", "mermaid"]].concat();
            let chart = node.run(&chart).exits(0).output.stdout;
            node.put("chart.mmd", &String::from_utf8(chart).unwrap());
            let file = node.path("chart.mmd").display().to_string();
            let library = module("mermaid/dist/mermaid.min.js").display().to_string();
            let seen = browse("mermaid.js", &[&file, &library]);
            assert!(seen["nodes"].as_u64().unwrap() >= boxes as u64, "{seen}");
        }
    }
}
