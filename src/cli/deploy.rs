//! The commands of a deploy: render, applied, announce, withdraw, apply.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::help::{
    self, Help,
    codes::{
        CANNOT_WRITE, CHANGED, CONFIGURATION, DATA, DONE, LOCKED, NO_INPUT, NOT_PERMITTED,
        ON_CHANGE, UNMET, UNREACHABLE, USAGE,
    },
};
use crate::model::{format::Format, id::Id};

const RENDER: Help = Help {
    examples: &[
        ("reconf render www", "write the conf of `www`"),
        (
            "reconf render --all --dry-run --diff",
            "preview all services",
        ),
        (
            "reconf render www --on-change 'systemctl restart www'",
            "apply it",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        CHANGED,
        USAGE,
        DATA,
        NO_INPUT,
        UNREACHABLE,
        ON_CHANGE,
        CANNOT_WRITE,
        UNMET,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const APPLIED: Help = Help {
    examples: &[
        ("reconf applied www", "`www` runs with the conf on disk"),
        ("reconf applied --all", "all services of this node do"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (66, "no such conf"),
        CANNOT_WRITE,
        LOCKED,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const ANNOUNCE: Help = Help {
    examples: &[
        ("reconf announce api", "publish what `api` provides"),
        (
            "reconf announce api --ttl 30s",
            "for 30s, unless kept alive",
        ),
        ("reconf announce --all --dry-run", "preview all services"),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        (65, "bad manifest"),
        (66, "no such manifest"),
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "lock held, or concurrent changes: try again later"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const WITHDRAW: Help = Help {
    examples: &[
        ("reconf withdraw api", "withdraw it on this node"),
        (
            "reconf withdraw api --wait 10m",
            "and wait for its consumers",
        ),
        (
            "reconf withdraw api --for 2h --reason 'new disk'",
            "and announce it again after two hours",
        ),
        (
            "reconf withdraw --all",
            "withdraw all services of this node",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        (65, "bad manifest"),
        (66, "no such manifest or announcement"),
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "still in use, or lock held: try again later"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const APPLY: Help = Help {
    examples: &[
        ("reconf apply www", "render and announce `www`"),
        (
            "reconf apply www --on-change 'systemctl restart www'",
            "restart it in between",
        ),
        (
            "reconf apply --all --ttl 1m",
            "all, with announcements that expire",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        CHANGED,
        USAGE,
        DATA,
        (66, "no such manifest"),
        UNREACHABLE,
        (71, "the --on-change command failed, or a reload of HAProxy"),
        (73, "cannot write, or HAProxy refuses its configuration"),
        UNMET,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// Services of this node.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ServiceSelection {
    /// Services, by the ids of their manifests
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub ids: Vec<Id>,
    /// All services of this node
    #[arg(long)]
    pub all: bool,
}

/// Resolve what services require and write their confs, except those that are up to date
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = RENDER.text())]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RenderArgs {
    /// The services to render.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// Write nothing; report what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Print the variables that change, one per line, with masked values
    #[arg(long)]
    pub diff: bool,
    /// Do not mask values in --diff and JSON output
    #[arg(long)]
    pub show_values: bool,
    /// Write nothing; print the conf
    #[arg(long, conflicts_with_all = ["dry_run", "diff"])]
    pub stdout: bool,
    /// JSON object of path -> content to assume instead of the files on disk (null: absent)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["on_change", "await_applied", "drain"])]
    pub assume: Option<PathBuf>,
    /// Format to print: shell, systemd, docker, dotenv, json or envdir [default: shell]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Format>,
    /// Template to try instead of the one in use
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Command for `/bin/sh -c` to run if a conf is to be applied; $RECONF_CHANGED holds the ids
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["stdout", "dry_run"])]
    pub on_change: Option<String>,
    /// Limit for the --on-change command
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = super::duration, requires = "on_change")]
    pub on_change_timeout: Duration,
    /// Keep written confs pending until `reconf applied` marks them as applied
    #[arg(long, conflicts_with_all = ["stdout", "dry_run", "on_change"])]
    pub await_applied: bool,
    /// Wait until running tasks have ended and hold new ones back; give up after DURATION
    #[arg(long, value_name = "DURATION", value_parser = super::duration, conflicts_with_all = ["stdout", "dry_run"])]
    pub drain: Option<Duration>,
    /// Retry for up to DURATION while a requirement is unmet or the registry is away
    #[arg(long, value_name = "DURATION", value_parser = super::duration, conflicts_with_all = ["stdout", "dry_run"])]
    pub wait: Option<Duration>,
    /// Exit with 2 if something changed
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Mark the rendered confs as applied, after `render --await-applied`
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = APPLIED.text())]
pub(crate) struct AppliedArgs {
    /// The services whose confs are applied.
    #[command(flatten)]
    pub services: ServiceSelection,
}

/// Publish what services provide, until it is withdrawn or its --ttl expires
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = ANNOUNCE.text())]
pub(crate) struct AnnounceArgs {
    /// The services to announce.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// Let the announcements expire after DURATION unless the listener keeps them alive [default: never]
    #[arg(long, value_name = "DURATION", value_parser = super::ttl)]
    pub ttl: Option<Duration>,
    /// Skip services that were withdrawn by hand, as --all does
    #[arg(long)]
    pub keep_withdrawn: bool,
    /// With --all, announce also services that were withdrawn by hand
    #[arg(long, conflicts_with_all = ["ids", "keep_withdrawn"])]
    pub held: bool,
    /// Write nothing; report what would change
    #[arg(long)]
    pub dry_run: bool,
    /// JSON object of path -> content to assume instead of the files on disk (null: absent)
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub assume: Option<PathBuf>,
}

/// Withdraw what services provide, until `reconf announce ID` or the end of --for announces it again
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = WITHDRAW.text())]
pub(crate) struct WithdrawArgs {
    /// The services to withdraw.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// End the withdrawal after DURATION, at most 30d: the listener, else the next run, announces again
    #[arg(long = "for", value_name = "DURATION", value_parser = super::maintenance)]
    pub time: Option<Duration>,
    /// Why, for those who find the services withdrawn
    #[arg(long, value_name = "TEXT", value_parser = super::reason)]
    pub reason: Option<String>,
    /// Withdraw also the last provider in its region of a name that a node has applied
    #[arg(long)]
    pub last: bool,
    /// Write nothing; report what would be withdrawn, and what each consumer would take instead
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until no node has the withdrawn values applied; give up after DURATION
    #[arg(long, value_name = "DURATION", value_parser = super::duration, conflicts_with = "dry_run")]
    pub wait: Option<Duration>,
}

/// Balance where this node does, render, and announce; a service that cannot be rendered is not announced
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = APPLY.text())]
pub(crate) struct ApplyArgs {
    /// The services to render and announce.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// Write and announce nothing; report what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Command for `/bin/sh -c` to run if a conf is to be applied; if it fails, nothing is announced
    #[arg(long, value_name = "COMMAND", conflicts_with = "dry_run")]
    pub on_change: Option<String>,
    /// Limit for the --on-change command
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = super::duration, requires = "on_change")]
    pub on_change_timeout: Duration,
    /// Let the announcements expire after DURATION unless the listener keeps them alive [default: never]
    #[arg(long, value_name = "DURATION", value_parser = super::ttl)]
    pub ttl: Option<Duration>,
    /// Exit with 2 if something changed
    #[arg(long)]
    pub detailed_exitcode: bool,
}
