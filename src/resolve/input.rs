//! What resolving a service takes.

use super::local_offers::LocalOffers;
use crate::model::{
    datastores::Datastores, id::Id, last_known::LastKnown, local_form::LocalPorts,
    manifest::Manifest, settings::OnUnreachable, snapshot::Snapshot,
};

/// Everything that determines a service's environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResolveInput<'a> {
    /// The service.
    pub manifest: &'a Manifest,
    /// The node that it runs on.
    pub node: &'a Id,
    /// The node's region.
    pub region: &'a Id,
    /// The regions in which to look up announcements, in order.
    pub regions: &'a [Id],
    /// The state of the registry.
    pub registry: RegistryState<'a>,
    /// What the manifests on this node announce.
    pub local_offers: &'a LocalOffers,
    /// What the node's local balancer serves.
    pub local_ports: &'a LocalPorts,
    /// The last known announcements of the federation.
    pub last_known: &'a LastKnown,
    /// The federation's datastores.
    pub datastores: &'a Datastores,
}

/// Whether the registry was read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RegistryState<'a> {
    /// The announcements of every name that the manifest refers to.
    Available(&'a Snapshot),
    /// The registry could not be read; the setting says what to use instead.
    Unavailable(OnUnreachable),
}
