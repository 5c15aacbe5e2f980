//! A task keeps the environment that it was started with, so its port stays open until it has ended.

use std::{
    io::{BufRead as _, BufReader},
    net::Ipv4Addr,
    process::{Child, Stdio},
};

use serde_json::json;

use crate::harness::{
    backend::{Backend, Protocol},
    client::get,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

/// Starts a task of `www` that runs until its input ends, and gives what it has as `API_URL`.
fn start_task(lab: &Lab) -> (Child, String) {
    let script = r#"echo "$API_URL"; read -r _"#;
    let words = ["exec", "--task", "www", "--", "sh", "-c", script];
    let mut command = lab.node.command(&words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut task = command.spawn().unwrap();
    let mut value = String::new();
    let mut output = BufReader::new(task.stdout.take().unwrap());
    output.read_line(&mut value).unwrap();
    (task, value.trim_end().to_owned())
}

#[test]
fn a_port_stays_open_while_a_task_has_the_former_conf() {
    if !is_there("ports of running tasks") {
        return;
    }
    let config = json!({"balance": {"local": true, "close_after": "0s"}});
    let lab = Lab::new(Fleet::embedded(), &config);
    lab.requires(&["API_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Http);
    let port = fixed_port();
    lab.announce(&Instance::of("n1", backend.address(), port));
    let _applied = lab.node.run(&["apply", "www"]).exits(0);
    let (mut task, value) = start_task(&lab);
    assert_eq!(value, format!("http://127.0.0.1:{port}"));
    let status = || {
        let response = get((Ipv4Addr::LOCALHOST, port).into(), "h", "/");
        response.ok().map(|response| response.status)
    };

    let other = r#"{"id": "www", "environment": {"A": "1"}}"#;
    lab.node.put("etc/reconf/services/www.json", other);
    let _rendered = lab.node.run(&["render", "www"]).exits(0);
    assert_eq!(lab.value("API_URL"), None);
    for _ in 0..2 {
        lab.balances();
        assert_eq!(status(), Some(200), "the task runs");
    }
    drop(task.stdin.take());
    assert!(task.wait().is_ok());
    lab.balances();
    assert_eq!(status(), None);
    assert_eq!(lab.state("services/www.json").get("ports"), None);
}
