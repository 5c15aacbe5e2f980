//! What an earlier configuration had set up ends where it was, when config.json no longer has it or names other files.

use std::{fs, net::Ipv4Addr, path::Path};

use serde_json::{Value, json};

use super::{balanced, left_behind};
use crate::harness::{
    backend::{Backend, Protocol},
    client::get,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

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
