//! The commands that only look: ls, tasks, config.

use clap::Args;

use super::help::{self, texts};
use crate::model::{id::Id, name::Name};

/// List the names that are available in the federation of this node, with region, provider and value
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = texts::LS.text())]
pub(crate) struct LsArgs {
    /// Names to list [default: all]
    #[arg(value_name = "NAME", value_parser = Name::parse)]
    pub names: Vec<Name>,
    /// Do not mask values
    #[arg(long)]
    pub show_values: bool,
}

/// List the running tasks (`exec --task`) that hold the conf of a service
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = texts::TASKS.text())]
pub(crate) struct TasksArgs {
    /// Service, by the id of its manifest
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
}

/// List the effective configuration with the origin of each value
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = texts::CONFIG.text())]
pub(crate) struct ConfigArgs {}
