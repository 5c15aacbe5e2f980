//! The explanation of a value, as values.

use std::collections::BTreeMap;

use super::observer::PassedOver;
use crate::model::{
    announcement::Tombstone,
    environment::{Source, Variable},
    id::Id,
    key::Key,
    name::Name,
    record::RecordError,
    settings::OnUnreachable,
};

/// Where the value of a required variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// What the requirement resolves to.
    pub outcome: TraceOutcome,
    /// The names that it refers to, in order, each with everything that could fill it.
    pub names: Vec<NameTrace>,
    /// The names without which it cannot be filled.
    pub missing: Vec<Name>,
    /// Why neither the requirement's default is used, nor the variable left out; `None` if one of them applies, or the
    /// requirement has neither.
    pub fallback: Option<FallbackUnused>,
}

/// What a requirement resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TraceOutcome {
    /// A value.
    Value(Variable),
    /// Its variable is left out, since it is optional.
    LeftOut,
    /// It is unmet.
    Unmet,
}

/// What could fill a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameTrace {
    /// The name.
    pub name: Name,
    /// The announcements whose values it has, with their source.
    pub taken: Vec<(Key, Source)>,
    /// The port of the local balancer that it has instead of their values.
    pub local_port: Option<u16>,
    /// The announcements that it does not have.
    pub not_taken: BTreeMap<Key, NotTaken>,
    /// The datastores of that name, by region; `None`: the common one.
    pub datastores: BTreeMap<Option<Id>, DatastoreUse>,
    /// Records of the name that cannot be read, by key in the registry.
    pub unreadable: BTreeMap<String, RecordError>,
}

/// Why an announcement is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// Another one is, of those that can be used.
    PassedOver(PassedOver),
    /// The requirement has no value at all, since these names of it have none, or none from one provider.
    OthersMissing(Vec<Name>),
    /// The node does not read its region.
    RegionNotRead,
    /// This node announced it, and none of its manifests provides it now.
    NotProvided,
    /// It was withdrawn.
    Withdrawn(Tombstone),
    /// It has expired: it was seen last at this revision.
    Expired(i64),
    /// The registry was not read, and this setting does not let a last known value take its place.
    Unread(OnUnreachable),
}

/// Whether a datastore is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatastoreUse {
    /// It is the value.
    Taken,
    /// The name is announced.
    Announced,
    /// The name is not announced, and keeps its last known value.
    LastKnown,
    /// The datastore of this node's region replaces it.
    Overridden,
    /// It belongs to another region than the node's.
    OtherRegion,
    /// It is a list, a map or something else that no environment can hold.
    Unusable(&'static str),
    /// The registry was not read, and may have the name.
    Unread,
    /// The requirement has no value at all, since other names of it have none.
    OthersMissing(Vec<Name>),
}

/// Why neither a default nor `optional` applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FallbackUnused {
    /// Everything that the requirement refers to has a value.
    Met,
    /// The registry was not read, and may have what is missing.
    Unread,
    /// A datastore gives a value that no environment can hold.
    Unusable,
}
