//! `reconf listen`, its switch, and `reconf supervise`.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, NOT_PERMITTED},
};

const LISTEN: Help = Help {
    examples: &[
        ("reconf listen -- chef-client --once", "be the listener"),
        (
            "reconf listen off --for 2h --reason 'migration'",
            "hold provisions",
        ),
        ("reconf listen status", "look at it"),
    ],
    durations: true,
    codes: &[
        (0, "done, or stopped by a signal"),
        (64, "usage error, or kick of a listener without a command"),
        (71, "the system gave no thread or process"),
        CANNOT_WRITE,
        (75, "another listener runs, or kick while it is off"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// Watch required values and run the provision command when they change, or control the listener of this node
#[derive(Debug, Args)]
#[command(
    flatten_help = true,
    disable_help_subcommand = true,
    help_template = help::TEMPLATE,
    after_help = LISTEN.text()
)]
pub(crate) struct ListenArgs {
    /// What to do with the listener; without it, this is the listener.
    #[command(subcommand)]
    pub action: Option<ListenAction>,
    /// File to keep metrics in, for the textfile collector of node_exporter
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Command that provisions this node [default: `listen.command` of config.json]
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// What to do with the listener of this node.
#[derive(Debug, Subcommand)]
pub(crate) enum ListenAction {
    /// Let provisions start, and queue one
    #[command(help_template = help::TEMPLATE)]
    On,
    /// Let no provision start until it is turned on again
    Off(OffArgs),
    /// Print what the listener does and how the last provision ended
    #[command(help_template = help::TEMPLATE)]
    Status,
    /// Queue a provision
    #[command(help_template = help::TEMPLATE)]
    Kick,
}

/// Let no provision start until it is turned on again
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE)]
pub(crate) struct OffArgs {
    /// Turn on again after DURATION, such as 30m or 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration)]
    pub time: Option<Duration>,
    /// Reason that `listen status` shows
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Run the command of the listener, which may not live as long; the order comes on standard input
#[derive(Debug, Args)]
pub(crate) struct SuperviseArgs {
    /// Command with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
