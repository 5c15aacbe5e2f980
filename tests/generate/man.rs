use std::{fs, process::Command};

use super::{generated, is_installed};
use crate::harness::scenario::Scenario;

#[test]
fn troff_formats_every_page_without_a_warning() {
    if !is_installed("groff", "man pages: no groff") {
        return;
    }
    let node = Scenario::new();
    let _wrote = node.run(&["generate", "man", "-o", "man/man1"]).exits(0);
    let pages: Vec<_> = fs::read_dir(node.path("man/man1")).unwrap().collect();
    assert!(pages.len() > 20, "{}", pages.len());
    for page in pages {
        let path = page.unwrap().path();
        let mut groff = Command::new("groff");
        let groff = groff.args(["-man", "-Tascii", "-ww", "-z"]).arg(&path);
        let output = groff.output().unwrap();
        let warnings = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && warnings.is_empty(), "{warnings}");
    }
}

#[test]
fn pages_are_written_once_and_are_those_of_stdout() {
    let node = Scenario::new();
    let written = node.run(&["generate", "man", "-o", "man1", "--output", "json"]);
    let written = written.succeeds();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines[0], r#"{"changed":true,"path":"man1/reconf.1"}"#);
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with(r#"{"changed":true"#))
    );
    let again = node
        .run(&["generate", "man", "-o", "man1"])
        .changes_nothing();
    let again = again.fails(0);
    assert_eq!(again, format!("{} man pages in man1\n", lines.len()));
    let all = node.run(&["generate", "man"]).changes_nothing().succeeds();
    for page in fs::read_dir(node.path("man1")).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        assert!(all.contains(&text) && text.is_ascii(), "{text}");
    }
}

#[test]
fn a_page_reads_as_the_help_of_its_command() {
    if !is_installed("groff", "man pages as text: no groff") {
        return;
    }
    let node = Scenario::new();
    let text = node
        .sh("reconf generate man -o . && groff -man -Tascii -P-cbou reconf-withdraw.1 reconf.1");
    let text = text.exits(0).output.stdout;
    let text = String::from_utf8(text).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "reconf-withdraw - Withdraw what services provide",
        "--for <DURATION>",
        "EXAMPLES reconf withdraw",
        "EXIT STATUS 0 done",
        "SEE ALSO reconf(1)",
        "--root <DIR> Directory that stands for `/`",
        "COMMANDS reconf-render(1)",
        "reconf exec www -- bin/www run a command of service `www`",
    ] {
        assert!(words.contains(part), "no `{part}` in\n{text}");
    }
    assert!(!words.contains("supervise"), "{words}");
    assert!(!generated(&["completions", "bash"]).contains("supervise"));
}
