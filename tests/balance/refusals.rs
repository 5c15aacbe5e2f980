//! What a run refuses, it leaves as it is; what it takes is proved.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixListener,
    thread,
};

use serde_json::{Value, json};

use crate::harness::{
    backend::{Backend, Protocol},
    certificates::Authority,
    client::say,
    fleet::Fleet,
    haproxy::is_there,
    lab::{Instance, Lab},
    ports::fixed_port,
};

const TEMPLATE: &str = include_str!("../../templates/haproxy.cfg.hbs");

/// A node that balances one instance, its program, and the port.
fn balanced() -> (Lab, Backend, u16) {
    let lab = Lab::local(Fleet::embedded(), &["API_URL"]);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Lines);
    let port = fixed_port();
    lab.announce(&Instance::of("n1", backend.address(), port));
    (lab, backend, port)
}

fn with_extra(lab: &Lab, extra: &Value) {
    lab.configure(&json!({"balance": {"local": true, "extra": extra}}));
}

#[test]
fn a_file_that_somebody_wrote_is_left_alone() {
    if !is_there("a file of HAProxy that somebody wrote") {
        return;
    }
    let (lab, _backend, _port) = balanced();
    let theirs = "global\n  daemon\n";
    lab.haproxy.write(theirs);
    let refused = lab.run(&[]).exits(73);
    assert_eq!(lab.file(), theirs, "{}", refused.text());
    assert!(lab.haproxy.master().is_none());
}

#[test]
fn a_haproxy_of_somebody_else_at_the_socket_is_left_alone() {
    if !is_there("a HAProxy of somebody else") {
        return;
    }
    let (lab, _backend, _port) = balanced();
    let socket = lab.haproxy.socket();
    lab.haproxy.write(&format!(
        "global\n  stats socket {} mode 600 level admin\ndefaults\n  timeout client 1m\n\
         frontend theirs\n  mode http\n  bind 127.0.0.1:{}\n",
        socket.display(),
        fixed_port()
    ));
    lab.haproxy.starts();
    let worker = lab.haproxy.worker();
    fs::remove_file(lab.haproxy.output()).unwrap();
    let (pid, aside) = (
        socket.with_file_name("haproxy.pid"),
        socket.with_file_name("aside"),
    );
    fs::rename(&pid, &aside).unwrap();
    let refused = lab.run(&[]).exits(73);
    assert!(
        refused.text().contains("another HAProxy"),
        "{}",
        refused.text()
    );
    assert!(!lab.haproxy.output().exists());
    fs::rename(&aside, &pid).unwrap();
    assert_eq!(lab.haproxy.worker(), worker);
}

#[test]
fn what_is_no_haproxy_at_the_socket_is_shown_and_left_alone() {
    if !is_there("another program at the socket") {
        return;
    }
    let (lab, _backend, _port) = balanced();
    let socket = lab.haproxy.socket();
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    let answering = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        // A connection that is closed with an unread question is reset, and the answer is lost.
        BufReader::new(&client)
            .read_line(&mut String::new())
            .unwrap();
        client
            .write_all(b"220 mail.example \x1b[31mESMTP\n")
            .unwrap();
    });
    let refused = lab.run(&[]).exits(75);
    let shown = "it answers `220 mail.example \\u001b[31mESMTP`";
    assert!(refused.text().contains(shown), "{}", refused.text());
    answering.join().unwrap();
    assert!(socket.exists() && !lab.haproxy.output().exists());
}

#[test]
fn a_candidate_that_haproxy_refuses_changes_nothing() {
    if !is_there("candidates that HAProxy refuses") {
        return;
    }
    let (lab, _backend, port) = balanced();
    lab.balances();
    let (file, worker) = (lab.file(), lab.haproxy.worker());
    with_extra(&lab, &json!({"global": ["no-such-word"]}));
    let refused = lab.run(&[]).exits(73);
    assert!(
        refused.text().contains("no-such-word"),
        "{}",
        refused.text()
    );
    assert_eq!((lab.file(), lab.haproxy.worker()), (file, worker));
    assert!(say(([127, 0, 0, 1], port).into()).is_ok());
    with_extra(&lab, &json!({"global": ["maxconn 123"]}));
    assert_eq!(lab.balances()["how"], "reload");
    assert_eq!(lab.haproxy.info("Maxconn"), Some("123".into()));
}

#[test]
fn a_template_that_breaks_the_view_is_refused() {
    if !is_there("templates of HAProxy's file") {
        return;
    }
    let (lab, _backend, _port) = balanced();
    lab.balances();
    let (file, worker) = (lab.file(), lab.haproxy.worker());
    let server = TEMPLATE
        .lines()
        .find(|line| line.starts_with("  server "))
        .unwrap();
    let bind = TEMPLATE
        .lines()
        .find(|line| line.starts_with("  bind "))
        .unwrap();
    for broken in [
        TEMPLATE.replacen(&format!("{server}\n"), "", 1),
        TEMPLATE.replacen(bind, &format!("{bind}\n{bind}"), 1),
        TEMPLATE.replacen("# Written by reconf", "# Written by somebody", 1),
        format!("{TEMPLATE}# no end of line"),
    ] {
        lab.node
            .put("etc/reconf/templates/haproxy.cfg.hbs", &broken);
        let refused = lab.run(&[]).exits(65);
        let view = lab.run(&["--view"]).changes_nothing().exits(0);
        let view: serde_json::Value = serde_json::from_slice(&view.output.stdout).unwrap();
        assert!(view["pools"][0]["servers"][0].is_object(), "{view}");
        assert_eq!(
            (lab.file(), lab.haproxy.worker()),
            (file.clone(), worker),
            "{}",
            refused.text()
        );
    }
    let other = TEMPLATE.replace("timeout connect 2s", "timeout connect 3s");
    lab.node.put("etc/reconf/templates/haproxy.cfg.hbs", &other);
    assert_eq!(lab.balances()["how"], "reload");
    assert!(lab.file().contains("timeout connect 3s"));
}

#[test]
fn a_renewed_certificate_is_reloaded() {
    if !is_there("certificates of HAProxy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ca");
    let pem = folder.path().join("www.pem");
    let renew = |name: &str| {
        let pair = authority.issue(name);
        let parts = [pair.cert, pair.key].map(|path| fs::read_to_string(path).unwrap());
        fs::write(&pem, parts.concat()).unwrap();
    };
    renew("one");
    let bind = format!("127.0.0.1:{} ssl crt {}", fixed_port(), pem.display());
    let config = json!({"balance": {"internal": {"bind": [bind], "domain": "int.example.com"}}});
    let lab = Lab::new(Fleet::embedded(), &config);
    let backend = Backend::start("api", "127.0.0.11:0", Protocol::Http);
    lab.announce(&Instance::of("n1", backend.address(), fixed_port()));
    lab.balances();
    assert_eq!(lab.balances()["how"], "unchanged");
    renew("two");
    assert_eq!(lab.balances()["how"], "reload");
    assert_eq!(lab.balances()["how"], "unchanged");
}

#[test]
fn a_template_without_the_shape_works_by_reload() {
    if !is_there("templates without the shape") {
        return;
    }
    let (lab, _backend, port) = balanced();
    let silent = TEMPLATE.replace("  description reconf {{shape}}\n", "");
    lab.node
        .put("etc/reconf/templates/haproxy.cfg.hbs", &silent);
    assert_eq!(lab.balances()["how"], "reload");
    assert_eq!(lab.balances()["how"], "unchanged");
    let second = Backend::start("second", "127.0.0.12:0", Protocol::Lines);
    lab.announce(&Instance::of("n2", second.address(), port));
    assert_eq!(lab.balances()["how"], "reload");
    assert_eq!(lab.balances()["how"], "unchanged");
    lab.runs_its_file();
}
