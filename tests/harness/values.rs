//! Hostile values: pieces that a shell, a parser or a terminal gives a meaning, and random mixtures of them.

use std::sync::OnceLock;

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_oneof,
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::seed;

/// The file that a value makes if it runs as code.
pub(crate) const CANARY: &str = "canary";

/// Pieces of text that some reader of a conf gives a meaning.
pub(crate) const HOSTILE: &[&str] = &[
    "'",
    "\"",
    "\\",
    "$",
    "`",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "  ",
    "#",
    " #",
    "=",
    ";",
    "&",
    "|",
    "%",
    "!",
    "!!",
    "*",
    "~",
    "{",
    "}",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    "''",
    "'\\''",
    "\\\\",
    "\\'",
    "\\\"",
    "\\n",
    "\\\n",
    "\\\r",
    "${",
    "$$",
    "$HOME",
    "${HOME}",
    "$(touch canary)",
    "`touch canary`",
    "'; touch canary; :'",
    "a[$(touch canary)]",
    "&amp;",
    "{{name}}",
    "export V1='x'\n",
    "\nVX=y\n",
    "\u{1}",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{c}",
    "\u{1a}",
    "\u{1b}",
    "\u{1c}",
    "\u{1f}",
    "\u{7f}",
    "\u{80}",
    "\u{81}",
    "\u{85}",
    "\u{88}",
    "\u{9f}",
    "\u{a0}",
    "\u{200b}",
    "\u{2028}",
    "\u{feff}",
    "\u{fdd0}",
    "\u{fdef}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{1ffff}",
    "\u{10ffff}",
    "é",
    "日本",
];

/// So many random values, the same in every test of a run; each run has others.
pub(crate) fn random(count: usize) -> Vec<String> {
    static VALUES: OnceLock<Vec<String>> = OnceLock::new();
    // Made here, so that every test prints the seed, not only the one that draws.
    let mut runner = seed::runner();
    let values = VALUES.get_or_init(|| generate(&mut runner, 1000));
    values.iter().take(count).cloned().collect()
}

fn generate(runner: &mut TestRunner, count: usize) -> Vec<String> {
    let piece = prop_oneof![
        3 => select(HOSTILE).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        2 => "[ -~]{1,4}",
    ];
    let value = vec(piece, 0..7).prop_map(|pieces| pieces.concat().replace('\0', ""));
    let tree = vec(value, count).new_tree(runner);
    tree.expect("values").current()
}
