//! What a resolution reports while it decides: the functions that decide call it, so that an explanation cannot differ from
//! the decision.

use crate::model::{environment::Source, id::Id, key::Key, name::Name};

/// Learns which announcements a requirement takes and which it does not.
pub(super) trait Observer {
    /// Whether anybody asks. Where nobody does, the compiler removes what leads to a report.
    const ASKS: bool;

    /// The requirement takes this announcement of a name; `None`: its datastore.
    fn take(&mut self, name: &Name, taken: Option<TakenAnnouncement>);

    /// It does not take this announcement of a name.
    fn pass_over(&mut self, name: &Name, key: &Key, why: PassedOver);
}

/// An announcement that a requirement takes.
pub(super) struct TakenAnnouncement {
    /// Its key.
    pub(super) key: Key,
    /// Its origin.
    pub(super) source: Source,
    /// The port of the local balancer that the value names instead.
    pub(super) local_port: Option<u16>,
}

/// Why a requirement does not take an announcement that it could use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PassedOver {
    /// A region that comes before its own has one.
    LaterRegion {
        /// That region.
        first: Id,
    },
    /// Another provider is this node's share of the spread.
    OtherShare {
        /// `service@node` of that provider.
        taken: String,
    },
    /// Its provider does not announce these names of the pattern, which the values of one provider need to have.
    Incomplete {
        /// The names.
        lacks: Vec<Name>,
    },
}

/// Nobody asks.
pub(super) struct Unobserved;

impl Observer for Unobserved {
    const ASKS: bool = false;

    fn take(&mut self, _: &Name, _: Option<TakenAnnouncement>) {}

    fn pass_over(&mut self, _: &Name, _: &Key, _: PassedOver) {}
}
