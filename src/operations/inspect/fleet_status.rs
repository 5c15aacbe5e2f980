//! What the nodes of a federation say of themselves, read at one revision (section 13).

use crate::{
    model::{
        id::Id,
        key::{self, Kind},
        snapshot::Snapshot,
    },
    node::Node,
    operations::read_set::ReadSet,
    report::Failure,
};

/// Reads the announcements, tombstones, `applied/` and `nodes/` records of a federation.
pub(crate) fn read(node: &Node, federation: &Id) -> Result<Snapshot, Failure> {
    let mut reads = ReadSet::default();
    for kind in [Kind::Provides, Kind::Withdrawn] {
        reads.prefix(federation, key::all_names_prefix(federation, kind));
    }
    reads.prefix(federation, key::applied_prefix(federation));
    reads.prefix(federation, key::nodes_prefix(federation));
    reads.read(&mut node.session()).take(federation)
}
