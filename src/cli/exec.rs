//! `reconf exec`.

use std::{ffi::OsString, time::Duration};

use clap::Args;

use super::help::{self, Help};
use crate::model::id::Id;

const EXEC: Help = Help {
    examples: &[
        ("reconf exec www", "run the command of the manifest"),
        ("reconf exec www -- env", "run another one"),
        (
            "reconf exec --task www -- bin/migrate",
            "hold the conf meanwhile",
        ),
    ],
    durations: true,
    codes: &[
        (
            125,
            "reconf failed, or usage error; the command did not run",
        ),
        (126, "the command cannot be run"),
        (127, "the command was not found"),
    ],
};

/// Run a command with the environment of a service: the process becomes the command
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = EXEC.text())]
pub(crate) struct ExecArgs {
    /// Service, by the id of its manifest
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
    /// Hold the conf while the command runs: `render --drain` waits for it
    #[arg(long)]
    pub task: bool,
    /// Limit for a --task to wait for a drain to end
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = super::duration, requires = "task")]
    pub wait: Duration,
    /// Start from an empty environment
    #[arg(long)]
    pub pristine: bool,
    /// Command with its arguments [default: `command` of the manifest]
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
