//! An announce or a withdrawal that dies at any moment leaves a record, and the next one makes the registry right.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    hint,
    os::unix::process::ExitStatusExt as _,
    process::Stdio,
    time::{Duration, Instant},
};

use super::{Fleet, all_succeed, on_both};
use crate::harness::scenario::Scenario;

/// Another name, value and node name in each round, so that there is always something to take back.
fn begin(node: Scenario, round: u32) -> Scenario {
    let manifest = r#"{"id": "api", "provides": {"NAME": "ROUND"}}"#;
    let manifest = manifest.replace("NAME", &name(round));
    let manifest = manifest.replace("ROUND", &round.to_string());
    node.manifest("api", &manifest)
        .env("RECONF_NODE", &format!("n{}", round % 2))
}

fn name(round: u32) -> String {
    format!("N{}_URL", round % 3)
}

/// Starts a command, which takes about so long, and kills it at a random moment; whether it was still at work.
fn kill(node: &Scenario, command: &[&str], takes: Duration) -> bool {
    let moment = RandomState::new().hash_one(0) % 1000;
    let mut child = node.command(command).stderr(Stdio::null()).spawn().unwrap();
    let moment = takes.mul_f64(f64::from(u32::try_from(moment).unwrap()) / 1e3);
    let start = Instant::now();
    while start.elapsed() < moment {
        hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap().signal().is_some()
}

/// What is live, as `name/node`.
fn live(fleet: &Fleet) -> Vec<String> {
    let said = fleet.said().into_iter();
    let live = said.filter_map(|key| Some(key.strip_prefix("default/provides/")?.to_owned()));
    live.map(|key| key.replace("/default/api@", "/")).collect()
}

#[test]
fn what_dies_half_way_is_made_up_for() {
    on_both(|fleet| {
        let mut node = begin(fleet.node("n0"), 0);
        let (mut takes, mut killed) = (Duration::from_millis(50), 0);
        for round in 1..=60 {
            node = begin(node, round);
            let command: &[&str] = if round % 5 == 0 {
                &["withdraw", "api"]
            } else {
                &["announce", "api"]
            };
            killed += usize::from(kill(&node, command, takes));
            if round % 2 == 0 {
                let start = Instant::now();
                all_succeed(&node, &["announce api"]);
                takes = start.elapsed();
                assert_eq!(
                    live(fleet),
                    [format!("{}/n{}", name(round), round % 2)],
                    "round {round}"
                );
                let _same = node.run(&["announce", "api"]).changes_nothing().exits(0);
            }
        }
        assert!(killed > 20, "only {killed} of 60 were still at work");
    });
}
