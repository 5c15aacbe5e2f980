//! The command line with only those verbs that it names: to build all of them takes as long as a read of the registry.
//! Help and mistakes are left to the whole tree, which knows them all.

use std::ffi::OsString;

use clap::{Args, Command, FromArgMatches, Parser, error::Error};

use super::{
    AnnounceArgs, ApplyArgs, Cli, ExecArgs, Global, ListenArgs, LsArgs, RenderArgs,
    ServiceSelection, SuperviseArgs, TasksArgs, WithdrawArgs,
};

/// Adds what a verb understands.
type Augment = fn(Command) -> Command;

/// The verbs; `config` understands what every command does.
const VERBS: [(&str, Augment); 11] = [
    ("render", RenderArgs::augment_args),
    ("applied", ServiceSelection::augment_args),
    ("announce", AnnounceArgs::augment_args),
    ("withdraw", WithdrawArgs::augment_args),
    ("apply", ApplyArgs::augment_args),
    ("exec", ExecArgs::augment_args),
    ("listen", ListenArgs::augment_args),
    ("ls", LsArgs::augment_args),
    ("tasks", TasksArgs::augment_args),
    ("config", std::convert::identity),
    ("supervise", SuperviseArgs::augment_args),
];

/// Parses a command line, the program's name first, as [`Cli`] would.
///
/// # Errors
/// What [`Cli`] says of it: mistakes, and requests for help.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, Error> {
    quickly(arguments).or_else(|_| Cli::try_parse_from(arguments))
}

/// A verb that was left out stands nowhere on the line, so what is understood here means the same in the whole tree.
fn quickly(arguments: &[OsString]) -> Result<Cli, Error> {
    let bare = Command::new("reconf")
        .disable_help_flag(true)
        .disable_help_subcommand(true);
    let mut command = Global::augment_args(bare);
    for (verb, augment) in VERBS {
        if arguments.iter().any(|argument| argument == verb) {
            command = command.subcommand(augment(Command::new(verb)));
        }
    }
    let mut found = command.try_get_matches_from(arguments)?;
    Cli::from_arg_matches_mut(&mut found)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        let words = line.split_whitespace().map(OsString::from);
        std::iter::once("reconf".into()).chain(words).collect()
    }

    #[test]
    fn no_verb_is_forgotten() {
        let whole = Cli::command();
        let verbs = whole.get_subcommands().map(Command::get_name);
        assert!(verbs.eq(VERBS.map(|(verb, _)| verb)));
    }

    #[test]
    fn a_good_command_line_means_the_same_as_in_the_whole_tree() {
        for line in [
            "render app --diff --root /r",
            "--root render render render",
            "--node announce -q render --all --on-change x --on-change-timeout=3s",
            "applied a b",
            "announce --all --ttl 30s --output json",
            "withdraw app --wait 1m --node web02",
            "apply --all",
            "exec app --task -- render announce",
            "listen --metrics m -- chef-solo -o render",
            "listen off --for 2h --reason apply",
            "ls API_URL --show-values",
            "tasks app",
            "config --verbose",
            "supervise -- sh -c true",
        ] {
            let arguments = words(line);
            let quick = quickly(&arguments).unwrap();
            let whole = Cli::try_parse_from(&arguments).unwrap();
            assert_eq!(format!("{quick:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn whatever_else_is_told_by_the_whole_tree() {
        for line in [
            "",
            "--help",
            "--version",
            "help",
            "rendr app",
            "render",
            "render .app",
            "render app --help",
            "render app -h",
            "announce --on-change x app",
            "-q -v config",
        ] {
            let arguments = words(line);
            assert!(quickly(&arguments).is_err(), "{line}");
            let told = parse(&arguments).map(drop).unwrap_err().to_string();
            let whole = Cli::try_parse_from(&arguments).map(drop).unwrap_err();
            assert_eq!(told, whole.to_string(), "{line}");
        }
    }
}
