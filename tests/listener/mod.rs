//! Real listeners on nodes of their own, against real registries: each file tells of one concern.

mod away;
mod crash;
mod fleet;
mod interest;
mod leases;
mod manager;
mod stale;
mod status;
mod switch;
mod system;
mod throttle;

use std::{fs, process::Command, time::Duration};

use nix::sys::signal::Signal;

use crate::harness::{
    fleet::Fleet,
    process::Running,
    scenario::{Scenario, path_with_binary},
    wait::wait_until,
};

/// What a busy machine may need for anything that starts many processes.
const LONG: Duration = Duration::from_secs(120);

/// Provisions start as soon as something has changed.
const AT_ONCE: &str = r#"{"debounce": "0s", "splay": "0s", "min_interval": "0s"}"#;

/// Renders what changed, and writes down when it began and when it ended.
const RENDER: &str = "echo begin >>runs; reconf render --all -q; echo end >>runs";

/// A node that listens, and the fleet in which others announce.
struct Node {
    scenario: Scenario,
    fleet: Fleet,
}

impl Node {
    /// A node with a federation of its own in the etcd that all tests share: `www` requires `DB_URL`.
    fn new(listen: &str) -> Self {
        Self::of(Fleet::shared(), "web01", listen)
    }

    /// A node with a federation of its own in the registry at `location`.
    fn at(location: &str, listen: &str) -> Self {
        Self::of(Fleet::at(location), "web01", listen)
    }

    fn in_federation(location: &str, federation: &str, node: &str, listen: &str) -> Self {
        Self::of(Fleet::in_federation(location, federation), node, listen)
    }

    fn of(fleet: Fleet, name: &str, listen: &str) -> Self {
        let manifest = format!(
            r#"{{"id": "www", "federation": "{}", "requires": {{"DB": "{{DB_URL}}"}}}}"#,
            fleet.federation()
        );
        let scenario = fleet
            .node(name)
            .env("PATH", &path_with_binary())
            .config(&format!(r#"{{"listen": {listen}}}"#))
            .manifest("www", &manifest);
        Self { scenario, fleet }
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
    fn listen(&self, script: &str) -> Running {
        self.listen_as(self.scenario.command(&["listen", "--", "sh", "-c", script]))
    }

    fn listen_as(&self, command: Command) -> Running {
        Running::start(command, &self.scenario.path(""))
    }

    /// Has another node announce what `DB_URL` is; returns the registry's revision.
    fn announce(&self, value: &str) -> i64 {
        self.fleet.announce("db01", "DB_URL", value)
    }

    fn federation(&self) -> &str {
        self.fleet.federation()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.scenario.path(path)).unwrap_or_default()
    }

    /// What the listener has logged so far.
    fn log(&self) -> String {
        self.read("log")
    }

    /// How many events of that kind it has logged.
    fn events(&self, event: &str) -> usize {
        let word = format!(" event={event}");
        let is = |line: &&str| {
            line.split_once(&word)
                .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(' '))
        };
        self.log().lines().filter(is).count()
    }

    /// Waits until the listener has logged that event so many times.
    #[track_caller]
    fn logs(&self, event: &str, times: usize) {
        wait_until(&format!("`{event}` is logged {times} times"), LONG, || {
            assert!(self.events(event) <= times, "too often:\n{}", self.log());
            self.events(event) == times
        });
    }

    /// Waits until the listener has decided about everything that it has seen: it does so before it reloads again.
    #[track_caller]
    fn decides(&self, listener: &Running) {
        for _ in 0..2 {
            let before = self.events("reload");
            listener.signal(Signal::SIGHUP);
            self.logs("reload", before + 1);
        }
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
