//! The command that checks a repository before it is deployed: check.
#![expect(clippy::doc_markdown, reason = "clap shows these comments as they are")]

use std::path::PathBuf;

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::id::Id;

const CHECK: Help = Help {
    examples: &[
        ("reconf check", "all items below data_bags/service"),
        (
            "reconf check --datastores datastores.json -v",
            "and where each value comes from",
        ),
        ("reconf check items/api.json --form", "one item, by itself"),
        (
            "reconf check --form --assume /dev/stdin --output json",
            "as the cookbook does",
        ),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (65, "something is wrong; all of it is reported at once"),
        (66, "no such file, or no manifest in the folder"),
        UNREACHABLE,
        CANNOT_WRITE,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// Check manifests (data bag items) before they are deployed; needs no node, no root and no registry
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = CHECK.text())]
pub(crate) struct CheckArgs {
    /// Manifests, or folders of them [default: data_bags/service, or those that --assume names]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check each file by itself, and that no datastore that it needs is null
    #[arg(long, conflicts_with_all = ["federations", "regions", "live"])]
    pub form: bool,
    /// Check the files of one node as this JSON object of path -> content (null: absent) has them: config.json,
    /// configuration.json and services/ID.json, in whatever folder
    #[arg(long, value_name = "FILE")]
    pub assume: Option<PathBuf>,
    /// Datastores, in the form of configuration.json (`cookbook/tools/datastores.rb` makes it of attribute files);
    /// names that nothing provides are errors then
    #[arg(long, value_name = "FILE")]
    pub datastores: Option<PathBuf>,
    /// Check manifests that name no federation in each of these [default: one without a name]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Id::parse)]
    pub federations: Vec<Id>,
    /// Regions to check [default: those of the datastores]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Id::parse)]
    pub regions: Vec<Id>,
    /// Take what is announced in the registry for provided
    #[arg(long)]
    pub live: bool,
    /// Fail (65) on warnings too
    #[arg(long)]
    pub strict: bool,
}
