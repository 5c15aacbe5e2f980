//! `reconf balance` and its switch.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::help::{
    self, Help,
    codes::{CHANGED, DONE, NOT_PERMITTED, USAGE},
};

const BALANCE: Help = Help {
    examples: &[
        ("reconf balance --dry-run --diff", "what would change?"),
        ("reconf balance", "have HAProxy run what the registry says"),
        (
            "reconf balance off --for 2h --reason 'HAProxy update'",
            "values become direct",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        CHANGED,
        USAGE,
        (65, "bad manifest or template"),
        (69, "registry unreachable, and nothing is known"),
        (71, "HAProxy did not take over the new configuration"),
        (73, "cannot write, or HAProxy refuses the new configuration"),
        (75, "HAProxy does not answer, or lock held: try again later"),
        NOT_PERMITTED,
        (78, "bad configuration, or nothing to balance"),
    ],
};

/// Have this node's HAProxy run what the registry says, and prove that it does, or switch the local balancer
#[derive(Debug, Args)]
#[command(
    flatten_help = true,
    disable_help_subcommand = true,
    help_template = help::TEMPLATE,
    after_help = BALANCE.text()
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct BalanceArgs {
    /// What to do with the switch; without it, this is a run.
    #[command(subcommand)]
    pub action: Option<BalanceAction>,
    /// Write nothing, and leave HAProxy alone; report what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Print the lines of HAProxy's file that change
    #[arg(long)]
    pub diff: bool,
    /// Write nothing; print HAProxy's file
    #[arg(long, conflicts_with_all = ["dry_run", "diff", "view"])]
    pub stdout: bool,
    /// Write nothing; print as JSON what the template sees
    #[arg(long, conflicts_with_all = ["dry_run", "diff"])]
    pub view: bool,
    /// Forget the announcements that expired, so that none is kept in rotation
    #[arg(long)]
    pub drop_expired: bool,
    /// Reload HAProxy although nothing changed
    #[arg(long)]
    pub reload: bool,
    /// Exit with 2 if something changed
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// What to do with the switch of the local balancer.
#[derive(Debug, Subcommand)]
pub(crate) enum BalanceAction {
    /// Let values be those of local ports again
    #[command(help_template = help::TEMPLATE)]
    On,
    /// Let values become direct with the next render; ports stay open while used
    Off(BalanceOffArgs),
}

/// Let values become direct with the next render; ports stay open while used
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE)]
pub(crate) struct BalanceOffArgs {
    /// Switch on again after DURATION, such as 30m or 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration)]
    pub time: Option<Duration>,
    /// Reason that `balance` and `listen status` show
    #[arg(long, value_name = "TEXT", value_parser = super::reason)]
    pub reason: Option<String>,
}

impl BalanceArgs {
    /// Whether it has an option of a run.
    pub(crate) fn has_options(&self) -> bool {
        [
            self.dry_run,
            self.diff,
            self.stdout,
            self.view,
            self.drop_expired,
            self.reload,
            self.detailed_exitcode,
        ]
        .contains(&true)
    }

    /// Whether it writes nothing.
    pub(crate) fn only_looks(&self) -> bool {
        self.action.is_none() && (self.dry_run || self.stdout || self.view)
    }
}
