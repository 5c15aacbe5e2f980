//! The command line: types, help and defaults. It reads and runs nothing.

mod balance;
mod check;
mod clear;
mod completions;
mod deploy;
mod exec;
pub(crate) mod fast_path;
mod generate;
mod global;
mod graph;
mod help;
mod inspect;
mod listen;
mod look;
mod man;
mod usage;

pub(crate) use balance::{BalanceAction, BalanceArgs, BalanceOffArgs};
pub(crate) use check::CheckArgs;
pub(crate) use clear::{RemoveArgs, RetireArgs};
pub(crate) use completions::completions;
pub(crate) use deploy::{
    AnnounceArgs, AppliedArgs, ApplyArgs, RenderArgs, ServiceSelection, WithdrawArgs,
};
pub(crate) use exec::ExecArgs;
pub(crate) use generate::{CompletedShell, GenerateArgs, GenerateTarget, SchemaName};
pub(crate) use global::{Global, OutputFormat};
pub(crate) use graph::{GraphArgs, PictureFormat};
pub(crate) use inspect::{AccessArgs, DoctorArgs, StatusArgs};
pub(crate) use listen::{ListenAction, ListenArgs, OffArgs, SuperviseArgs};
pub(crate) use look::{ConfigArgs, LsArgs, TasksArgs, WhyArgs};
pub(crate) use man::pages;
pub(crate) use usage::UsageError;

use std::{ffi::OsString, time::Duration};

use clap::{Args, CommandFactory, Error, FromArgMatches, Parser, Subcommand};

use crate::model;
use help::texts;

/// A command line that was understood.
#[derive(Debug)]
pub(crate) struct Cli {
    /// The global options.
    pub global: Global,
    /// The command with its own options.
    pub command: Command,
}

/// The longest time for which a service is withdrawn.
const LONGEST_MAINTENANCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// Parses a command line, the program's name first.
///
/// # Errors
/// What clap has to say instead: help, the version, or what is wrong.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, Error> {
    let line = read(small_tree(arguments), arguments);
    let CommandLine { global, line } = line.or_else(|_| read(tree(), arguments))?;
    match line {
        Line::Command(command) => Ok(Cli { global, command }),
        Line::Help(help) => Err(help::on(&help.topics)),
    }
}

fn read(tree: clap::Command, arguments: &[OsString]) -> Result<CommandLine, Error> {
    let mut found = tree.try_get_matches_from(arguments)?;
    CommandLine::from_arg_matches_mut(&mut found)
}

/// Returns clap's tree of all commands. Options are added to a command when it is parsed or built.
fn tree() -> clap::Command {
    help::with_groups(CommandLine::command())
}

/// Returns the tree with only those commands that are words of this line. The whole tree takes the lines that
/// it does not understand. Building that one adds 5 % to an idle render: clap copies every global option into each command.
fn small_tree(arguments: &[OsString]) -> clap::Command {
    let all = Line::augment_subcommands(clap::Command::new("reconf"));
    let is_named =
        |command: &&clap::Command| arguments.iter().any(|word| word == command.get_name());
    Global::augment_args(clap::Command::new("reconf"))
        .disable_help_subcommand(true)
        .subcommands(all.get_subcommands().filter(is_named).cloned())
}

/// Renders the environment files of services from what they require, publishes what they provide, and runs commands with
/// their environment
#[derive(Debug, Parser)]
#[command(
    name = "reconf",
    version = env!("RECONF_VERSION"),
    max_term_width = 100,
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    line: Line,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Line {
    #[command(flatten)]
    Command(Command),
    /// Describe a command or, with `options`, the global options
    Help(HelpArgs),
}

/// The commands, each with the line that `reconf --help` shows of it.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Resolve what services require and write their confs
    Render(RenderArgs),
    /// Mark the rendered confs as applied
    Applied(AppliedArgs),
    /// Publish what services provide
    Announce(AnnounceArgs),
    /// Withdraw what services provide
    Withdraw(WithdrawArgs),
    /// End services whose manifests are gone
    Remove(RemoveArgs),
    /// Withdraw what a machine announced that is gone
    Retire(RetireArgs),
    /// Render, run a command for what changed, and announce
    Apply(ApplyArgs),
    /// Run a command with the environment of a service
    Exec(ExecArgs),
    /// Watch required values and run the provision command when they change
    Listen(ListenArgs),
    /// Have this node's HAProxy run what the registry says
    Balance(BalanceArgs),
    /// List the available names with their values
    Ls(LsArgs),
    /// Print how this node is, or what every node runs with
    Status(StatusArgs),
    /// Check manifests before they are deployed
    Check(CheckArgs),
    /// Explain where the values of a service come from
    Why(WhyArgs),
    /// List the running tasks that hold the conf of a service
    Tasks(TasksArgs),
    /// List the effective configuration with the origin of each value
    Config(ConfigArgs),
    /// Judge whether this node can do its work
    Doctor(DoctorArgs),
    /// Print the etcd roles of a federation, or prove its wall
    Access(AccessArgs),
    /// Draw who needs whom as dot, mermaid or HTML
    Graph(GraphArgs),
    /// Generate man pages, completions and JSON Schemas
    Generate(GenerateArgs),
    /// Run the listener's command
    #[command(hide = true)]
    Supervise(SuperviseArgs),
}

/// Describe a command or, with `options`, the global options
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = texts::HELP.text())]
struct HelpArgs {
    /// Command to describe, such as `render` or `listen off` [default: all commands]
    #[arg(value_name = "COMMAND")]
    topics: Vec<String>,
}

/// Parses a length of time; the error is a clause.
fn duration(text: &str) -> Result<Duration, String> {
    model::duration(text, Duration::ZERO)
}

/// Parses the lifetime of a lease, which registries count in whole seconds.
fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = duration(text)?;
    if ttl.is_zero() || ttl.subsec_nanos() > 0 {
        return Err("must be whole seconds, at least 1s".to_owned());
    }
    Ok(ttl)
}

/// Parses how long a service is withdrawn.
fn maintenance(text: &str) -> Result<Duration, String> {
    match model::duration(text, Duration::from_secs(1))? {
        time if time > LONGEST_MAINTENANCE => Err("must be at most 30d".to_owned()),
        time => Ok(time),
    }
}

/// Parses why a service is withdrawn.
fn reason(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("must not be empty".to_owned()),
        1..=LONGEST_REASON => Ok(text.to_owned()),
        _ => Err(format!("must be at most {LONGEST_REASON} characters")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        let words = line.split_whitespace().map(OsString::from);
        std::iter::once("reconf".into()).chain(words).collect()
    }

    #[test]
    fn the_tree_is_sound() {
        tree().debug_assert();
    }

    #[test]
    fn the_small_tree_understands_a_line_as_the_whole_tree_does() {
        for line in [
            "render app --diff --root /r",
            "--root render render render",
            "--node announce -q render --all --on-change x --on-change-timeout=3s",
            "applied a b",
            "announce --all --ttl 30s --output json",
            "withdraw app --wait 1m",
            "--node web02 retire web01 --dry-run",
            "remove --all-orphans",
            "apply --all",
            "exec app --task -- render announce",
            "listen --metrics m -- chef-solo -o render",
            "listen off --for 2h --reason apply",
            "balance --dry-run --diff --drop-expired",
            "balance off --for 2h --reason apply",
            "ls API_URL --show-values",
            "check --form items/ls.json --assume x",
            "why app A B --show-values",
            "tasks app",
            "config --verbose",
            "access seatgeek --audit",
            "graph --format dot --check ls",
            "generate man -o render",
            "generate schema config",
            "doctor --output json",
            "supervise -- sh -c true",
            "help render",
        ] {
            let arguments = words(line);
            let small = read(small_tree(&arguments), &arguments).unwrap();
            let whole = read(tree(), &arguments).unwrap();
            assert_eq!(format!("{small:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn what_the_small_tree_refuses_is_answered_by_the_whole_tree() {
        for line in [
            "",
            "--help",
            "--version",
            "--root /r",
            "help help me",
            "rendr app",
            "render",
            "render .app",
            "render app --help",
            "render app -h",
            "announce --on-change x app",
            "-q -v config",
        ] {
            let arguments = words(line);
            let answer = parse(&arguments).map(drop).unwrap_err().to_string();
            let whole = read(tree(), &arguments).and_then(|line| match line.line {
                Line::Help(help) => Err(help::on(&help.topics)),
                Line::Command(_) => Ok(()),
            });
            assert_eq!(answer, whole.unwrap_err().to_string(), "{line}");
        }
    }
}
