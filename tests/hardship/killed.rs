//! A command is killed just before any of its system calls that changes something: no file is ever torn, and the next run
//! ends as if nobody had disturbed the one before.

mod story;

use std::fs;

use crate::harness::{
    fleet::{Fleet, all_succeed},
    scenario::Scenario,
    strace::{fault_points, kill_at, may_trace, on_two_threads},
};

use story::Story;

/// `FLEET` is the federation, and `VALUE` what changes.
const APP: &str = r#"{"id": "app", "federation": "FLEET", "environment": {"LONG": "VALUE", "MODE": "VALUE"},
    "requires": {"DB": "{DB_URL}"}, "conf": {"mode": "0604", "formats": ["shell", "json", "envdir"]}}"#;
const API: &str = r#"{"id": "api", "federation": "FLEET", "provides": {"VALUE_URL": "http://VALUE", "SAME_URL": "x"}}"#;

fn of(fleet: &Fleet, manifest: &str, value: &str) -> String {
    let manifest = manifest.replace("FLEET", fleet.federation());
    manifest.replace("VALUE", value)
}

/// A node with `app`, and what that requires.
fn app(fleet: &Fleet) -> Scenario {
    fleet.announce("db01", "DB_URL", "one");
    let node = fleet.node("web01");
    node.manifest("app", &of(fleet, APP, "old"))
}

/// The same with `app` rendered, and something to change in every file.
fn stale_app(fleet: &Fleet) -> Scenario {
    let node = app(fleet);
    all_succeed(&node, &["render app"]);
    fleet.announce("db01", "DB_URL", "two");
    node.manifest("app", &of(fleet, APP, "new"))
}

fn api(fleet: &Fleet) -> Scenario {
    let node = fleet.node("n0");
    let node = node.manifest("api", &of(fleet, API, "OLD"));
    all_succeed(&node, &["announce api"]);
    node
}

/// The same with another name to announce, another value, and another name of the node itself.
fn moved_api(fleet: &Fleet) -> Scenario {
    let node = api(fleet).env("RECONF_NODE", "n1");
    node.manifest("api", &of(fleet, API, "NEW"))
}

#[test]
fn a_render_that_dies_leaves_whole_files_and_the_next_one_does_the_rest() {
    let plain = ["render", "app"];
    let next = ["render", "--detailed-exitcode", "app"];
    for before in [app, stale_app] {
        let story = Story {
            before: &before,
            killed: &plain,
            next: (&next, &[0, 2]),
            after: &["render app"],
        };
        story.holds_on(&Fleet::embedded);
    }
}

#[test]
fn a_change_that_awaits_being_applied_is_not_lost_when_its_render_dies() {
    let awaiting = ["render", "--await-applied", "--detailed-exitcode", "app"];
    let plain = ["render", "--detailed-exitcode", "app"];
    for next in [&awaiting[..], &plain] {
        let story = Story {
            before: &stale_app,
            killed: &["render", "--await-applied", "app"],
            // Whatever the killed one had written: the next one still reports the change.
            next: (next, &[2]),
            after: &["applied app"],
        };
        story.holds_on(&Fleet::embedded);
    }
}

#[test]
fn the_command_for_a_change_runs_although_a_render_died_before() {
    let render = ["render", "app", "--on-change", "echo ran >>ran"];
    let story = Story {
        before: &stale_app,
        killed: &render,
        next: (&render, &[0]),
        after: &["render app"],
    };
    story.holds_on(&Fleet::embedded);
}

/// A kill anywhere in `apply`, which the next `apply` makes up for.
fn apply_dies(fleet: &(dyn Fn() -> Fleet + Sync)) {
    let apply = ["apply", "api", "--on-change", "echo ran >>ran"];
    let story = Story {
        before: &moved_api,
        killed: &apply,
        next: (&apply, &[0]),
        after: &["render api"],
    };
    story.holds_on(fleet);
}

#[test]
fn an_apply_that_dies_is_completed_by_the_next() {
    apply_dies(&Fleet::embedded);
}

#[test]
#[ignore = "long: script/prove"]
fn an_apply_that_dies_is_completed_by_the_next_over_etcd() {
    apply_dies(&Fleet::shared);
}

#[test]
fn an_announcement_that_dies_is_made_up_for() {
    let announce = ["announce", "api"];
    let story = Story {
        before: &moved_api,
        killed: &announce,
        next: (&announce, &[0]),
        after: &[],
    };
    story.holds_on(&Fleet::embedded);
    story.holds_on(&Fleet::shared);
}

#[test]
fn a_call_for_several_services_that_dies_is_made_up_for() {
    let announced = |fleet: &Fleet| {
        let db = of(
            fleet,
            r#"{"id": "db", "provides": {"DB_URL": "VALUE"}}"#,
            "db",
        );
        let node = moved_api(fleet).manifest("db", &db);
        all_succeed(&node, &["announce db"]);
        let moved = of(
            fleet,
            r#"{"id": "db", "provides": {"DB_URL": "VALUE"}}"#,
            "moved",
        );
        node.manifest("db", &moved)
    };
    for all in [["announce", "--all"], ["withdraw", "--all"]] {
        let story = Story {
            before: &announced,
            killed: &all,
            next: (&all, &[0]),
            after: &[],
        };
        story.holds_on(&Fleet::embedded);
    }
}

#[test]
fn what_a_dying_announcement_has_written_is_taken_back_once_nothing_provides_it() {
    if !may_trace("an announcement that is killed between any two system calls") {
        return;
    }
    let announce = ["announce", "api"];
    for fleet in [Fleet::embedded, Fleet::shared] {
        let undisturbed = fleet();
        let points = fault_points(&moved_api(&undisturbed).command(&announce));
        on_two_threads(&points, |point| {
            let fleet = fleet();
            let node = moved_api(&fleet);
            let _killed = kill_at(&node.command(&announce), point);
            let node = node.manifest("api", &of(&fleet, API, "LAST"));
            all_succeed(&node, &["announce api"]);
            let mut live = fleet.announced();
            live.retain(|key| key.contains("/provides/"));
            let federation = fleet.federation();
            let expected = ["LAST", "SAME"]
                .map(|name| format!("{federation}/provides/{name}_URL/default/api@n1"));
            assert_eq!(live, expected, "{point:?}");
        });
    }
}

#[test]
fn a_withdrawal_that_dies_is_made_up_for() {
    let withdraw = ["withdraw", "api"];
    for next in [withdraw, ["announce", "api"]] {
        let story = Story {
            before: &api,
            killed: &withdraw,
            next: (&next, &[0]),
            after: &[],
        };
        story.holds_on(&Fleet::embedded);
        story.holds_on(&Fleet::shared);
    }
}

#[test]
fn a_service_that_is_to_be_forgotten_is_forgotten_although_its_withdrawal_died() {
    let before = |fleet: &Fleet| {
        let node = api(fleet);
        all_succeed(&node, &["render api"]);
        fs::remove_file(node.path("etc/reconf/services/api.json")).unwrap();
        node
    };
    let story = Story {
        before: &before,
        killed: &["withdraw", "api"],
        // 66: the killed one had nothing left to do but to say so.
        next: (&["withdraw", "api"], &[0, 66]),
        after: &[],
    };
    story.holds_on(&Fleet::embedded);
}

#[test]
fn a_removal_that_dies_is_made_up_for() {
    let before = |fleet: &Fleet| {
        let node = stale_app(fleet);
        let node = node.manifest("api", &of(fleet, API, "OLD"));
        all_succeed(&node, &["apply --all"]);
        for id in ["api", "app"] {
            fs::remove_file(node.path(&format!("etc/reconf/services/{id}.json"))).unwrap();
        }
        node
    };
    let remove = ["remove", "--all-orphans"];
    let story = Story {
        before: &before,
        killed: &remove,
        next: (&remove, &[0]),
        after: &[],
    };
    story.holds_on(&Fleet::embedded);
}

#[test]
fn a_copied_state_is_dropped_although_the_first_call_died() {
    let before = |fleet: &Fleet| {
        let node = api(fleet).file("etc/machine-id", "0123456789abcdef0123456789abcdef");
        all_succeed(&node, &["announce --all"]);
        node.file("etc/machine-id", "fedcba9876543210fedcba9876543210")
            .env("RECONF_NODE", "n1")
    };
    let announce = ["announce", "--all"];
    let story = Story {
        before: &before,
        killed: &announce,
        next: (&announce, &[0]),
        after: &[],
    };
    story.holds_on(&Fleet::embedded);
}

#[test]
fn a_retirement_that_dies_is_made_up_for() {
    let before = |fleet: &Fleet| {
        let dead = api(fleet).manifest("app", &of(fleet, APP, "old"));
        fleet.announce("db01", "DB_URL", "one");
        all_succeed(&dead, &["render app"]);
        fleet.node("web01")
    };
    let retire = ["retire", "n0"];
    let story = Story {
        before: &before,
        killed: &retire,
        next: (&retire, &[0]),
        after: &[],
    };
    story.holds_on(&Fleet::embedded);
}
