//! What came from outside is printed so that no terminal obeys it and no line of a log is forged.

use std::{fs, process::Stdio};

use serde_json::Value;

use super::{Fleet, on_both};
use crate::harness::{
    process::output,
    scenario::{Run, Scenario},
    values::HOSTILE,
};

/// Clears the screen, reverses text, begins a line of its own.
const EVIL: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\r\nerror: forged\u{7f}";

/// What escaping makes of [`EVIL`].
const SHOWN: &str = r"a\u001b[2J\u009b31m\u202eb\r\nerror: forged\u007f";

fn manifest(id: &str, requires_or_provides: &str, pattern: &str) -> String {
    let pattern = serde_json::to_string(pattern).unwrap();
    format!(r#"{{"id": "{id}", "{requires_or_provides}": {{"EVIL": {pattern}}}}}"#)
}

/// What a terminal or a log viewer would obey; line feeds apart.
fn is_raw(c: char) -> bool {
    (c.is_control() && c != '\n') || "\u{202e}\u{2028}".contains(c)
}

/// No byte of either stream is a control character but line feed, and no line was forged.
#[track_caller]
fn is_clean(run: &Run) {
    for stream in [&run.output.stdout, &run.output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(is_raw), "{text:?}");
        assert!(!text.contains("\nerror: forged"), "{text}");
    }
}

#[test]
fn a_registrys_value_is_printed_as_one_line_without_controls() {
    on_both(|fleet| {
        let api = fleet
            .node("api01")
            .manifest("api", &manifest("api", "provides", EVIL));
        let _said = api.run(&["announce", "api"]).exits(0);
        let web = fleet
            .node("web01")
            .manifest("www", &manifest("www", "requires", "{EVIL}"));
        let listed = web.run(&["ls"]).exits(0);
        is_clean(&listed);
        assert_eq!(listed.text().matches(SHOWN).count(), 1, "{}", listed.text());

        // As JSON it is the same value, and the text has no controls either.
        let listed = web.run(&["ls", "--output", "json"]).exits(0);
        is_clean(&listed);
        let row: Value = serde_json::from_slice(&listed.output.stdout).unwrap();
        assert_eq!(row["value"], EVIL);

        let diff = ["render", "www", "--dry-run", "--diff", "--show-values"];
        let shown = web.run(&diff).exits(0);
        is_clean(&shown);
        assert!(shown.text().contains("+ EVIL="), "{}", shown.text());
    });
}

#[test]
fn a_rendered_file_is_byte_exact_but_on_a_terminal() {
    let value = EVIL.replace("\r\n", "\t");
    let node = Scenario::new().manifest(
        "www",
        &format!(
            r#"{{"id": "www", "environment": {{"EVIL": {}}}}}"#,
            serde_json::to_string(&value).unwrap()
        ),
    );
    let _written = node.run(&["render", "www"]).exits(0);
    let conf = fs::read(node.path("etc/services.d/www.conf")).unwrap();
    let piped = node.run(&["render", "www", "--stdout"]).exits(0);
    assert_eq!(piped.output.stdout, conf);

    let on_terminal = node
        .sh("script -qec 'reconf render www --stdout' /dev/null")
        .exits(0);
    let shown = String::from_utf8_lossy(&on_terminal.output.stdout).replace("\r\n", "\n");
    assert!(
        shown.contains(r"export EVIL='a\u001b[2J\u009b31m\u202eb\terror: forged\u007f'"),
        "{shown:?}"
    );
}

#[test]
fn a_terminal_gets_rows_that_fit_and_a_pipe_gets_whole_values() {
    let fleet = Fleet::embedded();
    let long = "v".repeat(70_000);
    let api = fleet
        .node("api01")
        .manifest("api", &manifest("api", "provides", &long));
    let _said = api.run(&["announce", "api"]).exits(0);
    let piped = api.run(&["ls"]).exits(0);
    assert!(piped.text().contains(&long));
    let narrow = api
        .sh("script -qec 'stty cols 60; reconf ls' /dev/null")
        .exits(0);
    let shown = String::from_utf8_lossy(&narrow.output.stdout).replace("\r\n", "\n");
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert_eq!(widest, Some(60), "{shown}");
    assert!(shown.contains("vvv…\n"), "{shown}");
}

#[test]
fn a_name_of_any_length_pads_no_line_and_stops_no_list() {
    let fleet = Fleet::embedded();
    let long = "N".repeat(70_000);
    let provides = format!(r#"{{"id": "api", "provides": {{"{long}": "x", "B": "y"}}}}"#);
    let api = fleet.node("api01").manifest("api", &provides);
    for command in [
        &["announce", "api"][..],
        &["ls"],
        &["render", "--all"],
        &["listen", "status"],
    ] {
        let run = api.run(command).exits(0);
        let said = [run.output.stdout, run.output.stderr].concat();
        assert!(
            said.len() < 71_000,
            "{command:?} prints {} bytes",
            said.len()
        );
    }
}

#[test]
fn paths_arguments_and_commands_are_printed_without_controls() {
    let node = Scenario::new().manifest("www", r#"{"id": "www", "environment": {"A": "1"}}"#);
    let _rendered = node.run(&["render", "www"]).exits(0);
    for piece in HOSTILE
        .iter()
        .chain(&[EVIL])
        .filter(|piece| piece.contains(is_raw))
    {
        let missing = format!("{}/{piece}", node.path("none").display());
        for arguments in [
            &["exec", "www", "--", &format!("no-{piece}")][..],
            &["exec", piece],
            &["render", piece],
            &["render", "www", "--stdout", "--template", &missing],
            &["--config", &missing, "config"],
            &["--registry", &format!("dir:{missing}"), "ls"],
            &["--registry", piece, "ls"],
            &["--region", piece, "ls"],
            &[piece],
            &["listen", &format!("--{piece}")],
        ] {
            let mut command = node.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let ended = output(command.spawn().unwrap()).expect("it ends");
            let text = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(!text.contains(is_raw), "{arguments:?}: {text:?}");
            assert!(!text.contains("\nerror: forged"), "{text}");
        }
    }
}
