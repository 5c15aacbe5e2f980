//! `reconf announce`: one read for all services, then what each provides is made to be what the registry says
//! (design.md section 5).

mod aim;
mod idle;
mod service;

use std::{collections::BTreeMap, time::Duration};

pub(super) use idle::is_idle;
pub(super) use service::Announcing;

use super::{Ended, Tally, node::Node, reading::Wanted, services, states};
use crate::{
    cli,
    model::{
        id::Id, key::Key, manifest::Manifest, offer::offered_keys, service_state::ServiceState,
    },
    report::{Announced, Failure},
};

/// How services are to be announced.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// How long the announcements live unless they are kept alive; `None`: until they are withdrawn.
    pub(super) ttl: Option<Duration>,
    /// Services that were withdrawn by hand stay so.
    pub(super) keep_withdrawn: bool,
    /// Nothing is written.
    pub(super) dry_run: bool,
}

/// `reconf announce`.
pub(super) fn run(node: &Node, args: &cli::Announce) -> Ended {
    let ids = services::chosen(node, &args.services)?;
    let how = How {
        ttl: args.ttl.or(node.settings.ttl),
        keep_withdrawn: args.keep_withdrawn || args.services.all,
        dry_run: args.dry_run,
    };
    let manifests = services::manifests(node, &ids);
    let mut session = node.session();
    let mut wanted = Wanted::default();
    want(node, &mut wanted, &manifests, &node.id()?);
    let readings = wanted.read(&mut session);
    if !how.dry_run {
        node.remember_host(&session)?;
    }
    let mut announcing = Announcing::new(node, &mut session, how);
    let mut tally = Tally::default();
    for (id, manifest) in manifests {
        let announced = manifest.and_then(|manifest| announcing.service(&manifest, &readings));
        match announced {
            Ok(announced) => {
                node.tell.outcome(&announced);
                tally.done(announced.changed);
            }
            Err(failure) => tally.fail(node, Some(&id), &failure),
        }
    }
    Ok(tally.code(false))
}

/// Announces a service as it was announced last, unless it is held: for what is owed, and for a lease that has ended.
pub(super) fn again(node: &Node, id: &Id) -> Result<Announced, Failure> {
    let how = How {
        ttl: states::load(node, id)?.ttl(),
        keep_withdrawn: true,
        dry_run: false,
    };
    let manifests = services::manifests(node, std::slice::from_ref(id));
    let mut session = node.session();
    let mut wanted = Wanted::default();
    want(node, &mut wanted, &manifests, &node.id()?);
    let readings = wanted.read(&mut session);
    let manifest = services::manifest(node, id)?;
    Announcing::new(node, &mut session, how).service(&manifest, &readings)
}

/// What announcing these services takes of the registry.
pub(super) fn want(
    node: &Node,
    wanted: &mut Wanted,
    manifests: &BTreeMap<Id, Result<Manifest, Failure>>,
    this: &Id,
) {
    for manifest in manifests.values().flatten() {
        // A state that cannot be read is told when the service's turn comes.
        let state = states::load(node, &manifest.id).unwrap_or_default();
        want_service(node, wanted, manifest, &state, this);
    }
}

fn want_service(
    node: &Node,
    wanted: &mut Wanted,
    manifest: &Manifest,
    state: &ServiceState,
    this: &Id,
) {
    let offered = offered_keys(manifest, this, &node.settings.region);
    let remembered: Vec<Key> = state.keys().collect();
    for key in offered.iter().chain(&remembered) {
        wanted.announcement(key);
    }
}
