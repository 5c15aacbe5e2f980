//! The command line: types, help and defaults. No behaviour.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

pub(crate) mod defer;
pub(crate) mod fast_path;
mod listen;

pub(crate) use listen::{ListenAction, ListenArgs, OffArgs, SuperviseArgs};

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::{self, format::Format, id::Id, name::Name};

/// Renders what a service requires, tells the fleet what it provides, and runs commands with its environment.
#[derive(Debug, Parser)]
#[command(
    name = "reconf",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Exit codes: 0 done, 2 changed (with --detailed-exitcode), 64 usage, 65 bad manifest, \
    template or conf, 66 no such manifest or conf, 69 registry unreachable, 71 the --on-change command failed, \
    73 cannot write, 75 unmet or locked: try again later, 77 not permitted, 78 bad configuration."
)]
pub(crate) struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder below which all files are [env: RECONF_ROOT] [default: /]
    #[arg(long, global = true, value_name = "DIR")]
    pub root: Option<String>,
    /// Node configuration [env: RECONF_CONFIG] [default: <root>/etc/reconf/config.json]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
    /// `http://HOST:PORT[,…]`, `https://…` or `dir:PATH` [env: RECONF_REGISTRY]
    /// [default: dir:<root>/var/lib/reconf/registry]
    #[arg(long, global = true, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// This node's federation [env: RECONF_FEDERATION] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub federation: Option<String>,
    /// This node's region [env: RECONF_REGION] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// This node's name; for `withdraw`, the node to clear [env: RECONF_NODE] [default: host name]
    #[arg(long, global = true, value_name = "NAME")]
    pub node: Option<String>,
    /// This node's address [env: RECONF_HOST] [default: the one towards the registry]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Bound on all registry work together, and on each wait for a lock [env: RECONF_TIMEOUT] [default: 2s]
    #[arg(long, global = true, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// How to report
    #[arg(long, global = true, value_enum, default_value_t, value_name = "KIND")]
    pub output: OutputFormat,
    /// Say nothing but data, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say where each value comes from
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How to report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Lines for people
    #[default]
    Human,
    /// One JSON object a line, in the order of service ids
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Resolve what services require and write their confs
    Render(RenderArgs),
    /// Say that what was written is now in use
    Applied(ServiceSelection),
    /// Publish what services provide
    Announce(AnnounceArgs),
    /// Take back what services provide, until somebody announces them by hand
    Withdraw(WithdrawArgs),
    /// RenderArgs and announce, with one read of the registry
    Apply(ApplyArgs),
    /// Run a command with a service's environment, in this very process
    Exec(ExecArgs),
    /// Watch what this node requires, and provision the node when that has moved
    Listen(ListenArgs),
    /// List what is available where
    Ls(LsArgs),
    /// List the running tasks that hold a service's conf
    Tasks(TasksArgs),
    /// List the effective configuration and where each value comes from
    Config,
    /// What the listener starts its command with
    #[command(hide = true)]
    Supervise(SuperviseArgs),
}

/// Which services.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ServiceSelection {
    /// ServiceSelection, by the ids of their manifests
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub ids: Vec<Id>,
    /// Every service of this node
    #[arg(long)]
    pub all: bool,
}

/// `reconf render`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RenderArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// Write nothing; say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Print what changes, a variable a line, values masked
    #[arg(long)]
    pub diff: bool,
    /// Do not mask values in `--diff` and JSON
    #[arg(long)]
    pub show_values: bool,
    /// Write nothing; print the conf
    #[arg(long, conflicts_with_all = ["dry_run", "diff"])]
    pub stdout: bool,
    /// Take files as this JSON object of paths and contents says, not as they are (null: no such file)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["on_change", "await_applied", "drain"])]
    pub assume: Option<PathBuf>,
    /// The format to print, instead of shell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// A template to try, instead of the one in use
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Run this with `/bin/sh -c` if anything is to be applied; `$RECONF_CHANGED` holds the ids
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["stdout", "dry_run"])]
    pub on_change: Option<String>,
    /// End the `--on-change` command after this time
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, requires = "on_change")]
    pub on_change_timeout: Duration,
    /// Count what is written as applied only when `reconf applied` says so
    #[arg(long, conflicts_with_all = ["stdout", "dry_run", "on_change"])]
    pub await_applied: bool,
    /// Let running tasks end first, new ones wait; give up after this time
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with_all = ["stdout", "dry_run"])]
    pub drain: Option<Duration>,
    /// Say as well whether what they provide is announced: if so, `announce` has nothing to do
    #[arg(long, conflicts_with_all = ["stdout", "dry_run"])]
    pub check_announced: bool,
    /// Exit with 2 if something changed
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `reconf announce`.
#[derive(Debug, Args)]
pub(crate) struct AnnounceArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// How long the announcement lives unless it is kept alive [default: until withdrawn]
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub ttl: Option<Duration>,
    /// Skip services that were withdrawn by hand, as `--all` does
    #[arg(long)]
    pub keep_withdrawn: bool,
    /// Write nothing; say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Take files as this JSON object of paths and contents says, not as they are (null: no such file)
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub assume: Option<PathBuf>,
}

/// `reconf withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// Wait until no node has applied what was withdrawn
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
}

/// `reconf apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceSelection,
    /// How long the announcement lives unless it is kept alive [default: until withdrawn]
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub ttl: Option<Duration>,
}

/// `reconf exec`.
#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// The service
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
    /// Hold the conf while the command runs: `render --drain` waits for it
    #[arg(long)]
    pub task: bool,
    /// How long a task waits for a drain to end
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration, requires = "task")]
    pub wait: Duration,
    /// Start from an empty environment
    #[arg(long)]
    pub pristine: bool,
    /// The command; by default the manifest's own
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

/// `reconf ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only these names
    #[arg(value_name = "NAME", value_parser = Name::parse)]
    pub names: Vec<Name>,
    /// Do not mask values
    #[arg(long)]
    pub show_values: bool,
}

/// `reconf tasks`.
#[derive(Debug, Args)]
pub(crate) struct TasksArgs {
    /// The service
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
}

/// A length of time; the error is a clause.
fn duration(text: &str) -> Result<Duration, String> {
    model::duration(text, Duration::ZERO)
}

/// Registries count leases in whole seconds.
fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = duration(text)?;
    if ttl.is_zero() || ttl.subsec_nanos() > 0 {
        return Err("must be whole seconds, at least 1s".to_owned());
    }
    Ok(ttl)
}
