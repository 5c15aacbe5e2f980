//! Help, the version, and what is said of a command line that is wrong: as printed, whole.

mod pages;

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use crate::harness::{
    golden,
    scenario::{BINARY, Scenario, golden_story},
};

/// The commands that `reconf --help` lists, and the subcommands of `listen`.
const COMMANDS: [&str; 30] = [
    "render",
    "announce",
    "balance",
    "apply",
    "exec",
    "withdraw",
    "remove",
    "retire",
    "listen",
    "tasks",
    "applied",
    "ls",
    "why",
    "status",
    "check",
    "config",
    "doctor",
    "access",
    "graph",
    "generate",
    "help",
    "listen on",
    "listen off",
    "listen status",
    "listen kick",
    "balance on",
    "balance off",
    "generate man",
    "generate completions",
    "generate schema",
];

/// What the binary prints to stdout with these words, on a terminal of this width.
fn printed(words: &str, width: usize) -> String {
    let output = Command::new(BINARY)
        .args(words.split_whitespace())
        .env_clear()
        .env("COLUMNS", width.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_is_printed_as_it_was_judged_right() {
    golden::check("help/reconf", &printed("--help", 100));
    golden::check("help/options", &printed("help options", 100));
    for command in COMMANDS {
        let case = format!("help/{}", command.replace(' ', "-"));
        golden::check(&case, &printed(&format!("{command} --help"), 100));
    }
}

#[test]
fn every_way_to_ask_for_help_gives_the_same() {
    let root = printed("--help", 100);
    assert_eq!(printed("help", 100), root);
    assert_eq!(printed("-h", 100), root);
    for command in COMMANDS {
        let help = printed(&format!("{command} --help"), 100);
        assert_eq!(printed(&format!("help {command}"), 100), help);
        assert_eq!(printed(&format!("{command} -h"), 100), help);
    }
}

#[test]
fn every_command_is_listed_with_help_of_its_own() {
    let root = printed("--help", 100);
    for command in COMMANDS.iter().filter(|command| !command.contains(' ')) {
        assert!(root.contains(&format!("\n  {command} ")), "{command}");
        let help = printed(&format!("{command} --help"), 100);
        assert!(help.contains("\nExamples:\n"), "{help}");
        assert!(help.contains("\nExit codes:\n"), "{help}");
        let takes_durations = help.contains("<DURATION>") || help.contains("--ttl");
        assert_eq!(
            help.contains("DURATION is a number with a unit"),
            takes_durations,
            "{help}"
        );
    }
}

#[test]
fn no_line_is_wider_than_the_terminal_or_than_100_columns() {
    let pages = COMMANDS.iter().map(|command| format!("help {command}"));
    for page in pages.chain(["help".to_owned(), "help options".to_owned()]) {
        for (width, limit) in [(80, 80), (100, 100), (200, 100)] {
            for line in printed(&page, width).lines() {
                assert!(line.chars().count() <= limit, "{page} at {width}: {line}");
            }
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let contract = include_str!("../docs/design.md");
    let (_, section) = contract.split_once("Exit codes (sysexits):").unwrap();
    let (section, _) = section.split_once("\n\n").unwrap();
    let numbers = section.split(|c: char| !c.is_ascii_digit());
    let contract: BTreeSet<u32> = numbers.filter_map(|number| number.parse().ok()).collect();
    let codes = |page: &str| -> BTreeSet<u32> {
        let help = printed(page, 100);
        let (_, codes) = help.split_once("\nExit codes:\n").unwrap();
        let codes = codes.lines().map(|line| line[..5].trim().parse().unwrap());
        codes.collect()
    };
    let root = codes("--help");
    assert!(root.is_subset(&contract), "{root:?} {contract:?}");
    for command in COMMANDS.iter().filter(|command| !command.contains(' ')) {
        let codes = codes(&format!("{command} --help"));
        let known = if *command == "exec" { &contract } else { &root };
        assert!(codes.is_subset(known), "{command}: {codes:?} {known:?}");
    }
}

#[test]
fn the_version_is_printed_with_the_commit_that_it_was_built_from() {
    for flag in ["--version", "-V"] {
        let version = printed(flag, 100);
        let rest = version
            .strip_prefix(concat!("reconf ", env!("CARGO_PKG_VERSION")))
            .unwrap();
        let commit = rest
            .trim_end()
            .strip_prefix(" (")
            .and_then(|rest| rest.strip_suffix(')'));
        // A build from a tarball knows no commit.
        let is_commit = |commit: &str| commit.chars().all(|c| c.is_ascii_hexdigit());
        assert!(rest == "\n" || commit.is_some_and(is_commit), "{version}");
    }
}

#[test]
fn a_wrong_command_line_gets_an_error_and_a_hint() {
    let node = Scenario::new();
    let lines = [
        &["rendr", "app"][..],
        &["frobnicate"],
        &["render"],
        &["render", "app", "--dif"],
        &["render", ".app"],
        &["render", "--all", "app"],
        &["render", "app", "--stdout", "--diff"],
        &["announce", "app", "--ttl", "500ms"],
        &["announce", "app", "--for", "2h"],
        &["listen", "chef-solo"],
        &["listen", "statsu"],
        &["listen", "off", "--until", "2h"],
        &["ls", "--output", "yaml"],
        &["--root", "exec", "config", "now"],
        &["-q", "-v", "config"],
        &["--root", "/r"],
        &["help", "rendr"],
        &["help", "frobnicate"],
        &["supervise"],
    ];
    let story = lines.map(|line| node.run(line).changes_nothing().exits(64));
    golden_story("help/usage", &story);
    let told = node
        .run(&["--root", "/r", "exec", "--wait=1s", "app", "x"])
        .fails(125);
    assert!(told.contains("\nhint: "), "{told}");
}

#[test]
fn help_that_nobody_can_read_is_no_success() {
    let node = Scenario::new();
    let full = node.sh("reconf help render >/dev/full").fails(73);
    assert!(
        full.starts_with("error: cannot write to stdout: "),
        "{full}"
    );
    let _closed = node.sh("reconf help render | true").exits(0);
    let bare = node.run(&[]).fails(64);
    assert_eq!(bare, printed("--help", 100));
}
