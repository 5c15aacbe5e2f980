//! The blocks of docs/recipes.md that no shell runs here: each is read by the program for which it is, where that is installed.

use std::{fs, path::Path, process::Command};

use super::{
    page,
    reference::{block, node_of_the_page, on_node, prints},
};
use crate::harness::{not_run, scenario::BINARY};

/// A reader: the block that it reads, the name of the file, and how it is called with that file's path.
const READERS: [(&str, &str, &str, &[&str]); 4] = [
    (
        "ini",
        "[Install]",
        "app-www.service",
        &["systemd-analyze", "verify"],
    ),
    ("sh", "--on-change", "restart.sh", &["sh", "-n"]),
    (
        "yaml",
        "hosts:",
        "site.yml",
        &["ansible-playbook", "--syntax-check"],
    ),
    (
        "puppet",
        "exec {",
        "site.pp",
        &["puppet", "parser", "validate"],
    ),
];

#[test]
fn each_file_of_another_program_is_read_by_that_program() {
    let text = page("docs/recipes.md");
    let folder = tempfile::tempdir().expect("a temporary directory can be created");
    for (language, part, name, reader) in READERS {
        let content = block(&text, language, part).replace("/usr/local/bin/reconf", BINARY);
        let path = folder.path().join(name);
        fs::write(&path, content).expect("it is ours");
        read(reader, &path);
    }
}

#[track_caller]
fn read(reader: &[&str], path: &Path) {
    let output = Command::new(reader[0])
        .args(&reader[1..])
        .arg(path)
        .output();
    let Ok(output) = output else {
        let what = format!("docs/recipes.md for {}: not installed", reader[0]);
        not_run::record(not_run::LIST.as_ref(), &what);
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{reader:?}: {said}");
    // systemd ignores what it does not know, and says so.
    assert_eq!(said, "", "{reader:?}");
}

#[test]
fn the_unit_the_line_of_cron_and_the_container_start_their_program() {
    let (text, node) = (page("docs/recipes.md"), node_of_the_page());
    let unit = on_node(&node, block(&text, "ini", "[Service]"));
    let mut lines = unit.lines();
    let start = lines.find_map(|line| line.strip_prefix("ExecStart="));
    let served = prints(&node, "/usr/bin:/bin", start.expect("it starts something"));
    assert_eq!(served, "serve http://10.0.0.5:1100\n");

    let table = on_node(&node, block(&text, "cron", "reconf exec"));
    let path = table.lines().find_map(|line| line.strip_prefix("PATH="));
    let path = path.expect("cron's own PATH has no reconf");
    let line = table.lines().find(|line| line.starts_with('*'));
    let command: Vec<&str> = line.expect("a time").split_whitespace().skip(6).collect();
    let cleaned = prints(&node, path, &command.join(" "));
    assert_eq!(cleaned, "clean http://10.0.0.5:1100\n");

    let line = on_node(&node, block(&text, "sh", "docker run")).replace(" --rm", "");
    assert_eq!(prints(&node, path, &line), "docker http://10.0.0.5:1100\n");
}

#[test]
fn the_manifest_for_certbot_is_taken() {
    let text = page("docs/recipes.md");
    let folder = tempfile::tempdir().expect("a temporary directory can be created");
    let path = folder.path().join("acme.json");
    fs::write(&path, block(&text, "json", "\"acme\"")).expect("it is ours");
    let check = Command::new(BINARY).arg("check").arg(path).output();
    let check = check.expect("the binary is there");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}
