//! The commands that only look: ls, why, tasks, config.

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, CONFIGURATION, DATA, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::{id::Id, name::Name};

const LS: Help = Help {
    examples: &[
        ("reconf ls", "list all names, values masked"),
        ("reconf ls API_URL", "list one name, and who uses it"),
        ("reconf ls --show-values", "with all values"),
        ("reconf ls --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (66, "nothing is known of a name that was given"),
        UNREACHABLE,
        CANNOT_WRITE,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const WHY: Help = Help {
    examples: &[
        ("reconf why www", "all variables of a service"),
        ("reconf why www API_URL", "one of them"),
        ("reconf why www -v", "with the keys in the registry"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        DATA,
        (66, "no such manifest or variable"),
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "a variable is unmet"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

const TASKS: Help = Help {
    examples: &[
        ("reconf tasks www", "process ids and command lines"),
        ("reconf tasks www --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (66, "no such service on this node"),
        CANNOT_WRITE,
        CONFIGURATION,
    ],
};

const CONFIG: Help = Help {
    examples: &[
        ("reconf config", "a line per setting"),
        (
            "reconf config --node web01",
            "with an option that overrides one",
        ),
    ],
    durations: false,
    codes: &[DONE, USAGE, CANNOT_WRITE, CONFIGURATION],
};

/// List the names that are available in the federation of this node: where, by whom, since when, and who uses those that
/// are given
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = LS.text())]
pub(crate) struct LsArgs {
    /// Names to list [default: all]
    #[arg(value_name = "NAME", value_parser = Name::parse)]
    pub names: Vec<Name>,
    /// Do not mask values
    #[arg(long)]
    pub show_values: bool,
}

/// Explain for each variable of a service where its value comes from: what was taken, what was not taken and why, and
/// what its conf has
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = WHY.text())]
pub(crate) struct WhyArgs {
    /// Service, by the id of its manifest
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
    /// Variables to explain [default: all]
    #[arg(value_name = "VAR", value_parser = Name::parse)]
    pub variables: Vec<Name>,
    /// Do not mask values
    #[arg(long)]
    pub show_values: bool,
}

/// List the running tasks (`exec --task`) that hold the conf of a service
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = TASKS.text())]
pub(crate) struct TasksArgs {
    /// Service, by the id of its manifest
    #[arg(value_name = "ID", value_parser = Id::parse)]
    pub id: Id,
}

/// List the effective configuration with the origin of each value
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = CONFIG.text())]
pub(crate) struct ConfigArgs {}
