//! `doctor` finds each fault that was planted, says how it is mended, and writes nothing: neither on the node nor in the
//! registry.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use crate::harness::{
    certificates::Authority,
    etcd::{Etcd, Tls, refused},
    golden,
    haproxy::Haproxy,
    process::Running,
    scenario::{Run, Scenario, golden_story},
    user,
    wait::until,
};

const WWW: &str = r#"{"id": "www", "environment": {"PORT": 8080}, "provides": {"WWW_URL": "http://{HOST}:{PORT}"}}"#;

/// A node that has done its work.
fn healthy(node: Scenario) -> Scenario {
    let node = node.manifest("www", WWW).config("{}").datastores("{}");
    node.run(&["apply", "--all"]).fails(0);
    let chmod = "chmod 0640 etc/reconf/configuration.json etc/reconf/services/*";
    let _modes = node.sh(chmod).exits(0);
    node
}

#[track_caller]
fn doctor(node: &Scenario) -> Run {
    node.run(&["doctor"]).changes_nothing()
}

/// The rows of a run: condition, subject, found, mend.
fn rows(run: &Run) -> Vec<[String; 4]> {
    let text = String::from_utf8_lossy(&run.output.stdout);
    let rows = text.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        ["condition", "subject", "found", "mend"]
            .map(|key| row[key].as_str().unwrap_or_default().to_owned())
    });
    rows.filter(|row| !row[0].is_empty()).collect()
}

/// Compares runs with a golden text, whatever the version of etcd is.
#[track_caller]
fn check(case: &str, runs: &[Run]) {
    let texts: Vec<String> = runs.iter().map(Run::text).collect();
    let text = texts.join("\n");
    let version = text
        .split("etcd ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    golden::check(case, &text.replace(version.unwrap(), "[VERSION]"));
}

#[test]
fn a_conf_that_no_run_would_replace_is_a_fault() {
    let node = healthy(Scenario::new());
    for instead in ["mkdir", "ln -s /etc/hostname", "mkfifo"] {
        let conf = "etc/services.d/www.conf";
        let _made = node.sh(&format!("rm {conf}; {instead} {conf}")).exits(0);
        let text = doctor(&node).exits(78).text();
        let row = text.lines().find(|line| line.contains("conf www"));
        let row = row.unwrap_or_else(|| panic!("{text}"));
        assert!(
            row.starts_with("fault") && row.contains("cannot replace"),
            "{row}"
        );
        assert!(
            row.ends_with("move it away, and run the same again"),
            "{row}"
        );
        let _removed = node
            .sh(&format!("rmdir {conf} || rm {conf}; touch {conf}"))
            .exits(0);
    }
}

/// The one row that is not ok, or unknown, after something was changed.
#[track_caller]
fn finding(node: &Scenario, code: i32) -> [String; 4] {
    let run = node
        .run(&["doctor", "--output", "json"])
        .changes_nothing()
        .exits(code);
    let mut bad = rows(&run);
    bad.retain(|row| row[0] == "warning" || row[0] == "fault");
    assert_eq!(bad.len(), 1, "{}", run.text());
    bad.remove(0)
}

#[test]
fn a_healthy_node_is_told_so_on_both_registries() {
    let etcd = Etcd::start();
    let embedded = healthy(Scenario::new());
    let on_etcd = healthy(Scenario::new().registry(etcd.url()));
    let before = etcd.ctl(&["get", "", "--prefix", "-w=json"]);
    let runs = [
        doctor(&embedded).exits(0),
        embedded
            .run(&["doctor", "--output", "json"])
            .changes_nothing(),
        doctor(&on_etcd).exits(0),
        on_etcd
            .run(&["doctor", "--output", "json"])
            .changes_nothing(),
    ];
    check("doctor/healthy", &runs);
    let after = etcd.ctl(&["get", "", "--prefix", "-w=json"]);
    // The revision as well: not even a delete of nothing was sent.
    assert_eq!(after, before);
}

#[test]
fn a_node_on_which_nothing_was_done_yet_is_no_fault() {
    let node = Scenario::new();
    golden_story("doctor/empty", &[doctor(&node).exits(0)]);
}

/// What is done to a healthy node, the exit code, and the row that comes of it: condition, subject, a part of its remedy.
const PLANTED: [(&str, i32, [&str; 3]); 18] = [
    (
        "chmod 0777 var/lib/reconf",
        78,
        ["fault", "modes", "`chmod o-w "],
    ),
    (
        "chmod 0755 var/lib/reconf/services",
        78,
        ["fault", "modes", "`chmod go= "],
    ),
    (
        "chmod 0644 var/lib/reconf/services/www.json",
        78,
        ["fault", "modes", "`chmod go= "],
    ),
    (
        "chmod 0644 etc/reconf/configuration.json",
        0,
        ["warning", "modes", "`chmod 0640 "],
    ),
    (
        "chmod 0750 var/lib/reconf/tasks",
        78,
        ["fault", "modes", "`chmod o+rx "],
    ),
    (
        "chmod 0600 etc/services.d/www.conf",
        0,
        ["warning", "conf www", "`reconf render www`"],
    ),
    (
        "chown 4242 var/lib/reconf/services/www.json",
        0,
        ["warning", "owners", "`chown 0 "],
    ),
    (
        "echo '{' >etc/reconf/services/api.json",
        78,
        ["fault", "manifest api", "`reconf render api --dry-run`"],
    ),
    (
        "echo '{{#if' >etc/reconf/templates/shell.hbs",
        78,
        ["fault", "template", "it may use"],
    ),
    (
        "echo x >etc/reconf/templates/shel.hbs",
        0,
        ["warning", "template", "rename it"],
    ),
    (
        "echo '{}' >var/lib/reconf/services/www.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "mkfifo var/lib/reconf/listen.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "mkdir var/lib/reconf/balance.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        "umask 077; echo '{' >var/lib/reconf/provision.json",
        78,
        ["fault", "states", "move it away"],
    ),
    (
        r#"rm etc/reconf/services/www.json; echo '{"id": "api", "command": true}' >etc/reconf/services/api.json"#,
        0,
        ["warning", "orphan www", "`reconf remove www`"],
    ),
    (
        r#"echo '{"datastores": 1}' >etc/reconf/configuration.json"#,
        78,
        ["fault", "datastores", "`reconf ls`"],
    ),
    (
        r#"echo '{"announce": {"ttl": "10s"}}' >etc/reconf/config.json"#,
        0,
        ["warning", "listener", "start `reconf listen`"],
    ),
    (
        "echo '{' >var/lib/reconf/registry/default.json",
        78,
        ["fault", "federation default", ""],
    ),
];

#[test]
fn every_planted_fault_is_found_with_its_remedy() {
    for (script, code, [condition, subject, remedy]) in PLANTED {
        let node = healthy(Scenario::new());
        let made = node.sh(&format!("mkdir -p etc/reconf/templates; {script}"));
        assert!(made.output.status.success(), "{}", made.text());
        let found = finding(&node, code);
        assert_eq!(found[..2], [condition, subject], "{script}: {found:?}");
        assert!(found[3].contains(remedy), "{script}: {found:?}");
    }
}

#[test]
fn a_broken_configuration_is_a_line_and_what_does_not_follow_from_it_is_judged() {
    let node = healthy(Scenario::new());
    node.put("etc/reconf/config.json", r#"{"regoin": "x"}"#);
    golden_story(
        "doctor/config",
        &[
            doctor(&node),
            node.run(&["doctor", "--output", "json"]).changes_nothing(),
            node.run(&["doctor", "--registry", "nonsense"]),
        ],
    );
}

#[test]
fn endpoints_that_do_not_answer_are_faults_unless_another_one_does() {
    let etcd = Etcd::start();
    let gone = refused();
    for (endpoints, code, conditions) in [
        (format!("{},{gone}", etcd.url()), 0, ["ok", "warning"]),
        (format!("{gone},{}", refused()), 78, ["fault", "fault"]),
    ] {
        let node = healthy(Scenario::new()).registry(&endpoints);
        let run = node
            .run(&["doctor", "--output", "json"])
            .changes_nothing()
            .exits(code);
        let found = rows(&run).into_iter().filter(|row| row[1] == "endpoint");
        let found: Vec<String> = found.map(|row| row[0].clone()).collect();
        assert_eq!(found, conditions, "{}", run.text());
    }
    let full = Etcd::full();
    let node = healthy(Scenario::new()).registry(full.url());
    // A write fills it.
    node.run(&["apply", "--all"]).exits(69).text();
    let run = doctor(&node).exits(78).text();
    assert!(run.contains("alarm:NOSPACE"), "{run}");
}

#[test]
fn credentials_are_tried_without_writing_and_their_files_are_judged() {
    let etcd = Etcd::start();
    etcd.require_users(&[
        ("me", "secret", "/reconf/v1/default/"),
        ("they", "secret", "/reconf/v1/other/"),
    ]);
    let node = Scenario::new().registry(etcd.url());
    let with = |user: &str, password: &str, mode: u32| {
        node.put("etc/reconf/password", password);
        let file = node.path("etc/reconf/password");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let config = json!({"registry": {"user": user, "password_file": file}});
        node.put("etc/reconf/config.json", &config.to_string());
    };
    node.put("etc/reconf/services/www.json", WWW);
    let before = etcd.ctl(&["get", "", "--prefix", "-w=json"]);
    let mut runs = Vec::new();
    for (user, password, mode) in [
        ("me", "secret", 0o600),
        ("me", "secret", 0o644),
        ("they", "secret", 0o600),
        ("me", "wrong", 0o600),
    ] {
        with(user, password, mode);
        runs.push(doctor(&node));
    }
    check("doctor/credentials", &runs);
    assert_eq!(etcd.ctl(&["get", "", "--prefix", "-w=json"]), before);
}

#[test]
fn the_end_of_a_certificate_is_seen_before_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new(folder.path(), "own");
    let etcd = Etcd::with_tls(|| Tls {
        server: own.issue("server"),
        ca: own.ca.clone(),
        client: Some(own.issue("ctl")),
    });
    let config = |pair: &crate::harness::certificates::Pair| {
        json!({"registry": {"ca": own.ca, "cert": pair.cert, "key": pair.key}}).to_string()
    };
    let node = healthy(Scenario::new()).registry(etcd.url());
    let judged = |path: &Path| {
        let run = node.run(&["doctor", "--output", "json"]).changes_nothing();
        let row = rows(&run).into_iter();
        let mut row = row.filter(|row| {
            row[1] == "certificate" && row[2].starts_with(&path.display().to_string())
        });
        let row = row.next().unwrap_or_else(|| panic!("{}", run.text()));
        (row[0].clone(), run.output.status.code())
    };
    let good = own.issue("client");
    close(&good.key);
    node.put("etc/reconf/config.json", &config(&good));
    assert_eq!(judged(&good.cert), ("ok".to_owned(), Some(0)));
    let soon = own.issue_until("soon", 5);
    close(&soon.key);
    node.put("etc/reconf/config.json", &config(&soon));
    assert_eq!(judged(&soon.cert), ("warning".to_owned(), Some(0)));
    let ended = own.issue_expired("ended");
    node.put("etc/reconf/config.json", &config(&ended));
    assert_eq!(judged(&ended.cert), ("fault".to_owned(), Some(78)));
}

fn close(key: &Path) {
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
}

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
        "internal": {"bind": [format!("127.0.0.1:{}", crate::harness::ports::fixed_port())]},
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

#[test]
fn an_ordinary_user_hears_what_only_root_may_see() {
    let node = healthy(Scenario::new());
    let run = |words: &[&str]| {
        let command = user::command_as(&node, (4242, 4242), words);
        command.map(|mut command| command.output().unwrap())
    };
    let Some(output) = run(&["doctor", "--output", "json"]) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for subject in ["caller", "manifest www", "orphans", "states"] {
        let line = text
            .lines()
            .find(|line| line.contains(&format!(r#""subject":"{subject}""#)));
        assert!(
            line.is_some_and(|line| line.contains(r#""unknown""#)),
            "{subject}: {text}"
        );
    }
    let config = node.path("etc/reconf/config.json");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let output = run(&["doctor"]).unwrap();
    assert_eq!(output.status.code(), Some(77));
    assert!(output.stdout.is_empty());
}
