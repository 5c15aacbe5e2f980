//! The `listen` of `config.json`: what a provision is, and when one may start (design.md sections 4 and 8).

use std::{path::PathBuf, time::Duration};

use super::{
    file::{path, read, section},
    merge::FileSettings,
    rows::SettingRow,
};
use crate::model::{findings::Findings, json::Object};

const KEYS: [&str; 7] = [
    "command",
    "debounce",
    "debounce_max",
    "min_interval",
    "splay",
    "max_parallel",
    "busy_lock",
];

const DEBOUNCE: Duration = Duration::from_secs(2);
const DEBOUNCE_MAX: Duration = Duration::from_secs(30);
const MIN_INTERVAL: Duration = Duration::from_secs(60);

/// What a provision is, and when one may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenSettings {
    /// The command, the program first; `None`: it is given when the listener starts.
    pub command: Option<Vec<String>>,
    /// How long nothing has to change before a change starts a provision.
    pub debounce: Duration,
    /// How long changes that go on can put that off.
    pub debounce_max: Duration,
    /// The least time between two starts.
    pub min_interval: Duration,
    /// The longest time that a node lets others go first; each draws its own.
    pub splay: Duration,
    /// How many nodes of the federation may provision at the same time; `None`: all of them.
    pub max_parallel: Option<u32>,
    /// A file on which somebody else holds an flock while they provision this node.
    pub busy_lock: Option<PathBuf>,
}

/// What the file says of it.
#[derive(Debug, Default)]
pub(super) struct ExplicitListen {
    command: Option<Vec<String>>,
    debounce: Option<Duration>,
    debounce_max: Option<Duration>,
    min_interval: Option<Duration>,
    splay: Option<Duration>,
    max_parallel: Option<u32>,
    busy_lock: Option<PathBuf>,
}

/// Reads `listen`; nothing if it is missing.
pub(super) fn parse(findings: &mut Findings<'_>, top: &Object) -> ExplicitListen {
    let Some(listen) = section(findings, top, "listen", &KEYS) else {
        return ExplicitListen::default();
    };
    let mut time = |key: &str| {
        let label = format!("listen.{key}");
        read(listen, key, |node| {
            findings.duration(&label, node, Duration::ZERO)
        })
    };
    ExplicitListen {
        debounce: time("debounce"),
        debounce_max: time("debounce_max"),
        min_interval: time("min_interval"),
        splay: time("splay"),
        command: read(listen, "command", |node| {
            findings.command_line("listen.command", node)
        }),
        max_parallel: read(listen, "max_parallel", |node| {
            findings.whole("listen.max_parallel", node, 1, u32::MAX)
        }),
        busy_lock: read(listen, "busy_lock", |node| {
            path(findings, "listen.busy_lock", node)
        }),
    }
}

impl ExplicitListen {
    /// What was said, with defaults for the rest; `from_file` keeps where each comes from.
    pub(super) fn with_origins(self, from_file: &mut impl FileSettings) -> ListenSettings {
        ListenSettings {
            command: from_file.from_file("listen.command", self.command),
            debounce: from_file
                .from_file("listen.debounce", self.debounce)
                .unwrap_or(DEBOUNCE),
            debounce_max: from_file
                .from_file("listen.debounce_max", self.debounce_max)
                .unwrap_or(DEBOUNCE_MAX),
            min_interval: from_file
                .from_file("listen.min_interval", self.min_interval)
                .unwrap_or(MIN_INTERVAL),
            splay: from_file
                .from_file("listen.splay", self.splay)
                .unwrap_or(Duration::ZERO),
            max_parallel: from_file.from_file("listen.max_parallel", self.max_parallel),
            busy_lock: from_file.from_file("listen.busy_lock", self.busy_lock),
        }
    }
}

impl ListenSettings {
    /// Its keys with their values, as `reconf config` lists them.
    pub(super) fn rows(&self) -> Vec<SettingRow> {
        let time = |time: Duration| Some(humantime::format_duration(time).to_string());
        let words = |words: &Vec<String>| words.join(" ");
        let lock = self.busy_lock.as_ref().map(|path| path.display());
        vec![
            ("listen.command", self.command.as_ref().map(words)),
            ("listen.debounce", time(self.debounce)),
            ("listen.debounce_max", time(self.debounce_max)),
            ("listen.min_interval", time(self.min_interval)),
            ("listen.splay", time(self.splay)),
            (
                "listen.max_parallel",
                self.max_parallel.map(|most| most.to_string()),
            ),
            ("listen.busy_lock", lock.map(|path| path.to_string())),
        ]
    }
}
