//! Balancing ends as it began: without a lost request, and without a trace.

use std::{fs, net::Ipv4Addr};

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

#[test]
fn off_makes_values_direct_and_keeps_ports_until_nothing_uses_them() {
    if !is_there("switching balancing off") {
        return;
    }
    let (lab, backend, port) = balanced("0s");
    let client = Client::start((Ipv4Addr::LOCALHOST, port).into(), Sending::Close, 2);
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
    assert!(lab.haproxy.master().is_none(), "HAProxy was stopped");
    assert!(!lab.haproxy.output().exists());
    let state = lab.state("balance.json");
    assert_eq!(state["ports"], json!({}), "{state:#}");
    assert_eq!(state["instances"], json!({}), "{state:#}");
    assert!(state["off"].is_object(), "{state:#}");
    assert!(lab.fleet.keys().keys().all(|key| !key.contains("@balance")));
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
    assert!(lab.haproxy.master().is_none(), "HAProxy was stopped");
    assert!(!lab.haproxy.output().exists());
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
    assert_eq!(lab.haproxy.reload_calls(), calls + 1);
    let _kept = lab.run(&[]).exits(0);
    // An hour later.
    edit(&lab, BALANCE, |state| {
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

    // Its unit names another file now. What HAProxy refuses leaves everything.
    lab.haproxy.kill();
    let unit = lab.node.path("run/reconf-haproxy/output");
    fs::write(unit, other.to_str().unwrap()).unwrap();
    let _refused = lab.run(&[]).exits(73);
    assert!(output.exists() && !other.exists());
    edit(&lab, CONFIG, |config| {
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
    lab.balances();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
    lab.balances();
    assert_eq!(get(address, "h", "/").unwrap().status, 200);
}

#[test]
fn one_haproxy_is_all_three_balancers() {
    if !is_there("three balancers in one HAProxy") {
        return;
    }
    let (internal, external, local) = (fixed_port(), fixed_port(), fixed_port());
    let config = json!({"balance": {
        "local": true,
        "internal": {"bind": [format!("127.0.0.1:{internal}")], "domain": "int.example.com"},
        "external": {"bind": [format!("127.0.0.1:{external}")]},
    }});
    let lab = Lab::new(Fleet::embedded(), &config);
    lab.requires(&["API_URL"]);
    let api = Backend::start("api", "127.0.0.11:0", Protocol::Http);
    let www = Backend::start("www", "127.0.0.12:0", Protocol::Http);
    lab.announce(&Instance::of("n1", api.address(), local));
    let mut public = Instance::of("n1", www.address(), fixed_port())
        .providing("www", &["WWW_URL"])
        .with("hosts", json!(["www.example.com"]));
    public.public = true;
    lab.announce(&public);
    lab.balances();
    lab.runs_its_file();
    let asked = |port: u16, host: &str| {
        let response = get((Ipv4Addr::LOCALHOST, port).into(), host, "/x").unwrap();
        (response.status, response.body)
    };
    let ok = |id: &str| (200, format!("{id} /x\n"));
    assert_eq!(asked(local, "h"), ok("api"));
    assert_eq!(asked(internal, "api.int.example.com"), ok("api"));
    assert_eq!(asked(internal, "www.example.com"), ok("www"));
    assert_eq!(asked(external, "www.example.com"), ok("www"));
    assert_eq!(
        asked(external, "api.int.example.com").0,
        404,
        "nothing private"
    );
}
