//! Balancing ends as it began: without a lost request, and without a trace.

use std::{fs, net::Ipv4Addr, path::Path};

use serde_json::{Value, json};

use crate::harness::{
    backend::{Backend, Protocol},
    client::{Client, Sending, get},
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// A node that balances `API_URL` with this configuration, its program, and the port.
fn balanced(close_after: &str) -> (Lab, Backend, u16) {
    let config = json!({"balance": {"local": true, "close_after": close_after}});
    let lab = Lab::new(Fleet::embedded(), &config);
    lab.requires(&["API_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Http);
    let port = fixed_port();
    lab.announce(&Instance::of("n1", backend.address(), port));
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://127.0.0.1:{port}"))
    );
    (lab, backend, port)
}

/// What is there of a balancer besides its switch: a process, files, records in the registry, entries of its state.
pub(super) fn left_behind(lab: &Lab) -> Vec<String> {
    let mut left = Vec::new();
    if lab.haproxy.master().is_some() {
        left.push("HAProxy runs".to_owned());
    }
    let output = lab.haproxy.output().parent().unwrap();
    let files = fs::read_dir(output).unwrap().map(|entry| entry.unwrap());
    left.extend(files.map(|file| file.path().display().to_string()));
    for name in ["balance.cfg", "haproxy.state"] {
        let path = lab.node.path("var/lib/reconf").join(name);
        left.extend(path.exists().then(|| name.to_owned()));
    }
    let keys = lab.fleet.keys().into_keys();
    left.extend(keys.filter(|key| key.contains("@balance")));
    if lab.node.path("var/lib/reconf/balance.json").exists() {
        let state = lab.state("balance.json");
        let entries = state.as_object().unwrap().iter();
        let filled = entries.filter(|(name, value)| {
            let is_empty = value.as_object().is_some_and(serde_json::Map::is_empty)
                || value.as_array().is_some_and(Vec::is_empty)
                || value.is_null()
                || **value == json!(false);
            !is_empty && !["version", "off"].contains(&name.as_str())
        });
        left.extend(filled.map(|(name, value)| format!("balance.json: {name}: {value}")));
    }
    left
}

#[test]
fn off_makes_values_direct_and_keeps_ports_until_nothing_uses_them() {
    if !is_there("switching balancing off") {
        return;
    }
    let (lab, backend, port) = balanced("0s");
    let client = Client::light((Ipv4Addr::LOCALHOST, port).into(), Sending::Close, 2);
    client.sends(20);
    let _off = lab
        .node
        .run(&["balance", "off", "--reason", "test"])
        .exits(0);
    lab.balances();
    client.sends(20);
    client.stop().lost_none_of(40);
    let direct = format!("http://{}", backend.address());
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    assert_eq!(lab.value("API_URL"), Some(direct));
    let _last = lab.run(&[]).exits(0);
    assert_eq!(left_behind(&lab), Vec::<String>::new());
    assert!(lab.state("balance.json")["off"].is_object());
    let _on = lab.node.run(&["balance", "on"]).exits(0);
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://127.0.0.1:{port}"))
    );
    assert_eq!(
        get((Ipv4Addr::LOCALHOST, port).into(), "h", "/")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_configuration_without_balancing_ends_it_and_leaves_nothing() {
    if !is_there("a configuration without balancing") {
        return;
    }
    let (lab, backend, _port) = balanced("0s");
    lab.node.put("etc/reconf/config.json", "{}");
    // The commands of the node's HAProxy are still its own.
    lab.configure(&json!({"balance": {"close_after": "0s"}}));
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    assert_eq!(
        lab.value("API_URL"),
        Some(format!("http://{}", backend.address()))
    );
    let _last = lab.run(&[]);
    assert_eq!(left_behind(&lab), Vec::<String>::new());
    assert!(!lab.node.path("var/lib/reconf/balance.json").exists());
    let off = lab.run(&[]).exits(78);
    assert!(off.text().contains("balance"), "{}", off.text());
}

/// What a client gets at this port.
fn status(port: u16) -> Option<u16> {
    let response = get((Ipv4Addr::LOCALHOST, port).into(), "h", "/");
    response.ok().map(|response| response.status)
}

/// Changes a JSON file below the root.
fn edit(lab: &Lab, path: &str, change: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(lab.node.path(path)).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    change(&mut value);
    lab.node.put(path, &value.to_string());
}

const CONFIG: &str = "etc/reconf/config.json";
const BALANCE: &str = "var/lib/reconf/balance.json";

#[test]
fn a_section_that_disappears_ends_what_it_had_set_up() {
    if !is_there("a section that disappears") {
        return;
    }
    let (lab, backend, port) = balanced("1h");
    let output = "etc/haproxy/other.cfg";
    let socket = "run/reconf-haproxy/other.sock";
    // As the first run of another node would have it.
    lab.haproxy.kill();
    fs::write(
        lab.node.path("run/reconf-haproxy/output"),
        lab.node.path(output).to_str().unwrap(),
    )
    .unwrap();
    let internal = fixed_port();
    edit(&lab, CONFIG, |config| {
        let balance = &mut config["balance"];
        balance["output"] = format!("/{output}").into();
        balance["socket"] = format!("/{socket}").into();
        balance["internal"] = json!({"bind": [format!("127.0.0.1:{internal}")], "domain": "int"});
    });
    lab.balances();
    assert_eq!(status(port), Some(200));
    let calls = lab.haproxy.reload_calls();

    lab.node.put(CONFIG, "{}");
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    let direct = format!("http://{}", backend.address());
    assert_eq!(lab.value("API_URL"), Some(direct));
    assert_eq!(
        status(port),
        Some(200),
        "in use less than `close_after` ago"
    );
    assert_eq!(status(internal), None);
    // HAProxy loses a reload that comes just after its start; the run repeats it.
    assert!(lab.haproxy.reload_calls() > calls);
    let _kept = lab.run(&[]).exits(0);
    nothing_is_left_an_hour_later(&lab, port, socket);
}

fn nothing_is_left_an_hour_later(lab: &Lab, port: u16, socket: &str) {
    edit(lab, BALANCE, |state| {
        let used = &mut state["ports"][port.to_string()]["used"];
        used[lab.fleet.federation()]["API_URL"] = "2001-01-01T00:00:00Z".into();
    });
    let _last = lab.run(&[]).exits(0);
    assert!(lab.haproxy.master().is_none(), "HAProxy was stopped");
    let left = fs::read_dir(lab.node.path("etc/haproxy")).unwrap();
    assert_eq!(left.count(), 0, "file and maps");
    for path in [socket, "run/reconf-haproxy/haproxy.pid", BALANCE] {
        assert!(!lab.node.path(path).exists(), "{path}");
    }
    let _nothing = lab.run(&[]).exits(78);
}

#[test]
fn a_command_that_fails_to_end_it_can_be_mended() {
    if !is_there("a `stop` that fails") {
        return;
    }
    let (lab, _backend, port) = balanced("0s");
    edit(&lab, CONFIG, |config| {
        config["balance"]["stop"] = json!(["false"]);
    });
    lab.balances();
    lab.node
        .put(CONFIG, r#"{"balance": {"close_after": "0s"}}"#);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    let said = lab.run(&[]).fails(71);
    assert!(said.contains("HAProxy was not stopped"), "{said}");
    assert_eq!(status(port), Some(200));
    let stop = [lab.haproxy.stop_command()];
    let mended = json!({"balance": {"close_after": "0s", "stop": stop}});
    lab.node.put(CONFIG, &mended.to_string());
    let _last = lab.run(&[]).exits(0);
    assert!(lab.haproxy.master().is_none(), "HAProxy was stopped");
    assert!(!lab.node.path(BALANCE).exists());
}

#[test]
fn another_output_or_socket_counts_once_haproxy_has_been_stopped() {
    if !is_there("another `output`") {
        return;
    }
    let (lab, _backend, port) = balanced("1h");
    let calls = lab.haproxy.reload_calls();
    let (output, other) = (lab.haproxy.output(), lab.node.path("etc/haproxy/other.cfg"));
    edit(&lab, CONFIG, |config| {
        config["balance"]["output"] = "/etc/haproxy/other.cfg".into();
        config["balance"]["socket"] = "/run/reconf-haproxy/other.sock".into();
        // Not that of what runs, either.
        config["balance"]["check"] = json!(["false", "{file}"]);
    });
    let api = Backend::start("api2", "127.0.0.12:0", Protocol::Http);
    lab.announce(&Instance::of("n2", api.address(), port));
    for _ in 0..2 {
        let said = lab.run(&[]).fails(0);
        let warning = format!(
            "warning: HAProxy goes on with {} and {}, as it was started: `balance.output` and `balance.socket` of config.json count once it has been stopped (`{}`)",
            output.display(),
            lab.haproxy.socket().display(),
            lab.haproxy.stop_command().display(),
        );
        assert!(said.contains(&warning), "{said}");
        assert!(output.exists() && !other.exists());
        lab.runs_its_file();
        assert_eq!(status(port), Some(200));
    }
    assert_eq!(lab.haproxy.reload_calls(), calls, "no port was closed");
    its_unit_names_another_file(&lab, port, output, &other);
}

/// What HAProxy refuses leaves everything.
fn its_unit_names_another_file(lab: &Lab, port: u16, output: &Path, other: &Path) {
    lab.haproxy.kill();
    let unit = lab.node.path("run/reconf-haproxy/output");
    fs::write(unit, other.to_str().unwrap()).unwrap();
    let _refused = lab.run(&[]).exits(73);
    assert!(output.exists() && !other.exists());
    edit(lab, CONFIG, |config| {
        config["balance"]["check"] = json!(["haproxy", "-c", "-f", "{file}"]);
    });
    lab.balances();
    assert_eq!(status(port), Some(200));
    assert!(!output.exists() && other.exists());
    let state = lab.state("balance.json");
    assert_eq!(
        state["haproxy"]["output"],
        json!("/etc/haproxy/other.cfg"),
        "{state:#}"
    );
    assert_eq!(lab.balances()["how"], "unchanged");
}

#[test]
fn a_port_stays_open_for_close_after() {
    if !is_there("ports that stay open") {
        return;
    }
    let (lab, _backend, port) = balanced("1h");
    lab.requires(&[]);
    lab.node.put(
        "etc/reconf/services/www.json",
        r#"{"id": "www", "environment": {"A": "1"}}"#,
    );
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    lab.balances();
    assert_eq!(
        get((Ipv4Addr::LOCALHOST, port).into(), "h", "/")
            .unwrap()
            .status,
        200
    );
    let state = lab.state("balance.json");
    assert!(state["ports"][port.to_string()].is_object(), "{state:#}");
}

#[test]
fn a_port_stays_open_for_close_after_though_no_run_saw_its_conf() {
    if !is_there("ports that stay open") {
        return;
    }
    let (lab, _backend, port) = balanced("1h");
    let manifest = r#"{"id": "www", "environment": {"A": "1"}}"#;
    lab.node.put("etc/reconf/services/www.json", manifest);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    // The run that finds the conf replaced fails; the one after it knows of that still.
    let refused = json!({
        "local": true, "close_after": "1h", "check": ["false", "{file}"],
        "extra": {"defaults": ["option tcp-smart-connect"]},
    });
    lab.configure(&json!({"balance": refused}));
    let _refused = lab.run(&[]).exits(73);
    lab.configure(&json!({"balance": {"local": true, "close_after": "1h"}}));
    lab.balances();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
    lab.balances();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
}
