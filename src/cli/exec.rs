//! `reconf exec`.

use std::{ffi::OsString, time::Duration};

use clap::Args;

use super::help::{self, texts};
use crate::model::id::Id;

/// Run a command with the environment of a service: the process becomes the command
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = texts::EXEC.text())]
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
