//! Fifty renders and announces of one service at once, while everything that they read changes.

use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{Fleet, all_succeed, conf, on_both};
use crate::harness::{scenario::Scenario, wait::wait_until};

const APP: &str = r#"{"id": "app", "environment": {"ROUND": ROUND},
    "requires": {"ONE": "{ONE_URL}", "TWO": "{TWO_URL}"}, "provides": {"APP_URL": "{ROUND}"}}"#;
const API: &str = r#"{"id": "api", "environment": {"ROUND": ROUND},
    "provides": {"ONE_URL": "{ROUND}", "TWO_URL": "{ROUND}"}}"#;
const MANY: usize = 50;

/// How long it may take until enough has changed: the commands are many, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// Puts a manifest of that round in place, whole, as Chef does.
fn begin(node: &Scenario, id: &str, manifest: &str, round: usize) {
    let path = format!("etc/reconf/services/{id}.json");
    let aside = format!("{id}.new");
    node.put(
        &aside,
        &manifest.replace("ROUND\": ROUND", &format!("ROUND\": {round}")),
    );
    fs::rename(node.path(&aside), node.path(&path)).unwrap();
}

/// What a conf says of a variable; nothing if there is no conf yet.
fn seen(node: &Scenario) -> Option<[usize; 3]> {
    let text = fs::read_to_string(node.path(&conf("app"))).ok()?;
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let value = |name: &str| {
        let line = lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("export {name}='")));
        let digits = line.and_then(|line| line.strip_suffix('\''));
        digits
            .unwrap_or_else(|| panic!("torn: {text}"))
            .parse()
            .unwrap()
    };
    assert_eq!(lines.len(), 3, "torn: {text}");
    Some(["ONE", "TWO", "ROUND"].map(value))
}

/// The round of the one announcement of app, if there is one.
fn announced(keys: &BTreeMap<String, String>) -> Option<usize> {
    let is_app = |(key, _): &(&String, &String)| key.contains("/provides/APP_URL/");
    let apps: Vec<_> = keys.iter().filter(is_app).collect();
    assert!(apps.len() <= 1, "{apps:?}");
    let (_, value) = apps.first()?;
    let value: Value = serde_json::from_str(value).expect("a torn announcement");
    Some(value["value"].as_str().unwrap().parse().unwrap())
}

/// The revision of the announcement that app runs with, as the fleet is told.
fn running(keys: &BTreeMap<String, String>) -> Option<i64> {
    let told = keys.get("/reconf/v1/default/applied/web01/app")?;
    let told: Value = serde_json::from_str(told).expect("a torn record");
    told["ONE"][0][1].as_i64()
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Looks at conf and announcement until everything has ended: neither ever goes back. Counts the different rounds that
/// are seen of each.
fn watch(fleet: &Fleet, node: &Scenario, ended: &AtomicBool, [confs, keys]: &[AtomicUsize; 2]) {
    let _if_it_fails = Ends(ended);
    let (mut conf, mut key, mut revision) = ([0; 3], 0, 0);
    while !ended.load(Ordering::Relaxed) {
        if let Some(now) = seen(node).filter(|now| *now != conf) {
            assert_eq!(now[0], now[1], "two revisions in one conf");
            assert!(
                now.iter().zip(conf).all(|(now, before)| *now >= before),
                "{conf:?} -> {now:?}"
            );
            conf = now;
            confs.fetch_add(1, Ordering::Relaxed);
        }
        let said = fleet.keys();
        let now = running(&said).unwrap_or(revision);
        assert!(
            now >= revision,
            "it ran with {revision} and is said to run with {now}"
        );
        revision = now;
        if let Some(now) = announced(&said).filter(|now| *now != key) {
            assert!(now > key, "round {now} came after round {key}");
            key = now;
            keys.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ends all threads of a test when one of them is over, so that nothing waits for one that has failed.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Starts fifty at once, and again until enough has changed meanwhile.
fn overlap(app: &Scenario, seen: &[AtomicUsize; 2], ended: &AtomicBool) {
    let _all = Ends(ended);
    wait_until("each has changed three times", PATIENCE, || {
        let commands = ["render", "announce"].into_iter().cycle().take(MANY);
        let started: Vec<_> = commands
            .map(|verb| (verb, start(app.command(&[verb, "app"]))))
            .collect();
        for (verb, child) in started {
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            // An announce that loses to others again and again says so, and leaves the newer one.
            let overtaken = verb == "announce" && told.contains("concurrent changes");
            assert!(output.status.success() || overtaken, "{verb}: {told}");
        }
        let enough = seen.iter().all(|rounds| rounds.load(Ordering::Relaxed) > 2);
        enough || ended.load(Ordering::Relaxed)
    });
}

/// Brings on one round after the other until everything has ended; returns the last.
fn change(api: &Scenario, app: Option<&Scenario>, ended: &AtomicBool) -> usize {
    let _if_it_fails = Ends(ended);
    let mut round = 1;
    while !ended.load(Ordering::Relaxed) {
        round += 1;
        begin(api, "api", API, round);
        all_succeed(api, &["announce api"]);
        // A manifest that changes faster than it can be announced would have every announce overtaken.
        if let Some(app) = app.filter(|_| round % 2 == 0) {
            begin(app, "app", APP, round);
        }
    }
    if let Some(app) = app {
        begin(app, "app", APP, round);
    }
    round
}

#[test]
fn one_wins_at_a_time_and_nothing_is_lost_or_torn_or_goes_back() {
    on_both(|fleet| {
        let (api, app) = (fleet.node("api01"), fleet.node("web01"));
        for (node, id, manifest) in [(&api, "api", API), (&app, "app", APP)] {
            node.put(&format!("etc/reconf/services/{id}.json"), "");
            begin(node, id, manifest, 1);
        }
        all_succeed(&api, &["announce api"]);
        let ended = AtomicBool::new(false);
        let seen_rounds = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let last = thread::scope(|scope| {
            let watcher = scope.spawn(|| watch(fleet, &app, &ended, &seen_rounds));
            let changer = scope.spawn(|| change(&api, Some(&app), &ended));
            let overlapped = scope.spawn(|| overlap(&app, &seen_rounds, &ended)).join();
            watcher.join().and(overlapped).unwrap();
            changer.join().unwrap()
        });
        all_succeed(&app, &["render app", "announce app"]);
        assert_eq!(seen(&app), Some([last; 3]));
        assert_eq!(announced(&fleet.keys()), Some(last));
        let _again = app.run(&["announce", "app"]).changes_nothing().exits(0);
        let left = fs::read_dir(app.path("etc/services.d")).unwrap();
        assert_eq!(left.count(), 1, "a temporary file stays behind");
    });
}

/// The services that learn at once.
const SERVICES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// What the node last knew of the provider of `ONE_URL`.
fn known(node: &Scenario) -> Option<usize> {
    let text = fs::read(node.path("var/lib/reconf/known/default.json")).ok()?;
    let known: Value = serde_json::from_slice(&text).expect("a torn state");
    let value = &known["regions"]["default"]["ONE_URL"]["api@api01"]["announcement"]["value"];
    value.as_str()?.parse().ok()
}

#[test]
fn what_several_services_learn_at_once_never_goes_back() {
    on_both(|fleet| {
        let (api, mut web) = (fleet.node("api01"), fleet.node("web01"));
        for id in SERVICES {
            let manifest = r#"{"id": "ID", "requires": {"ONE": "{ONE_URL}"}}"#;
            web = web.manifest(id, &manifest.replace("ID", id));
        }
        api.put("etc/reconf/services/api.json", "");
        begin(&api, "api", API, 1);
        all_succeed(&api, &["announce api"]);
        let (ended, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
        let look = || {
            let _if_it_fails = Ends(&ended);
            let mut last = 0;
            while !ended.load(Ordering::Relaxed) {
                let now = known(&web).unwrap_or(last);
                assert!(now >= last, "round {now} came after round {last}");
                rounds.fetch_add(usize::from(now > last), Ordering::Relaxed);
                last = now;
            }
        };
        thread::scope(|scope| {
            let watcher = scope.spawn(look);
            let changer = scope.spawn(|| change(&api, None, &ended));
            let renders = scope.spawn(|| render_until(&web, &rounds, &ended)).join();
            watcher.join().and(changer.join()).and(renders).unwrap();
        });
    });
}

/// Renders all of them at once, and again until ten rounds were seen.
fn render_until(web: &Scenario, rounds: &AtomicUsize, ended: &AtomicBool) {
    let _all = Ends(ended);
    wait_until("it has changed ten times", PATIENCE, || {
        let started = SERVICES.map(|id| start(web.command(&["render", id])));
        for child in started {
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{told}");
        }
        rounds.load(Ordering::Relaxed) >= 10 || ended.load(Ordering::Relaxed)
    });
}
