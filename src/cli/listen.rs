//! `reconf listen` and its switch.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

/// `reconf listen`.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The listener's switch; without it, this is the listener.
    #[command(subcommand)]
    pub action: Option<ListenAction>,
    /// Keep figures for node_exporter's textfile collector in this file
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// The command that provisions this node; by default `listen.command` of config.json
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// The listener's switch.
#[derive(Debug, Subcommand)]
pub(crate) enum ListenAction {
    /// Let provisions start, and queue one at once
    On,
    /// Let no provision start until it is turned on again
    Off(OffArgs),
    /// Tell what the listener does, and how the last provision ended
    Status,
    /// Queue a provision at once
    Kick,
}

/// `reconf listen off`.
#[derive(Debug, Args)]
pub(crate) struct OffArgs {
    /// Turn on again by itself after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration)]
    pub time: Option<Duration>,
    /// Why, for those who look at the status
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `reconf supervise`: waits for its order on standard input, and then for the command, for the listener may not live as
/// long.
#[derive(Debug, Args)]
pub(crate) struct SuperviseArgs {
    /// The command
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}
