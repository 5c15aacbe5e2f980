//! Inputs for resolving services, read once per command.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    local_offers::local_offers,
    read_set::{Read, ReadError, ReadSet, Snapshots, read_names},
};
use crate::{
    edge::registry::Session,
    model::{
        datastores::Datastores, facts::Facts, id::Id, key, last_known::LastKnown,
        local_form::LocalPorts, manifest::Manifest, name::Name, service_state::ServiceState,
        snapshot::Snapshot,
    },
    node::{
        Node, balance_state,
        last_known::{self, Learn},
        manifests::{self, Manifests},
        states,
    },
    report::{self, Code, Failure},
    resolve::{LocalOffers, Reference, RegistryState, Resolution, ResolveInput, resolve},
};

/// Inputs for resolving some services.
pub(crate) struct Inputs {
    pub(crate) facts: Facts,
    /// The manifests of the services that the command is about.
    pub(crate) manifests: Manifests,
    pub(crate) snapshots: Snapshots,
    local_offers: LocalOffers,
    /// What the local balancer serves.
    pub(crate) local_ports: LocalPorts,
    states: BTreeMap<Id, ServiceState>,
    last_known: BTreeMap<Id, LastKnown>,
    datastores: BTreeMap<Id, Datastores>,
    /// The version of the datastores, if they have one.
    pub(crate) version: Option<String>,
    /// When the registry was last read before, if that is known.
    pub(crate) last_read: Option<String>,
    empty: Empty,
    /// The announced names of the federations for which somebody asked, each read once.
    names: RefCell<BTreeMap<Id, BTreeSet<Name>>>,
}

/// Why a service has no environment.
pub(crate) enum Unresolved {
    /// The registry refused to answer, and nothing may replace its answer.
    Refused(Failure),
    /// These references have no value.
    Unmet(Vec<Reference>),
}

/// Defaults to borrow from for a federation that has none of these.
#[derive(Default)]
struct Empty {
    snapshot: Snapshot,
    last_known: LastKnown,
    datastores: Datastores,
}

impl Inputs {
    /// Reads the datastores, then the registry once: `reads` is [`read_set`] of these manifests, and whatever else the
    /// caller needs.
    pub(crate) fn read(
        node: &Node,
        session: &mut Session,
        manifests: Manifests,
        reads: ReadSet,
        learn: Learn,
    ) -> Result<Self, Failure> {
        let configuration = node.configuration()?;
        let mut warnings = Vec::new();
        let mut last_known = last_known::load(node, &manifests, &mut warnings)?;
        // A state that cannot be read is reported by whoever needs it.
        let last_read = node.state().ok().and_then(|state| state.read);
        let snapshots = reads.read(session);
        let facts = node.facts(session)?;
        if learn == Learn::Keep {
            node.remember(session, snapshots.was_read())?;
        }
        let (local_offers, states) = local_offers(node, &manifests, &facts)?;
        let (local_ports, lost) = balance_state::local_ports(node)?;
        warnings.extend(lost.map(|error| format!("values that the local balancer serves become direct, until `reconf balance` has run: {error}")));
        let owns = |key: &key::Key| local_offers.owns(key);
        let read = snapshots.available();
        last_known::update(node, &mut last_known, read, owns, learn, &mut warnings)?;
        node.out.warnings(&warnings);
        Ok(Self {
            facts,
            manifests,
            snapshots,
            local_offers,
            local_ports,
            states,
            last_known,
            datastores: configuration.datastores,
            version: configuration.version,
            last_read,
            empty: Empty::default(),
            names: RefCell::default(),
        })
    }

    /// Inputs for every service of this node, without the registry, which the listener's watch delivers later, and without
    /// what was last known: [`Self::recall`] reads of that what is needed.
    pub(crate) fn without_registry(node: &Node, session: &Session) -> Result<Self, Failure> {
        let manifests = manifests::load(node, &manifests::ids(node)?);
        let facts = node.facts(session)?;
        let (local_offers, states) = local_offers(node, &manifests, &facts)?;
        Ok(Self {
            last_known: BTreeMap::new(),
            datastores: node.datastores()?,
            version: None,
            facts,
            manifests,
            snapshots: Snapshots::default(),
            local_offers,
            // The command that renders says what is lost.
            local_ports: balance_state::local_ports(node)?.0,
            states,
            last_read: None,
            empty: Empty::default(),
            names: RefCell::default(),
        })
    }

    /// Reads the last known announcements of these names of a federation, and forgets those of its other names.
    pub(crate) fn recall(
        &mut self,
        node: &Node,
        federation: &Id,
        names: &BTreeSet<Name>,
    ) -> Result<(), Failure> {
        let known = last_known::of_names(node, federation, names)?;
        self.last_known.insert(federation.clone(), known);
        Ok(())
    }

    /// The input of [`resolve`] for one service.
    pub(crate) fn of<'a>(&'a self, node: &'a Node, manifest: &'a Manifest) -> ResolveInput<'a> {
        self.with_snapshots(&self.snapshots, node, manifest)
    }

    /// As [`Self::of`], with snapshots that the caller keeps current.
    pub(crate) fn with_snapshots<'a>(
        &'a self,
        snapshots: &'a Snapshots,
        node: &'a Node,
        manifest: &'a Manifest,
    ) -> ResolveInput<'a> {
        let federation = &manifest.federation;
        let registry = match snapshots.of(federation) {
            Read::Snapshot(snapshot) => RegistryState::Available(snapshot),
            Read::Failed(_) => RegistryState::Unavailable(node.settings.render.on_unreachable),
            Read::NotAsked => RegistryState::Available(&self.empty.snapshot),
        };
        let last_known = self.last_known.get(federation);
        let datastores = self.datastores.get(federation);
        ResolveInput {
            manifest,
            node: &self.facts.node,
            region: &self.facts.region,
            regions: &node.settings.regions,
            registry,
            local_offers: &self.local_offers,
            local_ports: &self.local_ports,
            last_known: last_known.unwrap_or(&self.empty.last_known),
            datastores: datastores.unwrap_or(&self.empty.datastores),
        }
    }

    /// The environment of a service. Nothing replaces the answer of a registry that refuses.
    pub(crate) fn resolve(
        &self,
        node: &Node,
        manifest: &Manifest,
    ) -> Result<Resolution, Unresolved> {
        self.resolve_by(node, manifest, &self.local_ports)
    }

    /// As [`Self::resolve`], by what the local balancer serves now.
    pub(crate) fn resolve_by(
        &self,
        node: &Node,
        manifest: &Manifest,
        local_ports: &LocalPorts,
    ) -> Result<Resolution, Unresolved> {
        if let Some(error) = self.read_error(manifest).filter(|error| !error.is_away) {
            return Err(Unresolved::Refused(error.failure.clone()));
        }
        let input = ResolveInput {
            local_ports,
            ..self.of(node, manifest)
        };
        resolve(&input).map_err(Unresolved::Unmet)
    }

    /// The failure of a service that was not resolved. Reads the names of the federation, for near misses.
    pub(crate) fn explain(
        &self,
        node: &Node,
        session: &mut Session,
        manifest: &Manifest,
        unresolved: Unresolved,
    ) -> Failure {
        let missing = match unresolved {
            Unresolved::Refused(failure) => return failure,
            Unresolved::Unmet(missing) => missing,
        };
        if let Some(error) = self.read_error(manifest) {
            let policy = node.settings.render.on_unreachable;
            return report::unread(&error.failure, &manifest.id, &missing, policy);
        }
        let mut names = self.names.borrow_mut();
        let names = names
            .entry(manifest.federation.clone())
            .or_insert_with(|| read_names(session, &manifest.federation));
        let embedded = node.settings.is_registry_of_this_machine();
        // A file that was read has at least the datastores of the own federation.
        let file = self
            .datastores
            .is_empty()
            .then(|| node.paths.configuration());
        let input = self.of(node, manifest);
        let failure = report::unmet(&input, &missing, names, embedded, file.as_deref());
        let own = &node.settings.federation;
        report::unmet_in_other_federation(failure, &input, &missing, own, &self.datastores)
    }

    /// The manifest of one of the services that the command is about.
    pub(crate) fn manifest(&self, id: &Id) -> Result<&Manifest, Failure> {
        match self.manifests.get(id) {
            Some(read) => read.as_ref().map_err(Failure::clone),
            None => Err(Failure::new(
                Code::NoInput,
                format!("there is no manifest of `{id}`"),
            )),
        }
    }

    /// The state of a service. The caller holds its lock, so it has not changed since it was read.
    pub(crate) fn state(&self, node: &Node, id: &Id) -> Result<Cow<'_, ServiceState>, Failure> {
        match self.states.get(id) {
            Some(state) => Ok(Cow::Borrowed(state)),
            None => states::load(node, id).map(Cow::Owned),
        }
    }

    /// Why the registry was not read for this manifest, if that was tried.
    pub(crate) fn read_error(&self, manifest: &Manifest) -> Option<&ReadError> {
        self.snapshots.of(&manifest.federation).error()
    }
}

/// The reads that rendering these services takes.
pub(crate) fn read_set(node: &Node, manifests: &Manifests) -> Result<ReadSet, Failure> {
    let this = node.id()?;
    let mut reads = ReadSet::default();
    for manifest in manifests.values().flatten() {
        add_reads(node, &mut reads, manifest, &this);
    }
    Ok(reads)
}

/// Adds the names that a manifest refers to, and the `applied/` record of its service. A service that refers to nothing
/// and has published nothing needs no read.
fn add_reads(node: &Node, reads: &mut ReadSet, manifest: &Manifest, this: &Id) {
    let federation = &manifest.federation;
    let references = manifest.requires.values().flat_map(|r| r.pattern.holes());
    let names: Vec<&Name> = references.collect();
    // A state that cannot be read is reported when the service is written.
    let state = || states::load(node, &manifest.id);
    let has_published = || state().is_ok_and(|state| !state.applied_keys.is_empty());
    if names.is_empty() && !has_published() {
        return;
    }
    reads.names(federation, names.into_iter());
    reads.key(
        federation,
        key::applied_record(federation, this, &manifest.id),
    );
    reads.key(federation, key::node_record(federation, this));
}
