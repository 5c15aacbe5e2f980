//! The commands that judge this node and its credentials: doctor, access.

use clap::Args;

use super::help::{
    self, Help,
    codes::{CANNOT_WRITE, DONE, NOT_PERMITTED, UNREACHABLE, USAGE},
};
use crate::model::id::Id;

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
