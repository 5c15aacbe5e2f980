//! The commands that judge this node, its fleet and its credentials: status, doctor, access.

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::id::Id;

const STATUS: Help = Help {
    examples: &[
        ("reconf status", "this node at a glance"),
        ("reconf status www api", "two services"),
        ("reconf status --monitor", "for Nagios and Sensu"),
        ("reconf status --fleet", "who is behind?"),
    ],
    durations: false,
    codes: &[
        (0, "all is well"),
        USAGE,
        (66, "no such service on this node"),
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "something is behind or at fault"),
        NOT_PERMITTED,
        (78, "bad configuration or damaged state: it cannot be said"),
    ],
};

const ACCESS: Help = Help {
    examples: &[
        ("reconf access seatgeek", "etcdctl commands, to be read"),
        (
            "reconf access seatgeek --audit",
            "does the wall hold for this node?",
        ),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "--audit: the wall has a hole, or keeps out this node"),
        NOT_PERMITTED,
        (78, "bad configuration, or the embedded registry"),
    ],
};

const DOCTOR: Help = Help {
    examples: &[
        ("reconf doctor", "a line each: ok, warning, fault, unknown"),
        ("reconf doctor --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        CANNOT_WRITE,
        (
            77,
            "config.json is closed to the caller: nothing can be said",
        ),
        (78, "faults"),
    ],
};

/// Judge whether this node can do its work: configuration, registry and credentials, services, files, locks, balancing and
/// listener, each with how it is mended. Nothing is changed
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = DOCTOR.text())]
pub(crate) struct DoctorArgs {}

/// Print the etcdctl commands that make the roles and users of a federation, or prove with the credentials of this node that
/// they wall it off
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = ACCESS.text())]
pub(crate) struct AccessArgs {
    /// Federation
    #[arg(id = "wall", value_name = "FEDERATION", value_parser = Id::parse)]
    pub federation: Id,
    /// Let users log in by client certificates alone, not by passwords
    #[arg(long, conflicts_with = "audit")]
    pub certificates: bool,
    /// Try reads and writes that must work and others that must be denied; nothing is written
    #[arg(long)]
    pub audit: bool,
}

/// Print how the services of this node are, and its registry, listener and balancer; or what every node of the federation
/// runs with
#[derive(Debug, Args)]
#[command(help_template = help::TEMPLATE, after_help = STATUS.text())]
pub(crate) struct StatusArgs {
    /// Services, by the ids of their manifests [default: all]
    #[arg(value_name = "ID", value_parser = Id::parse, conflicts_with = "fleet")]
    pub ids: Vec<Id>,
    /// Print one line, and end with 0, 1, 2 or 3 as Nagios and Sensu read it
    #[arg(long, conflicts_with = "fleet")]
    pub monitor: bool,
    /// Print what every node of the federation runs with
    #[arg(long)]
    pub fleet: bool,
    /// With --fleet: list also those that are current
    #[arg(long, requires = "fleet")]
    pub all: bool,
}
