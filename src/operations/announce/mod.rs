//! Announcing services: one read for all of them, then a plan for each, carried out (section 5).

mod announcer;
mod federation;
mod hold;
mod loopback;
mod service;

pub(crate) use announcer::Announcer;

use std::time::Duration;

use super::{machine::AskedBy, read_set::ReadSet};
use crate::{
    edge::registry::Session,
    model::{
        id::Id, key::Key, manifest::Manifest, offer::offered_keys, service_state::ServiceState,
    },
    node::{
        Node,
        manifests::{self, Manifests},
        states,
    },
    report::{AnnounceReport, Failure},
};

/// How services are announced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnnounceOptions {
    /// How long the announcements live unless they are kept alive; `None`: until they are withdrawn.
    pub(crate) ttl: Option<Duration>,
    /// Services that were withdrawn by hand stay withdrawn.
    pub(crate) keep_withdrawn: bool,
    /// Who asks: a person may take over what another machine of this name announces.
    pub(crate) asked: AskedBy,
    /// Nothing is written.
    pub(crate) dry_run: bool,
}

/// Announces a service with the TTL that it was announced with last, unless it is held: for a write that is owed, for a
/// lease that has ended, and for a withdrawal whose time is over.
pub(crate) fn again(
    node: &Node,
    session: &mut Session,
    id: &Id,
) -> Result<AnnounceReport, Failure> {
    let state = states::load(node, id)?;
    let before = Duration::from_secs(state.held_ttl);
    let before = Some(before).filter(|ttl| !ttl.is_zero());
    let options = AnnounceOptions {
        ttl: state.ttl().or(before),
        keep_withdrawn: true,
        asked: AskedBy::Run,
        dry_run: false,
    };
    let manifests = manifests::load(node, std::slice::from_ref(id));
    let mut reads = ReadSet::default();
    add_reads(node, &mut reads, &manifests)?;
    let snapshots = reads.read(session);
    let mut announced = Announcer::new(node, session, options).services(manifests, &snapshots);
    announced
        .remove(id)
        .unwrap_or_else(|| Err(manifests::missing(node, id)))
}

/// Adds the reads that announcing these services takes.
pub(crate) fn add_reads(
    node: &Node,
    reads: &mut ReadSet,
    manifests: &Manifests,
) -> Result<(), Failure> {
    let this = node.id()?;
    for manifest in manifests.values().flatten() {
        // A state that cannot be read is reported when the service is announced.
        let state = states::load(node, &manifest.id).unwrap_or_default();
        add_reads_of(node, reads, manifest, &state, &this);
    }
    Ok(())
}

fn add_reads_of(
    node: &Node,
    reads: &mut ReadSet,
    manifest: &Manifest,
    state: &ServiceState,
    this: &Id,
) {
    let offered = offered_keys(manifest, this, &node.settings.region);
    let remembered: Vec<Key> = state.keys().collect();
    for key in offered.iter().chain(&remembered) {
        reads.announcement(key);
    }
    reads.after_state(&manifest.id, state.edits.now());
}
