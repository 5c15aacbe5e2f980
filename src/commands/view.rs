//! Everything that the environments of some services follow from, gathered once for a command.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    known::{Learn, learn_known, load_known},
    node::Node,
    reading::{Readings, Unread, Wanted},
    services, states,
};
use crate::{
    edge::registry::Session,
    model::{
        datastores::Datastores, facts::Facts, id::Id, key, key::Kind, known::Known,
        manifest::Manifest, name::Name, service_state::ServiceState, snapshot::Snapshot,
    },
    report::{self, Code, Failure},
    resolve::{Own, Question, Registry, Resolution, resolve},
};

/// What some services' environments follow from.
pub(crate) struct View {
    pub(crate) facts: Facts,
    /// The manifests of the services that the command is about.
    pub(crate) manifests: BTreeMap<Id, Result<Manifest, Failure>>,
    pub(crate) readings: Readings,
    own: Own,
    states: BTreeMap<Id, ServiceState>,
    known: BTreeMap<Id, Known>,
    datastores: BTreeMap<Id, Datastores>,
    nothing: Nothing,
}

/// What stands in where there is nothing.
#[derive(Default)]
struct Nothing {
    snapshot: Snapshot,
    known: Known,
    datastores: Datastores,
}

impl View {
    /// Reads manifests and datastores, then the registry, once. `more` can want more of it.
    pub(crate) fn load(
        node: &Node,
        session: &mut Session,
        ids: &[Id],
        learn: Learn,
        more: impl FnOnce(&mut Wanted, &BTreeMap<Id, Result<Manifest, Failure>>, &Id),
    ) -> Result<Self, Failure> {
        let manifests = services::manifests(node, ids);
        let datastores = node.datastores()?;
        let this = node.id()?;
        let mut wanted = Wanted::default();
        for manifest in manifests.values().flatten() {
            want(node, &mut wanted, manifest, &this);
        }
        more(&mut wanted, &manifests, &this);
        let known = load_known(node, &manifests)?;
        let readings = wanted.read(session);
        let facts = node.facts(session)?;
        if learn == Learn::Keep {
            node.remember_host(session)?;
        }
        let (own, states) = own(node, &manifests, &facts)?;
        Ok(Self {
            known: learn_known(node, known, &readings, &own, learn)?,
            own,
            states,
            facts,
            manifests,
            readings,
            datastores,
            nothing: Nothing::default(),
        })
    }

    /// As [`View::load`] for every service of this node, of a registry that was not read: a watch will see it. Learns
    /// nothing.
    pub(crate) fn watching(node: &Node, session: &Session) -> Result<Self, Failure> {
        let manifests = services::manifests(node, &services::listed(node)?);
        let facts = node.facts(session)?;
        let (own, states) = own(node, &manifests, &facts)?;
        Ok(Self {
            known: load_known(node, &manifests)?,
            own,
            states,
            datastores: node.datastores()?,
            facts,
            manifests,
            readings: Readings::default(),
            nothing: Nothing::default(),
        })
    }

    /// What a service's environment follows from.
    pub(crate) fn question<'a>(&'a self, node: &'a Node, manifest: &'a Manifest) -> Question<'a> {
        let registry = match self.readings.of(&manifest.federation) {
            Some(Ok(snapshot)) => Registry::Read(snapshot),
            Some(Err(_)) => Registry::Unread(node.settings.render.on_unreachable),
            None => Registry::Read(&self.nothing.snapshot),
        };
        let (known, datastores) = (&self.known, &self.datastores);
        let federation = &manifest.federation;
        Question {
            manifest,
            node: &self.facts.node,
            region: &self.facts.region,
            regions: &node.settings.regions,
            registry,
            own: &self.own,
            known: known.get(federation).unwrap_or(&self.nothing.known),
            datastores: datastores
                .get(federation)
                .unwrap_or(&self.nothing.datastores),
        }
    }

    /// Resolves a service, or says what it lacks. Where the registry refuses, nothing stands in for it.
    pub(crate) fn resolve(
        &self,
        node: &Node,
        session: &mut Session,
        manifest: &Manifest,
    ) -> Result<Resolution, Failure> {
        let question = self.question(node, manifest);
        let unread = self.unread(manifest);
        if let Some(unread) = unread.filter(|unread| !unread.away) {
            return Err(unread.failure.clone());
        }
        resolve(&question).map_err(|missing| {
            if let Some(unread) = unread {
                let then = node.settings.render.on_unreachable;
                return report::unread(&unread.failure, &manifest.id, &missing, then);
            }
            let names = catalogue(session, &manifest.federation);
            let embedded = node.settings.registry.is_embedded();
            report::unmet(&question, &missing, &names, embedded)
        })
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

    /// What the node remembers of a service. Its lock is held, under which that does not change.
    pub(crate) fn state(&self, node: &Node, id: &Id) -> Result<Cow<'_, ServiceState>, Failure> {
        match self.states.get(id) {
            Some(state) => Ok(Cow::Borrowed(state)),
            None => states::load(node, id).map(Cow::Owned),
        }
    }

    /// The failure to read the registry for this manifest, if it was asked and was away.
    pub(crate) fn unread_failure(&self, manifest: &Manifest) -> Option<&Failure> {
        self.unread(manifest).map(|unread| &unread.failure)
    }

    /// Why the registry says nothing for this manifest, if it was asked.
    pub(crate) fn unread(&self, manifest: &Manifest) -> Option<&Unread> {
        self.readings.of(&manifest.federation)?.err()
    }
}

/// What one service's environment, and the record of what it runs with, take of the registry. One that refers to
/// nothing, and about which nothing is told, does not ask.
fn want(node: &Node, wanted: &mut Wanted, manifest: &Manifest, this: &Id) {
    let federation = &manifest.federation;
    let mut references = manifest.requires.values().flat_map(|r| r.pattern.holes());
    let names: Vec<&Name> = references.by_ref().collect();
    // A state that cannot be read is told when the service's turn comes.
    let told = states::load(node, &manifest.id).is_ok_and(|state| !state.told.is_empty());
    if names.is_empty() && !told {
        return;
    }
    wanted.names(federation, names.into_iter());
    wanted.key(federation, key::applied(federation, this, &manifest.id));
}

/// What every manifest on this node would announce, and what is remembered of their services. One that is bad offers
/// nothing, and of a state that cannot be read nothing is remembered: the command that is about it says why.
fn own(
    node: &Node,
    manifests: &BTreeMap<Id, Result<Manifest, Failure>>,
    facts: &Facts,
) -> Result<(Own, BTreeMap<Id, ServiceState>), Failure> {
    let (mut offering, mut before) = (Vec::new(), Vec::new());
    let mut states = BTreeMap::new();
    for id in services::listed(node)? {
        let manifest = match manifests.get(&id) {
            Some(read) => read.clone(),
            None => services::manifest(node, &id),
        };
        let Ok(manifest) = manifest else { continue };
        let Ok(state) = states::load(node, &id) else {
            offering.push(manifest);
            continue;
        };
        if !state.held {
            before.extend(state.keys());
            offering.push(manifest);
        }
        states.insert(id, state);
    }
    Ok((Own::new(&offering, facts).and_before(before), states))
}

/// Every name that a federation's registry knows, for near misses; none if it cannot be read any more.
fn catalogue(session: &mut Session, federation: &Id) -> BTreeSet<Name> {
    let mut wanted = Wanted::default();
    wanted.prefix(
        federation,
        key::all_names_prefix(federation, Kind::Provides),
    );
    let readings = wanted.read(session);
    let snapshot = readings.of(federation).and_then(Result::ok);
    snapshot
        .map(|snapshot| snapshot.live.keys().map(|key| key.name.clone()).collect())
        .unwrap_or_default()
}
