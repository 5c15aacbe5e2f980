//! Every failure names one next step that helps, and no note says what is not so.

use std::fs;

use super::{Fleet, all_succeed};
use crate::harness::{etcd::Etcd, scenario::Scenario};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;

/// The command fails with this code and says each of these lines on stderr.
#[track_caller]
fn says(node: &Scenario, arguments: &[&str], code: i32, lines: &[&str]) {
    let run = node.run(arguments).exits(code);
    let said = String::from_utf8_lossy(&run.output.stderr).into_owned();
    for line in lines {
        assert!(
            said.lines().any(|said| said == *line),
            "{line}\n{}",
            run.text()
        );
    }
}

#[test]
fn what_cannot_be_used_as_it_is_names_a_step_that_helps() {
    const STATE: &str = "var/lib/reconf/services/api.json";
    let node = Scenario::new().manifest("api", API);
    all_succeed(&node, &["apply api"]);
    let state = fs::read_to_string(node.path(STATE)).unwrap();
    let conf = node.path("etc/services.d/api.conf");
    let unchanged = format!("note: {} is unchanged", conf.display());
    for (text, hint) in [
        (
            r#"{"version": 2}"#,
            "hint: install that release again; this one leaves the file as it is",
        ),
        (
            "{",
            "hint: move it away: reconf starts again without what it remembered there",
        ),
    ] {
        fs::write(node.path(STATE), text).unwrap();
        // The conf was written before; rendering it again would complete nothing.
        says(&node, &["render", "api"], 78, &[&unchanged, hint]);
    }
    fs::write(node.path(STATE), state).unwrap();
    fs::remove_file(&conf).unwrap();
    fs::create_dir(&conf).unwrap();
    let hint = "hint: move it away, and run the same again";
    says(&node, &["render", "api"], 73, &[&unchanged, hint]);
}

#[test]
fn a_name_that_is_not_there_gets_its_near_miss() {
    let node = Scenario::new()
        .manifest("api", API)
        .datastores(r#"{"datastores": {"DB_URL": "x"}}"#);
    all_succeed(&node, &["apply api", "ls API_URL DB_URL"]);
    let listed = node.run(&["ls", "API_URL", "api_url", "DB_URI", "NOPE"]);
    listed.reads(
        "$ reconf ls API_URL api_url DB_URI NOPE\nstatus 66\n--- stdout\n\
         NAME     REGION   PROVIDER   AGE  LEASE  PUBLIC  VALUE\n\
         API_URL  default  api@web01  <1m  no     no      http://10.0.0.5:1100\n--- stderr\n\
         this machine only: the registry is the embedded one\n\
         error: nothing provides these in federation `default`\n\
         \x20 api_url  did you mean `API_URL`?\n\
         \x20 DB_URI   did you mean `DB_URL`?\n\
         \x20 NOPE\n\
         note: the registry is the embedded one: it knows this machine only\n\
         hint: `reconf ls` lists every name\n",
    );
    for (arguments, code) in [
        (&["exec", "apj", "--", "true"][..], 125),
        (&["exec", "API", "--", "true"], 125),
        (&["exec", "--task", "apj", "--", "true"], 125),
        (&["applied", "apj"], 66),
        (&["render", "API"], 66),
        (&["announce", "apj"], 66),
        (&["withdraw", "apj"], 66),
        (&["tasks", "apj"], 66),
    ] {
        says(&node, arguments, code, &["hint: did you mean `api`?"]);
    }
    let hint = "hint: there is no manifest of `other` either; check the id and --root";
    says(&node, &["exec", "other", "--", "true"], 125, &[hint]);
    let node = node.manifest("new", r#"{"id": "new", "environment": {"A": 1}}"#);
    let hint = "hint: `reconf render new` writes it";
    says(&node, &["exec", "new", "--", "true"], 125, &[hint]);
    says(&node, &["applied", "new"], 66, &[hint]);
}

#[test]
fn what_another_federation_lacks_is_looked_for_there() {
    let node = Scenario::new()
        .manifest(
            "piv",
            r#"{"id": "piv", "federation": "pivotly", "requires": {"A": "{DB_URL}"}}"#,
        )
        .datastores(r#"{"datastores": {"DB_URL": "x", "API_URL": "y"}}"#)
        .config(r#"{"federations": ["default", "pivotly"]}"#);
    let belongs = "note: the datastores at the top of configuration.json belong to federation `default`; those of `pivotly` are in `federations.pivotly.datastores`";
    let hint = "hint: `reconf ls --federation pivotly` lists the names that are available there";
    says(&node, &["render", "piv"], 75, &[belongs, hint]);
    let node = node.manifest(
        "piv",
        r#"{"id": "piv", "federation": "pivotly", "requires": {"A": "{NOPE}"}}"#,
    );
    let run = node.run(&["render", "piv"]).exits(75);
    assert!(!run.text().contains("at the top"), "{}", run.text());
}

#[test]
fn an_owner_that_does_not_exist_is_looked_for_where_it_is_named() {
    let manifest = r#"{"id": "app", "environment": {"A": 1}, "conf": {"group": "no-such-group"}}"#;
    let node = Scenario::new().manifest("app", manifest);
    let hint = "hint: `conf.group` of the manifest names it: correct that, or create it";
    says(&node, &["render", "app"], 78, &[hint]);
    let node = node
        .manifest("app", r#"{"id": "app", "environment": {"A": 1}}"#)
        .config(r#"{"render": {"owner": "no-such-user"}}"#);
    let hint = "hint: `render.owner` of config.json names it: correct that, or create it";
    says(&node, &["render", "app"], 78, &[hint]);
}

/// Commands that answer about a fleet.
const ABOUT_FLEETS: [&[&str]; 5] = [
    &["ls"],
    &["ls", "API_URL"],
    &["why", "www"],
    &["status", "--fleet"],
    &["graph"],
];

#[test]
fn answers_about_a_fleet_begin_with_this_machine_only() {
    let www = r#"{"id": "www", "requires": {"A": "{API_URL}"}}"#;
    let node = Scenario::new().manifest("www", www).manifest("api", API);
    all_succeed(&node, &["apply api www"]);
    for words in ABOUT_FLEETS {
        let run = node.run(words).exits(0);
        let told = String::from_utf8_lossy(&run.output.stderr);
        let expected = "this machine only: the registry is the embedded one\n";
        assert!(told.starts_with(expected), "{}", run.text());
        let run = node.run(&[words, &["-q"]].concat()).exits(0);
        assert!(run.output.stderr.is_empty(), "{}", run.text());
    }
    let run = node.run(&["status", "--fleet", "--output", "json"]);
    let text = run.exits(0).text();
    assert!(text.contains(r#""this_machine_only":true"#), "{text}");
    let run = node.run(&["graph"]).exits(0).text();
    assert!(run.contains("registry of this machine only"), "{run}");
}

#[test]
fn a_folder_that_nodes_share_is_not_called_this_machine_only() {
    let fleet = Fleet::embedded();
    let www = r#"{"id": "www", "requires": {"A": "{API_URL}"}}"#;
    let node = fleet
        .node("web01")
        .manifest("www", www)
        .manifest("api", API);
    let run = node.run(&["ls", "NOPE"]).exits(66);
    assert!(!run.text().contains("this machine only"), "{}", run.text());
    for words in ABOUT_FLEETS {
        let run = node.run(words);
        assert!(!run.text().contains("this machine only"), "{}", run.text());
    }
    let run = node.run(&["apply", "api"]).exits(0);
    assert!(!run.text().contains("this machine only"), "{}", run.text());
    // What is offered here is not said to come from the registry.
    let run = node.run(&["render", "www", "-v"]).exits(0);
    let expected = "  A from API_URL of api@web01, as its manifest on this node says\n";
    assert!(run.text().contains(expected), "{}", run.text());
}

#[test]
fn a_setting_that_is_nearly_right_is_told_what_is_missing() {
    let node = Scenario::new();
    for (arguments, code, lines) in [
        (
            &["--registry", "http://127.0.0.1:1,", "ls"][..],
            64,
            &[
                "error: `--registry` has an empty element",
                "hint: is there a comma too many?",
            ][..],
        ),
        (
            &["--timeout", "2", "ls"],
            64,
            &["error: `--timeout` needs a unit, such as `2s`"],
        ),
    ] {
        says(&node, arguments, code, lines);
    }
}

#[test]
fn a_template_that_is_wrong_is_shown_its_line_and_what_it_may_name() {
    let node = Scenario::new().manifest("api", API);
    let shell = "etc/reconf/templates/shell.hbs";
    for (text, line, message) in [
        (
            "# x\n{{#each variables}}\nexport {{nam}}\n{{/each}}\n",
            3,
            "`nam` does not exist",
        ),
        ("# x\n{{env.MISSING}}\n", 2, "`env.MISSING` does not exist"),
        ("# x\n{{shel service}}\n", 2, "unknown helper `shel`"),
        ("# x\n{{#if\n", 3, "invalid handlebars syntax"),
    ] {
        node.put(shell, text);
        let said = node.run(&["render", "api"]).fails(65);
        assert!(
            said.contains(&format!("\n  line {line}, column ")),
            "{said}"
        );
        assert!(said.contains(message), "{said}");
        assert!(
            said.contains("hint: it may use `service`, `count`, `env.NAME`"),
            "{said}"
        );
    }
    std::fs::rename(node.path(shell), node.path("etc/reconf/templates/shel.hbs")).unwrap();
    let run = node.run(&["render", "api"]).exits(0);
    let expected =
        "shel.hbs` is the template of no format and is ignored; did you mean `shell.hbs`?";
    assert!(run.text().contains(expected), "{}", run.text());
}

#[test]
fn a_full_etcd_is_called_full() {
    let etcd = Etcd::full();
    let node = Scenario::new().manifest("api", API).registry(etcd.url());
    let said = node.run(&["announce", "api"]).fails(69);
    assert!(
        said.starts_with("error: the registry is full: it takes no writes\n"),
        "{said}"
    );
    assert!(
        said.contains("hint: on etcd: compact, defragment"),
        "{said}"
    );
    // It still answers: what it has is rendered.
    says(&node, &["ls", "API_URL"], 66, &[]);
}
