//! `reconf generate`: what packages and editors take from the command line and from the files that people write.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, DONE, USAGE},
};

const GENERATE: Help = Help {
    examples: &[
        ("reconf generate man | man -l -", "read the manual"),
        ("reconf generate man -o man1", "a file for each command"),
        (
            "reconf generate completions bash",
            "for /usr/share/bash-completion/completions/reconf",
        ),
        ("reconf generate schema manifest", "for editors and CI"),
    ],
    durations: false,
    codes: &[DONE, USAGE, CANNOT_WRITE],
};

/// Generate man pages, completions of shells, and JSON Schemas of the files that people write. Reads nothing of this
/// node
#[derive(Debug, Args)]
#[command(
    flatten_help = true,
    disable_help_subcommand = true,
    help_template = help::TEMPLATE,
    after_help = GENERATE.text()
)]
pub(crate) struct GenerateArgs {
    /// What to generate.
    #[command(subcommand)]
    pub target: GenerateTarget,
}

/// What to generate.
#[derive(Debug, Subcommand)]
pub(crate) enum GenerateTarget {
    /// Generate the man pages of all commands
    #[command(help_template = help::TEMPLATE)]
    Man(ManArgs),
    /// Generate the completions of a shell
    #[command(help_template = help::TEMPLATE)]
    Completions(CompletionsArgs),
    /// Generate a JSON Schema
    #[command(help_template = help::TEMPLATE)]
    Schema(SchemaArgs),
}

/// Generate the man pages of all commands
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Directory to write a file for each command to [default: all pages go to stdout]
    #[arg(short = 'o', value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// Generate the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell that completes commands and options: bash, zsh or fish
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: CompletedShell,
}

/// A shell for which completions exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletedShell {
    /// GNU bash with the package bash-completion, or without.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// Generate a JSON Schema
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// What it describes: manifest, config, configuration (the datastores) or view (what `balance --view` prints)
    #[arg(value_name = "NAME", hide_possible_values = true)]
    pub name: SchemaName,
}

/// What a JSON Schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// `/etc/reconf/services/<id>.json`, a data bag item
    Manifest,
    /// `/etc/reconf/config.json`
    Config,
    /// `/etc/reconf/configuration.json`, the datastores
    Configuration,
    /// What `balance --view` prints and a template sees
    View,
}
