//! Some endpoints are dead and one is not: no command notices.

use super::node::{announce_database, served};
use crate::harness::{
    black_hole::BlackHole,
    etcd::{refused, shared},
};

#[test]
fn every_render_succeeds_while_one_endpoint_of_three_lives() {
    announce_database("endpoints");
    let (hole, live) = (BlackHole::dig(), shared().url());
    let node = served("endpoints");
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for _ in 0..3 {
            let dead = refused();
            let urls = [live, hole.url(), &dead];
            let urls = order.map(|at| urls[at]).join(",");
            let arguments = ["--registry", &urls, "render", "--detailed-exitcode", "www"];
            let run = node.run(&arguments).changes_nothing().exits(0);
            let told = String::from_utf8_lossy(&run.output.stderr).into_owned();
            assert!(!told.contains("warning"), "{told}");
        }
    }
}

#[test]
fn every_other_command_finds_the_live_endpoint_too() {
    announce_database("others");
    let (hole, live) = (BlackHole::dig(), shared().url());
    let urls = [&refused(), hole.url(), live].join(",");
    let node = served("others").env("RECONF_REGISTRY", &urls);
    for arguments in [
        &["ls"][..],
        &["config"],
        &["withdraw", "www"],
        &["announce", "www"],
        &["apply", "www"],
        &["render", "--await-applied", "www"],
        &["applied", "www"],
        &["withdraw", "--wait", "1s", "www"],
    ] {
        let run = node.run(arguments).exits(0);
        let told = run.text();
        assert!(!told.contains("warning"), "{told}");
    }
    let told = node.run(&["-q", "ls", "WWW_URL"]).exits(0).text();
    assert!(told.contains("(withdrawn by"), "{told}");
}
