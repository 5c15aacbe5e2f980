//! `reconf graph`: who needs whom, as a picture.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};

const GRAPH: Help = Help {
    examples: &[
        (
            "reconf graph -o fleet.html",
            "a page to search and click in",
        ),
        ("reconf graph --check . -o fleet.html", "of a repository"),
        ("reconf graph | dot -Tsvg", "with Graphviz"),
        ("reconf graph --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (65, "bad manifest in the repository"),
        (66, "no such file, or no manifest in the folder"),
        UNREACHABLE,
        CANNOT_WRITE,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// Draw services, the names that they provide and need, nodes, regions and federations: as the registry knows them, or a
/// repository. Shows no values
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = GRAPH.text())]
pub(crate) struct GraphArgs {
    /// Language of the picture: dot, mermaid or html (one page that loads nothing) [default: as the name of the file
    /// ends, else dot]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<PictureFormat>,
    /// File to write [default: stdout]
    #[arg(short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Repository to draw instead of the registry: its root, a folder of manifests, or a manifest
    #[arg(long, value_name = "PATH")]
    pub check: Option<PathBuf>,
}

/// The language of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PictureFormat {
    /// That of Graphviz.
    Dot,
    /// That of mermaid.
    Mermaid,
    /// One page that loads nothing.
    Html,
}
