//! The commands that end something: retire.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use std::time::Duration;

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::id::Id;

const RETIRE: Help = Help {
    examples: &[
        ("reconf retire api07 --dry-run", "what is left of `api07`?"),
        ("reconf retire api07", "withdraw and clear that"),
        (
            "reconf retire api07 --wait 10m",
            "and wait for its consumers",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        (66, "nothing is known of such a node"),
        UNREACHABLE,
        CANNOT_WRITE,
        (
            75,
            "still in use after --wait, or concurrent changes: try again later",
        ),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// Withdraw what a machine announced that is gone, and delete its other records
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = RETIRE.text())]
pub(crate) struct RetireArgs {
    /// Nodes, by their names
    #[arg(value_name = "NODE", value_parser = Id::parse, required = true)]
    pub nodes: Vec<Id>,
    /// Wait until no node has the withdrawn values applied; give up after DURATION
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub wait: Option<Duration>,
    /// Write nothing; report what would change
    #[arg(long)]
    pub dry_run: bool,
}
