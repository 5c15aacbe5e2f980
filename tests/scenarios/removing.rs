//! The end of a service on its node.

use std::{fs, path::Path, process::Stdio};

use super::{Fleet, all_succeed, on_both};
use crate::harness::{
    etcd::refused,
    scenario::{Scenario, golden_story},
    tree::Tree,
};

const API: &str = r#"{"id": "api", "environment": {"PORT": 1100, "SECRET": "s3cret"},
    "provides": {"API_URL": "http://{HOST}:{PORT}"},
    "conf": {"formats": ["shell", "systemd", "docker", "dotenv", "json", "envdir"]}}"#;
const PLAIN: &str = r#"{"id": "plain", "environment": {"A": "b"}}"#;
const WWW: &str = r#"{"id": "www", "requires": {"URL": "{API_URL}"}}"#;

const LIVE: &str = "default/provides/API_URL/default/api@web01";
const TOMBSTONE: &str = "default/withdrawn/API_URL/default/api@web01";
const STATE: &str = "var/lib/reconf/services/api.json";

/// A node with `api`, `www` that requires it, and `plain`, which provides nothing.
fn node(fleet: &Fleet) -> Scenario {
    let node = fleet.node("web01").manifest("api", API);
    let node = node.manifest("www", WWW).manifest("plain", PLAIN);
    all_succeed(&node, &["apply --all"]);
    node
}

fn without_manifest(node: &Scenario, ids: &[&str]) {
    for id in ids {
        fs::remove_file(node.path(&format!("etc/reconf/services/{id}.json"))).unwrap();
    }
}

/// The paths of which any part is named after a service.
fn files_of(node: &Scenario, id: &str) -> Vec<String> {
    let nothing = Tree::of(Path::new("/nonexistent"));
    let all = nothing.changes(&Tree::of(&node.path("")));
    let paths = all
        .into_iter()
        .map(|change| change.path.display().to_string());
    let of_service = |path: &String| {
        let is_lock = path.starts_with("run/") || path.starts_with("registry/");
        let name = path.rsplit('/').next().unwrap().trim_start_matches('.');
        !is_lock && name.starts_with(&format!("{id}."))
    };
    paths.filter(of_service).collect()
}

/// What the registry has of a service of `web01`, but for tombstones.
fn in_registry(fleet: &Fleet, id: &str) -> Vec<String> {
    let keys = fleet.keys().into_keys();
    let ends = [format!("/{id}@web01"), format!("/applied/web01/{id}")];
    keys.filter(|key| !key.contains("/withdrawn/") && ends.iter().any(|end| key.ends_with(end)))
        .collect()
}

#[test]
fn what_a_killed_removal_left_hidden_goes_with_the_next_one() {
    on_both(|fleet| {
        let node = node(fleet);
        without_manifest(&node, &["api"]);
        // Killed after the link and before the generation, which holds the values.
        fs::remove_file(node.path("etc/services.d/api.envdir")).unwrap();
        let left = files_of(&node, "api");
        assert!(
            left.iter()
                .any(|path| path.contains("/.api.envdir.reconf-")),
            "{left:?}"
        );
        all_succeed(&node, &["remove api"]);
        let nothing: [String; 0] = [];
        assert_eq!(files_of(&node, "api"), nothing);
    });
}

#[test]
fn a_removed_service_leaves_nothing_but_its_tombstone() {
    on_both(|fleet| {
        let node = node(fleet);
        let story = [
            node.run(&["remove", "api"]).changes_nothing().exits(64),
            node.run(&["remove", "apj"]).changes_nothing().exits(66),
        ];
        without_manifest(&node, &["api", "www", "plain"]);
        let www = files_of(&node, "www");
        let removed = node.run(&["remove", "api", "plain", "-v"]).exits(0).text();
        for told in [
            "api: withdrawn API_URL; removed from this node\n",
            "  [ROOT]/etc/services.d/api.envdir\n",
            "plain: removed from this node\n",
        ] {
            assert!(removed.contains(told), "{removed}");
        }
        let again = node.run(&["remove", "api"]).changes_nothing().exits(66);
        for id in ["api", "plain"] {
            assert_eq!(files_of(&node, id), [""; 0]);
            assert_eq!(in_registry(fleet, id), [""; 0]);
        }
        assert_eq!(files_of(&node, "www"), www);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        if fleet.own_etcd().is_none() {
            let [manifest, unknown] = story;
            golden_story("scenarios/remove", &[manifest, unknown, again]);
        }
        // It was not by hand: its manifest brings it back.
        let node = node.manifest("api", API);
        all_succeed(&node, &["apply --all"]);
        assert_eq!(fleet.announced(), [LIVE]);
    });
}

#[test]
fn a_service_without_a_manifest_is_warned_of_until_it_is_removed() {
    on_both(|fleet| {
        let node = node(fleet);
        node.put("etc/services.d/foreign.conf", "# mine\nexport A='b'\n");
        let quiet = node.run(&["render", "--all"]).exits(0).text();
        assert!(!quiet.contains("manifest"), "{quiet}");
        without_manifest(&node, &["api", "www"]);
        let expected =
            "warning: no manifest is left of `api`, `www`: `reconf remove --all-orphans`";
        for command in ["render --all", "render --all --dry-run", "apply --all"] {
            let told = node
                .run(&command.split(' ').collect::<Vec<_>>())
                .exits(0)
                .text();
            assert!(told.contains(expected), "{told}");
        }
        all_succeed(&node, &["remove --all-orphans"]);
        let told = node.run(&["render", "--all"]).exits(0).text();
        assert!(!told.contains("manifest"), "{told}");
        assert_eq!(files_of(&node, "api"), [""; 0]);
        assert_eq!(files_of(&node, "foreign"), ["etc/services.d/foreign.conf"]);
        assert_eq!(files_of(&node, "plain").len(), 5);
        let _nothing = node
            .run(&["remove", "--all-orphans"])
            .changes_nothing()
            .exits(0);
    });
}

#[test]
fn a_running_task_keeps_the_files_and_not_the_announcement() {
    on_both(|fleet| {
        let node = node(fleet);
        let mut task = node.command(&["exec", "--task", "api", "--", "sh", "-c", "echo; read x"]);
        let mut task = task
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut begun = [0];
        std::io::Read::read_exact(task.stdout.as_mut().unwrap(), &mut begun).unwrap();
        without_manifest(&node, &["api"]);
        let before = files_of(&node, "api");
        let busy = node.run(&["remove", "api"]).exits(75).text();
        assert!(busy.contains("tasks of `api` still run"), "{busy}");
        assert_eq!(files_of(&node, "api"), before);
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        drop(task.stdin.take());
        let _ended = task.wait().unwrap();
        all_succeed(&node, &["remove api"]);
        assert_eq!(files_of(&node, "api"), [""; 0]);
    });
}

#[test]
fn while_the_registry_is_away_the_conf_goes_and_the_state_stays() {
    let fleet = Fleet::etcd();
    for command in [
        "remove api",
        "withdraw api",
        "remove --all-orphans",
        "announce --all",
        "apply --all",
    ] {
        let node = node(&fleet);
        without_manifest(&node, &["api", "www", "plain"]);
        let node = node.registry(&refused()).env("RECONF_TIMEOUT", "500ms");
        let told = node.run(&["remove", "api"]).exits(69).text();
        assert!(told.contains("the files of `api` are removed"), "{told}");
        assert_eq!(files_of(&node, "api"), [STATE]);
        assert_eq!(fleet.announced(), [LIVE]);
        let node = node
            .registry(&fleet.location())
            .env("RECONF_TIMEOUT", "20s");
        all_succeed(&node, &[command]);
        assert_eq!(files_of(&node, "api"), [""; 0], "{command}");
        assert_eq!(fleet.announced(), [TOMBSTONE]);
        assert_eq!(in_registry(&fleet, "api"), [""; 0]);
    }
}

#[test]
fn what_a_lost_state_does_not_say_is_searched_for() {
    on_both(|fleet| {
        let node = node(fleet);
        without_manifest(&node, &["api"]);
        fs::remove_file(node.path(STATE)).unwrap();
        if fleet.own_etcd().is_some() {
            let away = node.registry(&refused()).env("RECONF_TIMEOUT", "500ms");
            let _unread = away.run(&["remove", "api"]).exits(69);
            assert_eq!(files_of(&away, "api"), [STATE]);
            let node = away
                .registry(&fleet.location())
                .env("RECONF_TIMEOUT", "20s");
            all_succeed(&node, &["remove --all-orphans"]);
            assert_eq!(files_of(&node, "api"), [""; 0]);
        } else {
            all_succeed(&node, &["remove api"]);
            assert_eq!(files_of(&node, "api"), [""; 0]);
        }
        assert_eq!(fleet.announced(), [TOMBSTONE]);
    });
}

#[test]
fn what_another_machine_announces_is_left_to_it() {
    on_both(|fleet| {
        let node = node(fleet);
        let twin = fleet
            .node("web01")
            .env("RECONF_HOST", "10.0.0.9")
            .manifest("api", API);
        all_succeed(&twin, &["announce --all"]);
        without_manifest(&node, &["api"]);
        for lost in [false, true] {
            if lost {
                fs::remove_file(node.path(STATE)).unwrap();
                node.put("var/lib/reconf/tasks/api.gate", "");
            }
            let left = node.run(&["remove", "api"]).exits(75).text();
            assert!(
                left.contains("another machine, at `10.0.0.9`, announces `api@web01`"),
                "{left}"
            );
            assert_eq!(fleet.announced(), [LIVE]);
            assert_eq!(files_of(&node, "api"), [STATE]);
        }
        // Renamed, it takes its own key back.
        all_succeed(&twin.env("RECONF_NODE", "web02"), &["announce --all"]);
        all_succeed(&node, &["remove api"]);
        assert_eq!(files_of(&node, "api"), [""; 0]);
    });
}

#[test]
fn only_what_reconf_wrote_is_deleted() {
    let fleet = Fleet::embedded();
    let node = node(&fleet);
    without_manifest(&node, &["api"]);
    let written =
        "# Written by reconf from the manifest of other; 1 variable follows.\nexport A='b'\n";
    node.put("etc/services.d/api.conf", written);
    node.put("etc/services.d/api.json", "{\"mine\":1}");
    let told = node.run(&["remove", "api"]).exits(0).text();
    for path in ["api.conf", "api.json"] {
        assert!(
            told.contains(&format!("{path}`: reconf did not write it")),
            "{told}"
        );
    }
    let left = ["etc/services.d/api.conf", "etc/services.d/api.json"];
    assert_eq!(files_of(&node, "api"), left);
}
