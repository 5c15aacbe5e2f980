//! What the registry last said, kept on disk for the time when it says nothing (design.md section 6).

use std::collections::{BTreeMap, BTreeSet};

use super::{node::Node, reading::Readings};
use crate::{
    edge::state::{self, Durability},
    model::{id::Id, known::Known, manifest::Manifest},
    report::Failure,
    resolve::Own,
};

/// Whether what is learnt may be kept on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learn {
    /// Yes.
    Keep,
    /// No: the command writes nothing.
    Forget,
}

/// What the registry last said, with what it says now taken over.
pub(super) fn learn_known(
    node: &Node,
    manifests: &BTreeMap<Id, Result<Manifest, Failure>>,
    readings: &Readings,
    own: &Own,
    learn: Learn,
) -> Result<BTreeMap<Id, Known>, Failure> {
    let federations: BTreeSet<&Id> = manifests
        .values()
        .flatten()
        .map(|m| &m.federation)
        .collect();
    let mut known = BTreeMap::new();
    for federation in federations {
        let path = node.places.known(federation);
        let mut last: Known = state::load(&path)?.unwrap_or_default();
        if let Some((_, names, snapshot)) = readings.read().find(|(f, _, _)| *f == federation) {
            let before = last.clone();
            last.learn(names, snapshot, |key| own.stands_for(key));
            if learn == Learn::Keep && last != before {
                let _lock = node.state_lock()?;
                // Another command may have learnt something since.
                last = state::load(&path)?.unwrap_or_default();
                last.learn(names, snapshot, |key| own.stands_for(key));
                state::save(&node.places, &path, &last, Durability::Durable)?;
            }
        }
        known.insert(federation.clone(), last);
    }
    Ok(known)
}
