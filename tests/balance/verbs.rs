//! The verb and its switch: what is printed, what is refused, what is left behind; and the step of `apply`.

use std::fs;

use serde_json::json;

use super::backend;
use crate::harness::{
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
    scenario::Scenario,
};

const SWITCHED: &str = "values become direct with the next render of each service; ports stay open until nothing uses them";

#[test]
fn without_a_kind_of_balancer_there_is_nothing_to_do() {
    let node = Scenario::new();
    let run = node.run(&["balance", "--dry-run"]);
    run.changes_nothing().reads(
        "$ reconf balance --dry-run
status 78
--- stderr
error: no kind of balancer is given
note: nothing was changed, and nothing of an earlier balancer is left to be ended
hint: set `balance.local`, `balance.internal` or `balance.external` in config.json; `true` takes its defaults
",
    );
    // Nor is there for `apply`.
    node.run(&["apply", "--all"]).fails(0);
    assert!(!node.path("etc/haproxy").exists());
}

#[test]
fn options_of_a_run_do_not_go_with_the_switch() {
    let node = Scenario::new();
    for words in [["--dry-run", "off"], ["--view", "on"]] {
        let run = node.run(&["balance", words[0], words[1]]);
        let said = run.changes_nothing().fails(64);
        assert!(
            said.contains("the options of `balance` do not go with its switch"),
            "{said}"
        );
    }
}

#[test]
fn the_switch_is_kept_and_leaves_nothing_behind() {
    let node = Scenario::new().config(r#"{"balance": {"local": true}}"#);
    let words = [
        "balance",
        "off",
        "--for",
        "2h",
        "--reason",
        "HAProxy update",
    ];
    let said = node.run(&words).fails(0);
    assert!(
        said.starts_with("local balancing is off until 20"),
        "{said}"
    );
    assert!(said.ends_with(&format!(": {SWITCHED}\n")), "{said}");
    let state = fs::read(node.path("var/lib/reconf/balance.json")).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["off"]["reason"], json!("HAProxy update"));
    let said = node.run(&["balance", "off"]).fails(0);
    assert_eq!(said, format!("local balancing is off: {SWITCHED}\n"));
    let said = node.run(&["balance", "on"]).fails(0);
    assert!(
        said.starts_with("local balancing is on; `reconf balance` opens the ports"),
        "{said}"
    );
    assert!(!node.path("var/lib/reconf/balance.json").exists());
    let said = node.run(&["balance", "on"]).fails(0);
    assert_eq!(said, "local balancing was on already\n");
    // Without a local balancer it is for the time when there is one.
    node.put("etc/reconf/config.json", "{}");
    let said = node.run(&["balance", "off"]).fails(0);
    assert!(
        said.starts_with("warning: this node has no local balancer"),
        "{said}"
    );
    node.run(&["balance"]).fails(78);
}

#[test]
fn a_run_says_what_changed_and_shows_what_it_would_change() {
    if !is_there("what `reconf balance` prints") {
        return;
    }
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let (api, port) = (backend("a"), fixed_port());
    let instance = Instance::of("api01", api.address(), port);
    lab.announce(&instance);
    let would = lab.run(&["--dry-run", "--diff", "--detailed-exitcode"]);
    let would = would.changes_nothing().exits(2);
    let text = would.text();
    let line = format!(
        "local: 127.0.0.1:{port} API_URL -> 1 instance (opened); nothing was written, it takes a reload\n"
    );
    assert!(text.contains(&line), "{text}");
    assert!(text.contains(&format!("+ listen local:{port}\n")), "{text}");
    let view = lab.run(&["--view"]).changes_nothing().exits(0);
    let view: serde_json::Value = serde_json::from_slice(&view.output.stdout).unwrap();
    assert_eq!(view["ports"][0]["port"], json!(port));
    let file = lab.run(&["--stdout"]).changes_nothing().exits(0);
    let file = String::from_utf8_lossy(&file.output.stdout).into_owned();
    let said = lab.run(&["--detailed-exitcode"]).fails(2);
    let line = format!("local: 127.0.0.1:{port} API_URL -> 1 instance (opened), with a reload\n");
    assert_eq!(said, line);
    assert_eq!(lab.file(), file);
    let said = lab.run(&["--detailed-exitcode"]).changes_nothing().fails(0);
    assert_eq!(said, "balance: unchanged (1 local port)\n");
    let other = backend("b");
    lab.announce(&Instance::of("api02", other.address(), port));
    let said = lab.run(&[]).fails(0);
    let line =
        format!("local: 127.0.0.1:{port} API_URL -> 2 instances (1 new), without a reload\n");
    assert_eq!(said, line);
}

#[test]
fn a_damaged_switch_is_reported_once_and_hides_nothing() {
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let file = |words: &[&str]| {
        let run = lab.run(words).changes_nothing().exits(0);
        let stderr = String::from_utf8_lossy(&run.output.stderr).into_owned();
        (
            String::from_utf8_lossy(&run.output.stdout).into_owned(),
            stderr,
        )
    };
    let api = Instance::of("api01", "127.0.0.1:9".parse().unwrap(), fixed_port());
    lab.announce(&api);
    let whole = file(&["--stdout"]);
    assert!(whole.0.contains("server default:api:api01"), "{}", whole.0);
    assert_eq!(whole.1, "");
    lab.node.put(
        "var/lib/reconf/balance.json",
        r#"{"version": 1, "off": {"since": 5}}"#,
    );
    let damaged = file(&["--stdout"]);
    assert_eq!(damaged.0, whole.0);
    assert_eq!(
        damaged.1.matches("balance.json").count(),
        1,
        "{}",
        damaged.1
    );
    assert!(damaged.1.starts_with("warning: "), "{}", damaged.1);
}

#[test]
fn apply_opens_a_port_before_a_conf_names_it_and_goes_on_where_it_cannot() {
    if !is_there("`reconf apply` with a balancer") {
        return;
    }
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let (api, port) = (backend("a"), fixed_port());
    lab.announce(&Instance::of("api01", api.address(), port));
    let direct = format!("http://{}", api.address());
    lab.node
        .run(&["apply", "--all", "--dry-run"])
        .changes_nothing()
        .fails(0);
    // HAProxy refuses all: the code is that of balancing, and the conf has the direct value.
    let mut config = json!({"balance": {"local": true, "check": ["false", "{file}"]}});
    lab.configure(&config);
    lab.node.run(&["apply", "--all"]).fails(73);
    assert_eq!(lab.value("API_URL"), Some(direct));
    config["balance"]["check"] = json!(["true", "{file}"]);
    lab.configure(&config);
    lab.node.run(&["apply", "--all"]).fails(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://127.0.0.1:{port}"))
    );
    let said = lab.node.run(&["apply", "--all"]).fails(0);
    assert!(
        said.starts_with("balance: unchanged (1 local port)\n"),
        "{said}"
    );
}
