//! The commands that end something: remove, retire.

use std::time::Duration;

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::id::Id;

const REMOVE: Help = Help {
    examples: &[
        ("reconf remove api", "withdraw `api`, delete its files"),
        (
            "reconf remove --all-orphans",
            "all services without a manifest",
        ),
    ],
    durations: false,
    codes: &[
        DONE,
        (64, "usage error, or its manifest is still there"),
        (66, "nothing is left of such a service"),
        (69, "registry unreachable: it is withdrawn later"),
        CANNOT_WRITE,
        (75, "tasks run, or another machine announces it"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

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

/// End services on this node whose manifests are gone: withdraw them, and delete their confs and their state
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = REMOVE.text())]
#[group(id = "removed", required = true, multiple = false)]
pub(crate) struct RemoveArgs {
    /// Services, by their ids
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub ids: Vec<Id>,
    /// All services of this node that have no manifest
    #[arg(long)]
    pub all_orphans: bool,
}

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
