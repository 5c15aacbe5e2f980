//! What withdrawing a service is to write in one federation.

use std::collections::BTreeMap;

use super::Target;
use crate::{
    announce,
    model::{id::Id, snapshot::Snapshot},
    operations::batch::PlannedWrite,
};

/// What is to be written in a federation that was read.
pub(super) fn of_federation(target: &Target, federation: Id, snapshot: &Snapshot) -> PlannedWrite {
    let others = snapshot.others.iter();
    let cleared = others.filter(|(key, _)| target.clears(key));
    let (leaving, pending) = (target.leaving(&federation), target.state.pending_keys());
    let plan = announce::plan(&BTreeMap::new(), 0, &leaving, &pending, snapshot);
    PlannedWrite {
        plan: if target.holds {
            plan.saying(target.note.clone(), snapshot)
        } else {
            plan
        },
        cleared: cleared
            .map(|(key, entry)| (key.clone(), Some(entry.revision)))
            .collect(),
        ..nothing(target, federation)
    }
}

/// A write that changes nothing yet.
pub(super) fn nothing(target: &Target, federation: Id) -> PlannedWrite {
    let read = target.state.edits.now();
    PlannedWrite {
        hold: target.hold(),
        ..PlannedWrite::new(target.service.clone(), federation, read)
    }
}
