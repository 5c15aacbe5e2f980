//! Real listeners on nodes of their own, against real registries: each file tells of one concern.

mod away;
mod crash;
mod fleet;
mod interest;
mod leases;
mod manager;
mod speed;
mod switch;
mod throttle;

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::harness::{etcd::shared, registry::Registry, scenario::Scenario, wait::wait_until};

/// What a busy machine may need for anything.
const LONG: Duration = Duration::from_secs(60);

/// Renders what changed, and writes down when it began and when it ended.
const RENDER: &str = "echo begin >>runs; reconf render --all -q; echo end >>runs";

/// A node that listens, and a place in a registry where others announce.
struct Node {
    scenario: Scenario,
    federation: String,
    location: String,
}

/// A running listener; it is killed when this is dropped.
struct Listener {
    child: Child,
}

impl Node {
    /// A node with a federation of its own in the etcd that all tests share.
    fn new(listen: &str) -> Self {
        Self::at(shared().url(), listen)
    }

    /// A node with a federation of its own: `www` requires `DB_URL`.
    fn at(location: &str, listen: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::in_federation(location, &format!("listen{number}"), "web01", listen)
    }

    fn in_federation(location: &str, federation: &str, node: &str, listen: &str) -> Self {
        let manifest = format!(
            r#"{{"id": "www", "federation": "{federation}", "requires": {{"DB": "{{DB_URL}}"}}}}"#
        );
        let scenario = Scenario::new()
            .env("RECONF_NODE", node)
            .env("RECONF_FEDERATION", federation)
            .env("RECONF_TIMEOUT", "20s")
            .env("PATH", &crate::harness::scenario::path_with_binary())
            .config(&format!(r#"{{"listen": {listen}}}"#))
            .manifest("www", &manifest)
            .registry(location);
        Self {
            scenario,
            federation: federation.to_owned(),
            location: location.to_owned(),
        }
    }

    /// The same with the timeout that nodes have by default: for registries that go away.
    fn impatient(mut self) -> Self {
        self.scenario = self.scenario.env("RECONF_TIMEOUT", "2s");
        self
    }

    /// The same with the place of its registry in its configuration only.
    fn configured(mut self) -> Self {
        self.scenario = self.scenario.without("RECONF_REGISTRY");
        self
    }

    /// Starts the listener with a script as its command.
    fn listen(&self, script: &str) -> Listener {
        self.listen_as(self.scenario.command(&["listen", "--", "sh", "-c", script]))
    }

    fn listen_as(&self, mut command: Command) -> Listener {
        let open = |name| {
            let mut options = File::options();
            options.create(true).append(true);
            options.open(self.scenario.path(name)).unwrap()
        };
        command.stdin(Stdio::null()).stdout(open("out"));
        let child = command.stderr(open("log")).spawn().unwrap();
        Listener { child }
    }

    /// Has another node announce what `DB_URL` is.
    fn announce(&self, value: &str) -> i64 {
        self.announce_as("db01", "DB_URL", value)
    }

    fn announce_as(&self, node: &str, name: &str, value: &str) -> i64 {
        self.write(&mut self.registry(), node, name, value)
    }

    fn write(&self, registry: &mut Registry, node: &str, name: &str, value: &str) -> i64 {
        let key = self.key(node, name);
        registry.put(&self.federation, &key, &announcement(node, value))
    }

    /// The registry's key at which a node provides a name.
    fn key(&self, node: &str, name: &str) -> String {
        let federation = &self.federation;
        format!("/reconf/v1/{federation}/provides/{name}/default/db@{node}")
    }

    /// The beginning of the registry's keys of the slots.
    fn slots(&self) -> String {
        format!("/reconf/v1/{}/slots/", self.federation)
    }

    fn registry(&self) -> Registry {
        Registry::at(&self.location)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.scenario.path(path)).unwrap_or_default()
    }

    /// What the listener has told so far.
    fn log(&self) -> String {
        self.read("log")
    }

    /// How many events of that kind it has told of.
    fn events(&self, event: &str) -> usize {
        let word = format!(" event={event}");
        let is = |line: &&str| {
            line.split_once(&word)
                .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(' '))
        };
        self.log().lines().filter(is).count()
    }

    /// Waits until the listener has told of that event so many times.
    #[track_caller]
    fn told(&self, event: &str, times: usize) {
        wait_until(&format!("`{event}` is told {times} times"), LONG, || {
            assert!(self.events(event) <= times, "too often:\n{}", self.log());
            self.events(event) == times
        });
    }

    /// How many provisions have begun.
    fn begun(&self) -> usize {
        self.read("runs").matches("begin").count()
    }

    /// Waits until the conf of `www` has this value, and no provision runs.
    #[track_caller]
    fn settles(&self, value: &str) {
        let conf = format!("'{value}'");
        wait_until(&format!("DB is {value}"), LONG, || {
            self.read("etc/services.d/www.conf").contains(&conf) && !self.runs()
        });
    }

    /// Whether a provision runs.
    fn runs(&self) -> bool {
        let runs = self.read("runs");
        runs.matches("begin").count() != runs.matches("end").count()
    }

    /// No two provisions ever ran at the same time.
    #[track_caller]
    fn never_two(&self) {
        let runs = self.read("runs");
        for (at, line) in runs.lines().enumerate() {
            let expected = if at % 2 == 0 { "begin" } else { "end" };
            assert_eq!(line, expected, "{runs}");
        }
    }
}

impl Listener {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Ends it as systemd would; gives its exit code.
    fn stop(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap().code()
    }

    /// Ends it as a crash would.
    fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The time that it has computed, in hundredths of a second.
    fn computed(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _may_have_ended = self.child.kill();
        let _collected = self.child.wait();
    }
}

fn announcement(node: &str, value: &str) -> String {
    let announcement = json!({
        "value": value, "pattern": value, "host": "10.0.0.9", "port": null, "local_port": null,
        "service": "db", "node": node, "public": false, "since": "2026-01-01T00:00:00Z",
    });
    announcement.to_string()
}

/// Lets that much time pass: for what is to be seen not to happen.
fn pass(time: Duration) {
    let start = std::time::Instant::now();
    wait_until("time has passed", time * 2 + LONG, || {
        start.elapsed() >= time
    });
}
