//! What runs on a node: who holds a lock, the listener, HAProxy.

use std::fs;

use serde_json::json;

use super::{doctor, healthy, rows};
use crate::harness::{
    haproxy::Haproxy, ports::fixed_port, process::Running, scenario::Scenario, wait::until,
};

#[test]
fn who_holds_a_lock_and_what_a_listener_does_is_said() {
    let node = healthy(Scenario::new());
    let listener = Running::start(node.command(&["listen", "--", "true"]), &node.path(""));
    let status = node.path("run/reconf/listener.json");
    until("the listener has started", || status.exists().then_some(()));
    // It writes its status meanwhile.
    let text = node.run(&["doctor"]).exits(0).text();
    let pid = listener.pid();
    assert!(
        text.contains(&format!("held by reconf (pid {pid})")),
        "{text}"
    );
    assert!(text.contains(&format!("pid {pid} since ")), "{text}");
    assert_eq!(listener.stop(), Some(0));
    let text = doctor(&node).exits(0).text();
    assert!(text.contains("nobody holds any"), "{text}");
}

#[test]
fn haproxy_judges_its_file_and_says_what_it_runs() {
    let output = "etc/haproxy/reconf.cfg";
    let node = healthy(Scenario::new());
    let haproxy = Haproxy::below(&node.path(""), output);
    let balance = json!({
        "internal": {"bind": [format!("127.0.0.1:{}", fixed_port())]},
        "output": format!("/{output}"), "socket": "/run/reconf-haproxy/admin.sock",
        "reload": [haproxy.reload_command()], "stop": [haproxy.stop_command()],
    });
    node.put(
        "etc/reconf/config.json",
        &json!({"balance": balance}).to_string(),
    );
    let condition = |subject: &str| {
        let run = node.run(&["doctor", "--output", "json"]).changes_nothing();
        let row = rows(&run).into_iter().find(|row| row[1] == subject);
        row.unwrap_or_else(|| panic!("{subject}: {}", run.text()))[..3].join(" ")
    };
    assert!(condition("balance").starts_with("warning "));
    node.run(&["balance"]).exits(0).text();
    assert!(condition("balance file").ends_with("HAProxy accepts it"));
    assert!(condition("balance socket").ends_with("HAProxy runs this file"));
    let text = fs::read_to_string(node.path(output)).unwrap();
    node.put(
        output,
        &text.replace("description reconf ", "description reconf 0"),
    );
    assert!(condition("balance socket").starts_with("warning "));
    node.put(output, &text.replace("global", "globule"));
    assert!(condition("balance file").starts_with("fault "));
    haproxy.kill();
    assert!(condition("balance socket").starts_with("fault "));
}
