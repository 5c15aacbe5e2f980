//! What is refused, with which code, and what is said of it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown, symlink},
};

use nix::{sys::stat::Mode, unistd::mkfifo};

use super::node;
use crate::harness::{
    scenario::{Run, Scenario, golden_story},
    user::command_as,
};

const CONF: &str = "etc/services.d/app.conf";

/// Runs a command that would leave a trace.
fn exec(node: &Scenario) -> Run {
    let run = node.run(&["exec", "app", "--", "touch", "ran"]);
    run.changes_nothing().exits(125)
}

fn mode(node: &Scenario, mode: u32) {
    fs::set_permissions(node.path(CONF), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_conf_that_others_may_have_written_is_refused() {
    let node = node(r#"{"A": "b"}"#);
    let mut runs = Vec::new();
    for writable in [0o660, 0o646] {
        mode(&node, writable);
        runs.push(exec(&node));
    }
    mode(&node, 0o640);
    fs::rename(node.path(CONF), node.path("moved")).unwrap();
    runs.push(exec(&node));
    symlink(node.path("moved"), node.path(CONF)).unwrap();
    runs.push(exec(&node));
    fs::remove_file(node.path(CONF)).unwrap();
    fs::create_dir(node.path(CONF)).unwrap();
    runs.push(exec(&node));
    fs::remove_dir(node.path(CONF)).unwrap();
    mkfifo(&node.path(CONF), Mode::S_IRUSR).unwrap();
    // One that waits for a writer would hang here.
    runs.push(exec(&node));
    fs::remove_file(node.path(CONF)).unwrap();
    let variable = format!("export A='{}'\n", "x".repeat(100_000));
    let header = "# 1 variable follows\n";
    let comment = "#".repeat(4 * 1024 * 1024 - header.len() - variable.len() - 1);
    node.put(CONF, &format!("{header}{variable}{comment}\n"));
    mode(&node, 0o640);
    let _done = node.run(&["exec", "app", "--", "true"]).exits(0);
    node.put(CONF, &format!("{header}{variable}{comment}#\n"));
    runs.push(exec(&node));
    golden_story("exec/distrusted", &runs);
}

#[test]
fn a_conf_that_would_be_too_large_for_exec_is_not_written() {
    // Each quote is written as four bytes: little environment, much conf.
    let variables = |count: usize| {
        let quotes = "'".repeat(100_000);
        let variables: Vec<String> = (0..count)
            .map(|n| format!(r#""V{n}": "{quotes}""#))
            .collect();
        format!(
            r#"{{"id": "app", "environment": {{{}}}}}"#,
            variables.join(", ")
        )
    };
    let node = Scenario::new().manifest("app", &variables(10));
    let _written = node.run(&["render", "app"]).exits(0);
    let _done = node.run(&["exec", "app", "--", "true"]).exits(0);
    node.put("etc/reconf/services/app.json", &variables(11));
    let told = node.run(&["render", "app"]).changes_nothing().fails(65);
    assert!(told.contains("`app` is larger than 4 MiB"), "{told}");
    let _old = node.run(&["exec", "app", "--", "true"]).exits(0);
}

#[test]
fn a_conf_that_is_not_literal_is_refused_at_its_place() {
    let node = node("{}");
    let mut runs = Vec::new();
    for text in [
        "",
        "export A='b'\n",
        "# 1 variable follows\n\nA='b'\n",
        "# 1 variable follows\nexport A='b'; touch ran\n",
        "# 1 variable follows\nexport A=\"$(touch ran)\"\n",
        "# 1 variable follows\nexport A='$(touch ran)\n",
        "# 1 variable follows\nexport A='b'",
        "# 1 variable follows\nexport A='b'\nexport A='c'\n",
        "# 2 variables follow\nexport A='b'\n",
        "# 1 variable follows\nexport A='b'\nexport LINES='c'\n",
        "# 1 variable follows\nexport A-B='b'\n",
        "# 1 variable follows\n. /etc/profile\n",
        "# 1 variable follows\nexport A='\0'\n",
    ] {
        node.put(CONF, text);
        mode(&node, 0o640);
        runs.push(exec(&node));
    }
    golden_story("exec/not-literal", &runs);
}

#[test]
fn a_command_that_cannot_run_is_told_from_one_that_is_not_there() {
    let node = node("{}")
        .file("plain", "")
        .file("orphan", "#!/no/such/interpreter\n");
    fs::set_permissions(node.path("orphan"), Permissions::from_mode(0o755)).unwrap();
    let exec = |command: &str, code| node.run(&["exec", "app", "--", command]).exits(code);
    let runs = vec![
        exec("no-such-command", 127),
        exec("./no-such-command", 127),
        exec("./orphan", 127),
        exec("./plain", 126),
        exec(".", 126),
        exec("", 127),
    ];
    golden_story("exec/commands", &runs);
}

#[test]
fn what_is_too_large_for_the_system_is_named() {
    let node = node("{}");
    let conf = |count: usize, bytes: usize| {
        let lines = (0..count).map(|n| format!("export A{n}='{}'\n", "x".repeat(bytes - n)));
        let lines: String = lines.collect();
        node.put(CONF, &format!("# {count} variables\n{lines}"));
    };
    let mut runs = Vec::new();
    // The limit is a quarter of the stack's.
    let run = |command| node.sh(&format!("ulimit -s 8192; {command}"));
    conf(40, 100_000);
    runs.push(run("exec reconf exec --pristine app -- true"));
    conf(1, 131_069);
    runs.push(run("exec reconf exec app -- true"));
    conf(1, 100_000);
    runs.push(run("exec reconf exec app -- true"));
    golden_story("exec/too-large", &runs);
}

#[test]
fn without_a_command_or_a_usable_call_nothing_runs() {
    let node = node("{}");
    let story: Vec<Run> = [
        &["exec", "app"][..],
        &["exec", "no-such-service", "--", "touch", "ran"],
        &["exec", "no-such-service"],
        &["exec", "../app", "--", "touch", "ran"],
        &["exec", "app", "touch", "ran"],
        &["exec", "--wait", "1s", "app", "--", "touch", "ran"],
        &[
            "exec", "--task", "--wait", "soon", "app", "--", "touch", "ran",
        ],
        &["--root", "/nowhere", "exec", "--", "touch", "ran"],
    ]
    .into_iter()
    .map(|arguments| node.run(arguments).changes_nothing().exits(125))
    .collect();
    golden_story("exec/usage", &story);
    node.put("etc/reconf/config.json", r#"{"render": "here"}"#);
    let told = exec(&node).text();
    assert!(told.contains("config.json:1:12"), "{told}");
    let missing = ["exec", "--config", "missing.json", "app", "--", "true"];
    let told = node.run(&missing).fails(125);
    assert!(told.contains("there is no `missing.json`"), "{told}");
}

#[test]
fn users_take_confs_of_root_and_their_own_only() {
    const USER: u32 = 4201;
    const OTHER: u32 = 4202;
    const GROUP: u32 = 4300;
    let node = node("{}");
    let run = |who| {
        let mut command = command_as(&node, who, &["exec", "app", "--", "true"])?;
        let output = command.output().unwrap();
        Some((
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        ))
    };
    let own = |user| chown(node.path(CONF), Some(user), Some(GROUP)).unwrap();
    let readers = "root and members of group `4300` may read it (mode 0640)";
    for (owner, caller, code, said) in [
        (0, (USER, OTHER), 125, readers),
        (0, (USER, GROUP), 0, ""),
        (USER, (USER, OTHER), 0, ""),
        (USER, (0, 0), 0, ""),
        (0, (USER, OTHER), 125, "cannot be read: permission denied"),
        (
            OTHER,
            (USER, GROUP),
            125,
            "belongs to user 4202, neither root nor the caller",
        ),
    ] {
        own(owner);
        let Some((ended, told)) = run(caller) else {
            return;
        };
        assert!(
            ended == code && told.contains(said),
            "{caller:?} of {owner}: {told}"
        );
    }
}
