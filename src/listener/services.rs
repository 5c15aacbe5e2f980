//! What this node's services have applied against what they would get if they were rendered now, by the snapshots of the
//! watch: no read of the registry.

use std::collections::{BTreeMap, BTreeSet};

use super::{ranges::Ranges, registry_link::RegistryChange};
use crate::{
    edge::{files, memory, registry::Session},
    model::{id::Id, manifest::Manifest, name::Name},
    node::Node,
    operations::{
        inputs::Inputs,
        read_set::{Read, ReadSet, Snapshots},
    },
    provision::{Differences, Digest, Finding, Need, Observation, ProvisionEnd, Resolved, digest},
    render::{diff, shell},
    report::{Failure, Journal, LastError},
    resolve::{Reference, RegistryState, ResolveInput, explain, resolve, unannounced},
};

/// The services of this node, compared.
pub(super) struct Services {
    journal: Journal,
    inputs: Inputs,
    /// The names of which the inputs have what was last known.
    recalled: BTreeMap<Id, BTreeSet<Name>>,
    recall_error: LastError,
    /// How many names the manifests require.
    names: usize,
    differences: Differences,
    /// The services to be compared next.
    affected: BTreeSet<Id>,
    /// Why manifests cannot be used, as it was journalled.
    bad_manifests: BTreeMap<Id, String>,
}

impl Services {
    /// Reads the manifests and everything else that the environments follow from. Nothing is compared before the registry
    /// is listed or files change: the start has a provision of its own.
    pub(super) fn load(node: &Node, session: &Session, journal: Journal) -> Result<Self, Failure> {
        let mut services = Self {
            journal,
            inputs: Inputs::without_registry(node, session)?,
            recalled: BTreeMap::new(),
            recall_error: LastError::default(),
            names: 0,
            differences: Differences::default(),
            affected: BTreeSet::new(),
            bad_manifests: BTreeMap::new(),
        };
        services.inspect_manifests();
        Ok(services)
    }

    /// Reads this node's files again; all services are compared next.
    pub(super) fn reload(&mut self, node: &Node, session: &Session) -> Result<(), Failure> {
        self.inputs = Inputs::without_registry(node, session)?;
        self.recalled.clear();
        self.inspect_manifests();
        self.affect_all();
        Ok(())
    }

    fn inspect_manifests(&mut self) {
        let manifests = self.inputs.manifests.values().flatten();
        let names = manifests.flat_map(|manifest| {
            required_names(manifest).map(move |name| (&manifest.federation, name))
        });
        self.names = names.collect::<BTreeSet<_>>().len();
        self.journal_bad_manifests();
    }

    /// The ranges of the registry that the manifests require.
    pub(super) fn ranges(&self) -> Ranges {
        let mut reads = ReadSet::default();
        for manifest in self.inputs.manifests.values().flatten() {
            reads.names(&manifest.federation, required_names(manifest));
        }
        reads.requests()
    }

    /// How many names the manifests require.
    pub(super) fn names(&self) -> usize {
        self.names
    }

    /// The services that a provision would change, with the variables that differ.
    pub(super) fn differing(&self) -> &BTreeMap<Id, Vec<String>> {
        self.differences.differing()
    }

    /// The manifests that cannot be used, and why.
    pub(super) fn bad_manifests(&self) -> &BTreeMap<Id, String> {
        &self.bad_manifests
    }

    /// The services whose requirements are unmet, with the missing names and why each is missing.
    pub(super) fn unmet(&self) -> &BTreeMap<Id, Vec<String>> {
        self.differences.unmet()
    }

    /// The differing services that the last successful provision should have changed.
    pub(super) fn stale(&self) -> BTreeSet<Id> {
        self.differences.stale()
    }

    /// All services are compared next.
    pub(super) fn affect_all(&mut self) {
        self.affected.extend(self.inputs.manifests.keys().cloned());
        // Those whose manifest is gone no longer differ.
        let differing = self.differences.differing();
        self.affected.extend(differing.keys().cloned());
    }

    /// A new watch started, whose snapshots begin empty.
    pub(super) fn watch_started(&mut self) {
        self.differences.registry_listed();
    }

    /// Takes what changed in the snapshots; the services concerned are compared next.
    pub(super) fn take(&mut self, node: &Node, snapshots: &Snapshots, change: &RegistryChange) {
        match change {
            RegistryChange::Listed => {
                self.differences.registry_listed();
                self.affect_all();
            }
            RegistryChange::Names(federation, names) => {
                let ids = self.requiring(federation, names);
                for id in &ids {
                    if self.differences.watches(id)
                        && let Some(observation) = self.observe(node, snapshots, id)
                    {
                        self.differences.record(id, observation.resolved);
                    }
                }
                self.affected.extend(ids);
            }
        }
    }

    /// Compares the affected services; returns what they need besides the running provision and the retry of a failed one.
    pub(super) fn compare(&mut self, node: &Node, snapshots: &Snapshots) -> Need {
        let mut need = Need::Nothing;
        for id in std::mem::take(&mut self.affected) {
            let Some(observation) = self.observe(node, snapshots, &id) else {
                self.differences.forget(&id);
                continue;
            };
            let names = observation.names.join(",");
            let verdict = self.differences.observe(&id, observation);
            need = need.max(verdict.need);
            match verdict.report {
                Some(Finding::Change) => self
                    .journal
                    .event("change", &[("service", &id), ("variables", &names)]),
                Some(Finding::Unmet) => self
                    .journal
                    .event("unmet", &[("service", &id), ("names", &names)]),
                Some(Finding::UpToDate) => self.journal.event("up-to-date", &[("service", &id)]),
                None => {}
            }
        }
        need
    }

    /// A provision starts from what was compared last.
    pub(super) fn provision_started(&mut self) {
        self.differences.provision_started();
    }

    /// The provision ended; all services are compared next.
    pub(super) fn provision_ended(&mut self, node: &Node, end: ProvisionEnd) {
        let applied = |id: &Id| applied_conf(node, id).and_then(|conf| conf_digest(&conf));
        self.differences.provision_ended(end, applied);
        self.affect_all();
    }

    /// Compares one service; nothing for one that is not comparable, or whose last known announcements cannot be read, as
    /// no render could.
    fn observe(&mut self, node: &Node, snapshots: &Snapshots, id: &Id) -> Option<Observation> {
        if let Err(failure) = self.recall(node, snapshots, id) {
            let (error, reason) = (&mut self.recall_error, failure.in_short());
            error.report(self.journal, "error", Some(id), &reason);
            return None;
        }
        let manifest = self.comparable(snapshots, id)?;
        let conf = applied_conf(node, id);
        let applied = conf.as_deref().and_then(conf_digest);
        let input = self.inputs.with_snapshots(snapshots, node, manifest);
        let (now, names, reasons) = match resolve(&input) {
            Ok(resolution) => {
                let environment = &resolution.environment;
                let lines = diff(conf.as_deref(), environment, false);
                let names = lines.into_iter().map(|line| line.name).collect();
                let now = digest::of_environment(environment);
                (Some(now), names, Vec::new())
            }
            Err(missing) => {
                let unmet = unmet(&input, &missing);
                let (names, reasons) = unmet.into_iter().unzip();
                (None, names, reasons)
            }
        };
        let resolved = Resolved { now, applied };
        Some(Observation {
            resolved,
            names,
            reasons,
        })
    }

    /// A service with a usable manifest and a conf, whose registry was read.
    fn comparable(&self, snapshots: &Snapshots, id: &Id) -> Option<&Manifest> {
        let manifest = self.inputs.manifests.get(id)?.as_ref().ok()?;
        let is_read = snapshots.of(&manifest.federation).error().is_none();
        (manifest.has_conf && is_read).then_some(manifest)
    }

    /// Reads what was last known of the names that a service requires and that nobody announces. What was last known of
    /// all others decides nothing; of a large fleet it would take as much memory as the snapshots.
    fn recall(&mut self, node: &Node, snapshots: &Snapshots, id: &Id) -> Result<(), Failure> {
        let Some(manifest) = self.comparable(snapshots, id) else {
            return Ok(());
        };
        let federation = manifest.federation.clone();
        let Read::Snapshot(snapshot) = snapshots.of(&federation) else {
            return Ok(());
        };
        let input = self.inputs.with_snapshots(snapshots, node, manifest);
        let mut names = unannounced(&input, snapshot);
        let recalled = self.recalled.entry(federation.clone()).or_default();
        if names.is_subset(recalled) {
            return Ok(());
        }
        names.extend(recalled.iter().cloned());
        self.inputs.recall(node, &federation, &names)?;
        *recalled = names;
        self.recall_error.clear();
        memory::give_back_freed();
        Ok(())
    }

    fn requiring(&self, federation: &Id, names: &BTreeSet<Name>) -> Vec<Id> {
        let manifests = self.inputs.manifests.values().flatten();
        let requires = |manifest: &&Manifest| {
            manifest.federation == *federation
                && required_names(manifest).any(|name| names.contains(name))
        };
        let requiring = manifests.filter(requires);
        requiring.map(|manifest| manifest.id.clone()).collect()
    }

    fn journal_bad_manifests(&mut self) {
        let manifests = self.inputs.manifests.iter();
        let bad: BTreeMap<Id, String> = manifests
            .filter_map(|(id, manifest)| Some((id.clone(), manifest.as_ref().err()?.in_short())))
            .collect();
        for (id, reason) in &bad {
            if self.bad_manifests.get(id) != Some(reason) {
                self.journal
                    .event("bad-manifest", &[("service", id), ("reason", reason)]);
            }
        }
        self.bad_manifests = bad;
    }
}

fn required_names(manifest: &Manifest) -> impl Iterator<Item = &Name> {
    let requires = manifest.requires.values();
    requires.flat_map(|requirement| requirement.pattern.holes())
}

/// The unmet names, and why each is unmet.
fn unmet(input: &ResolveInput<'_>, missing: &[Reference]) -> BTreeMap<String, String> {
    let RegistryState::Available(snapshot) = input.registry else {
        return BTreeMap::new();
    };
    let missing = missing.iter().map(|reference| {
        let reason = explain(input, snapshot, reference, &BTreeSet::new());
        (reference.name.to_string(), reason.to_string())
    });
    missing.collect()
}

/// The applied conf of a service; one that cannot be read counts as none.
fn applied_conf(node: &Node, id: &Id) -> Option<Vec<u8>> {
    files::read_own(&node.paths.applied_conf(id)).ok().flatten()
}

/// The digest of a conf; nothing for one that `exec` would refuse.
fn conf_digest(conf: &[u8]) -> Option<Digest> {
    let variables = shell::parse(conf).ok()?.into_iter().collect();
    Some(digest::of_variables(&variables))
}
