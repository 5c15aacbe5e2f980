//! An announcement and a withdrawal of one service at once, each stopped after any of its system calls while the other goes
//! on: the registry and the state of the node agree in the end, whoever wins.

use std::{collections::BTreeMap, fs, time::Duration};

use proptest::{
    arbitrary::any, collection::vec, strategy::Strategy as _, strategy::ValueTree as _,
};
use serde_json::Value;

use crate::harness::{
    fleet::{Fleet, all_succeed},
    scenario::Scenario,
    seed,
    strace::{FaultPoint, Paused, may_trace, moments, on_two_threads},
    wait::{LONG, wait_until},
};

const API: &str = r#"{"id": "api", "provides": {"API_URL": "VALUE", "ADMIN_URL": "VALUE/admin"}}"#;

/// What a command may need of the other, such as a lock: then the other goes on as well.
const GRACE: Duration = Duration::from_millis(250);

/// What is so before both begin: the commands that lead there, and the value that the manifest has then.
const STARTS: [(&[&str], &str); 4] = [
    (&[], "new"),
    (&["announce api"], "old"),
    (&["announce api"], "new"),
    (&["announce api", "withdraw api"], "old"),
];

const WITHDRAW: &[&str] = &["withdraw", "api"];
const ANNOUNCE: [&[&str]; 2] = [&["announce", "api"], &["announce", "--all"]];

/// Two commands, the first and the second to be started, and after which of its calls each stops.
#[derive(Debug)]
struct Schedule {
    start: usize,
    commands: [&'static [&'static str]; 2],
    stops: [FaultPoint; 2],
}

fn node(fleet: &Fleet, start: usize) -> Scenario {
    let node = fleet.node("api01");
    let node = node.manifest("api", &API.replace("VALUE", "old"));
    let (commands, value) = STARTS[start];
    all_succeed(&node, commands);
    node.manifest("api", &API.replace("VALUE", value))
}

/// Draws schedules; `fleet` makes a registry with nothing in it.
fn schedules(count: usize, fleet: &dyn Fn() -> Fleet) -> Vec<Schedule> {
    let mut known: BTreeMap<(usize, &[&str]), Vec<FaultPoint>> = BTreeMap::new();
    let mut moments = |start: usize, command: &'static [&'static str]| {
        let found = || {
            let fleet = fleet();
            let node = node(&fleet, start);
            moments(&node.command(command), &node.path(""), |_| true)
        };
        known.entry((start, command)).or_insert_with(found).clone()
    };
    let draws = vec(any::<[u16; 5]>(), count).new_tree(&mut seed::runner());
    let draw = |draw: [u16; 5]| {
        let [start, verb, order, first, second] = draw.map(usize::from);
        let start = start % STARTS.len();
        let mut commands = [ANNOUNCE[verb % 2], WITHDRAW];
        commands.rotate_left(order % 2);
        let [of_first, of_second] = commands.map(|command| moments(start, command));
        let stops = [
            of_first[first % of_first.len()].clone(),
            of_second[second % of_second.len()].clone(),
        ];
        Schedule {
            start,
            commands,
            stops,
        }
    };
    draws.unwrap().current().into_iter().map(draw).collect()
}

/// Starts the first, which stops; then the second, which stops; then the first goes on to its end, then the second.
fn run(schedule: &Schedule, fleet: &Fleet) {
    let node = node(fleet, schedule.start);
    let start = |at: usize| {
        let command = node.command(schedule.commands[at]);
        Paused::start(&command, &schedule.stops[at])
    };
    let mut first = start(0);
    wait_until("the first stops", LONG, || first.rests());
    let mut second = start(1);
    wait_for(GRACE, || second.rests());
    first.resume();
    wait_for(GRACE, || first.has_ended());
    for ended in [second, first] {
        let output = ended.end();
        let said = String::from_utf8_lossy(&output.stderr);
        let overtaken = said.contains("concurrent changes");
        assert!(output.status.success() || overtaken, "{schedule:?}\n{said}");
    }
    agree(&node, fleet, schedule);
}

/// Waits until something is so, but no longer than that.
fn wait_for(limit: Duration, mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    wait_until("it is so, or long enough", LONG, || {
        is_so() || start.elapsed() > limit
    });
}

/// What the state says is announced is in the registry, and nothing else is; it is held exactly if that was withdrawn.
#[track_caller]
fn agree(node: &Scenario, fleet: &Fleet, schedule: &Schedule) {
    let keys = fleet.keys();
    let state = fs::read_to_string(node.path("var/lib/reconf/services/api.json")).unwrap();
    let shown = || format!("{schedule:#?}\n{state}\n{keys:#?}");
    let said: Value = serde_json::from_str(&state).unwrap();
    let announced = said["announced"].as_object().unwrap();
    let live: Vec<&String> = keys
        .keys()
        .filter(|key| key.contains("/provides/"))
        .collect();
    let withdrawn = keys
        .keys()
        .filter(|key| key.contains("/withdrawn/"))
        .count();
    assert!(announced.keys().eq(live.iter().copied()), "{}", shown());
    assert_eq!(
        (live.len() + withdrawn, live.len() % 2),
        (2, 0),
        "{}",
        shown()
    );
    for (key, record) in announced {
        assert_eq!(record["outcome"], "done", "{}", shown());
        let value: Value = serde_json::from_str(&keys[key]).unwrap();
        assert_eq!(record["announcement"], value, "{}", shown());
    }
    assert_eq!(said["withdrawing"], serde_json::json!({}), "{}", shown());
    assert_eq!(said["held"], live.is_empty(), "{}", shown());
}

/// The first stops before each lock that it takes, of a state or of the registry; the second does not stop.
fn between_locks(fleet: &dyn Fn() -> Fleet) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    for start in 1..STARTS.len() {
        for commands in [[ANNOUNCE[0], WITHDRAW], [WITHDRAW, ANNOUNCE[0]]] {
            let fleet = fleet();
            let node = node(&fleet, start);
            let command = node.command(commands[0]);
            let locks = moments(&command, &node.path(""), |opened| {
                opened.contains(".lock\"")
            });
            schedules.extend(locks.into_iter().map(|stop| Schedule {
                start,
                commands,
                stops: [stop, FaultPoint::never()],
            }));
        }
    }
    schedules
}

fn cross(schedules: &[Schedule], fleet: &(dyn Fn() -> Fleet + Sync)) {
    on_two_threads(schedules, |schedule| run(schedule, &fleet()));
}

#[test]
fn what_is_announced_and_withdrawn_at_once_is_one_or_the_other() {
    if may_trace("two commands that stop after any system call") {
        let between = between_locks(&Fleet::embedded);
        assert!(between.len() > 9, "{between:?}");
        cross(&between, &Fleet::embedded);
        cross(&schedules(8, &Fleet::shared), &Fleet::shared);
    }
}

#[test]
#[ignore = "long: script/prove"]
fn two_hundred_times_what_is_announced_and_withdrawn_at_once_is_one_or_the_other() {
    if may_trace("two commands that stop after any system call") {
        for fleet in [Fleet::embedded, Fleet::shared] {
            cross(&schedules(200, &fleet), &fleet);
        }
    }
}
