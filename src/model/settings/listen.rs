//! The `listen` of `config.json`: what a provision runs, and when one may start (design.md sections 4 and 8).

use std::{path::PathBuf, time::Duration};

use super::origin::Origins;
use crate::model::{document_reader::DocumentReader, json::JsonObject};

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

/// What a provision runs, and when one may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenSettings {
    /// The command, the program first; `None`: the listener's command line has it.
    pub command: Option<Vec<String>>,
    /// How long no value may change before a provision starts.
    pub debounce: Duration,
    /// How long continuous changes can delay a provision.
    pub debounce_max: Duration,
    /// The minimum time between two starts.
    pub min_interval: Duration,
    /// The upper bound of the random delay before a provision, which spreads the nodes.
    pub splay: Duration,
    /// How many nodes of the federation may provision at the same time; `None`: no limit.
    pub max_parallel: Option<u32>,
    /// The file that other provisioners of this node lock with flock while they run.
    pub busy_lock: Option<PathBuf>,
}

/// The keys of `listen`; `None` if the file does not set them.
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

/// Reads `listen`.
pub(super) fn parse(reader: &mut DocumentReader<'_>, top: &JsonObject) -> ExplicitListen {
    let Some(listen) = reader.section(top, "listen", &KEYS) else {
        return ExplicitListen::default();
    };
    let mut time = |key: &str| {
        let label = format!("listen.{key}");
        listen
            .get_non_null(key)
            .and_then(|node| reader.duration(&label, node, Duration::ZERO))
    };
    ExplicitListen {
        debounce: time("debounce"),
        debounce_max: time("debounce_max"),
        min_interval: time("min_interval"),
        splay: time("splay"),
        command: listen
            .get_non_null("command")
            .and_then(|node| reader.command_line("listen.command", node)),
        max_parallel: listen
            .get_non_null("max_parallel")
            .and_then(|node| reader.whole_number("listen.max_parallel", node, 1, u32::MAX)),
        busy_lock: listen
            .get_non_null("busy_lock")
            .and_then(|node| reader.path("listen.busy_lock", node)),
    }
}

impl ExplicitListen {
    /// The settings, with defaults for what is not set; records the origin of each.
    pub(super) fn into_settings(
        self,
        origins: &mut Origins,
        default_splay: Duration,
    ) -> ListenSettings {
        ListenSettings {
            command: origins.file_value("listen.command", self.command),
            debounce: origins
                .file_value("listen.debounce", self.debounce)
                .unwrap_or(DEBOUNCE),
            debounce_max: origins
                .file_value("listen.debounce_max", self.debounce_max)
                .unwrap_or(DEBOUNCE_MAX),
            min_interval: origins
                .file_value("listen.min_interval", self.min_interval)
                .unwrap_or(MIN_INTERVAL),
            splay: origins
                .file_value("listen.splay", self.splay)
                .unwrap_or(default_splay),
            max_parallel: origins.file_value("listen.max_parallel", self.max_parallel),
            busy_lock: origins.file_value("listen.busy_lock", self.busy_lock),
        }
    }
}
