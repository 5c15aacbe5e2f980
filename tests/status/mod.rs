//! `status` says how this node is, and with `--fleet` what every node runs with. It writes nothing and waits for nobody.

mod fleet;
mod node;
mod parts;
mod untouched;

use std::fs;

use crate::harness::{
    fleet::Fleet,
    golden,
    scenario::{Run, Scenario},
};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100}, "provides": {"API_URL": "http://{HOST}:{PORT}"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"API": "{API_URL}", "DB": "{DB_URL}"}}"#;
const DATASTORES: &str =
    r#"{"version": "3f2a91c", "datastores": {"DB_URL": "mysql://app:s3cret@db1/app"}}"#;

/// What `node.json` is and when it was written: the tree of a scenario leaves it out.
fn node_state(node: &Scenario) -> Option<(Vec<u8>, std::time::SystemTime)> {
    let path = node.path("var/lib/reconf/node.json");
    let bytes = fs::read(&path).ok()?;
    Some((bytes, fs::metadata(&path).unwrap().modified().unwrap()))
}

/// `reconf status` with these words, which writes nothing anywhere.
#[track_caller]
fn status(fleet: &Fleet, node: &Scenario, words: &str) -> Run {
    let words: Vec<&str> = ["status"]
        .into_iter()
        .chain(words.split_whitespace())
        .collect();
    let before = (fleet.keys(), fleet.revision(), node_state(node));
    let run = node.run(&words).changes_nothing();
    assert_eq!((fleet.keys(), fleet.revision(), node_state(node)), before);
    run
}

/// The runs with revisions masked: each registry counts for itself.
fn masked(runs: &[Run]) -> String {
    let texts: Vec<String> = runs.iter().map(Run::text).collect();
    let mut masked = String::new();
    let text = texts.join("\n");
    let mut rest = text.as_str();
    while let Some(at) = ["revision ", ", not ", "revision\":", "\"now\":"]
        .into_iter()
        .filter_map(|word| Some(rest.find(word)? + word.len()))
        .min()
    {
        masked.push_str(&rest[..at]);
        let digits = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            masked.push_str("[N]");
        }
        rest = &rest[at + digits..];
    }
    masked + rest
}

/// Compares runs with one golden text for both registries.
#[track_caller]
fn golden_on_both(case: &str, runs: &[Run]) {
    let mut text = masked(runs).replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .unwrap()
        .unwrap()
        .name;
    for field in ["by", "user"] {
        let masked = format!("\"{field}\":\"[USER]\"");
        text = text.replace(&format!("\"{field}\":\"{user}\""), &masked);
    }
    golden::check(case, &text);
}
