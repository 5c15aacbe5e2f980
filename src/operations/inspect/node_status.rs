//! The services of this node and its registry at a glance: read without a lock, judged by `fleet` (section 13).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    edge::{clock, files, lock_holders::shared_counts, registry::Session},
    fleet::{AnnouncementStatus, ConfFacts, ConfStatus, RenderForecast},
    model::{
        certificate::CertificateFacts,
        id::Id,
        key,
        listening::Listening,
        manifest::Manifest,
        name::Name,
        offer::{offered_keys, offers},
        service_state::ServiceState,
    },
    node::{
        Node,
        last_known::Learn,
        manifests::{self, Manifests},
        states,
    },
    operations::{
        inputs::{self, Inputs, Unresolved},
        read_set::{Read, ReadSet},
        remove,
        render::dry_run,
    },
    report::{
        CertificateStatus, CheckStatus, Code, Failure, ManifestStatus, RegistryReach,
        RegistryStatus, RenderReport, ServiceStatus,
    },
};

/// What was read of this node and of its registry.
pub(crate) struct NodeLook {
    inputs: Inputs,
    forecasts: BTreeMap<Id, RenderForecast>,
}

/// The services of this node: those with a manifest, and those of which something is left.
pub(crate) fn all_services(node: &Node) -> Result<Vec<Id>, Failure> {
    let mut ids = manifests::ids(node)?;
    ids.extend(remove::orphans(node)?);
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Whether anything is known of a service here.
pub(crate) fn is_known(node: &Node, id: &Id) -> bool {
    files::exists(&node.paths.manifest(id)) || remove::is_known(node, id)
}

impl NodeLook {
    /// Reads what these services refer to and announce, and what a render of each would do.
    ///
    /// # Errors
    /// A `configuration.json` that cannot be used, and files that the caller may not read.
    pub(crate) fn read(node: &Node, session: &mut Session, ids: &[Id]) -> Result<Self, Failure> {
        let found = manifests::load(node, ids);
        let reads = read_set(node, &found)?;
        let inputs = Inputs::read(node, session, found, reads, Learn::Forget)?;
        let readable = inputs.manifests.iter().filter(|(_, read)| read.is_ok());
        let readable: Vec<Id> = readable.map(|(id, _)| id.clone()).collect();
        let forecasts = dry_run(node, session, &inputs, &readable)?;
        let forecasts = forecasts.into_iter().map(|(id, result)| {
            let unmet = unmet(node, &inputs, &id).map(RenderForecast::Unmet);
            let takes_values = inputs.manifest(&id).is_ok_and(Manifest::takes_values);
            let report = result.map(|outcome| outcome.report);
            let forecast = unmet.unwrap_or_else(|| forecast(report, takes_values));
            (id, forecast)
        });
        Ok(Self {
            forecasts: forecasts.collect(),
            inputs,
        })
    }

    /// Each of these services.
    pub(crate) fn services(
        &self,
        node: &Node,
        ids: &[Id],
        listening: Option<&Listening>,
    ) -> Result<Vec<ServiceStatus>, Failure> {
        let locks: Vec<_> = ids.iter().map(|id| node.paths.task_lock(id)).collect();
        let tasks = shared_counts(&locks);
        let services = ids.iter().zip(tasks);
        let service = |(id, tasks)| {
            let service = self.service(node, id, listening)?;
            Ok(ServiceStatus { tasks, ..service })
        };
        services.map(service).collect()
    }

    fn service(
        &self,
        node: &Node,
        id: &Id,
        listening: Option<&Listening>,
    ) -> Result<ServiceStatus, Failure> {
        let read = self.inputs.manifests.get(id);
        let manifest = read.and_then(|read| read.as_ref().ok());
        let (state, state_error) = match states::load(node, id) {
            Ok(state) => (state, None),
            Err(failure) if failure.code == Code::NotPermitted => return Err(failure),
            Err(failure) => (ServiceState::default(), Some(failure.in_short())),
        };
        Ok(ServiceStatus {
            service: id.clone(),
            manifest: manifest_status(read),
            conf: ConfStatus::of(&self.conf_facts(node, id, manifest, &state)),
            announcement: self.announcement(node, manifest, &state),
            check: manifest.map_or(CheckStatus::Unneeded, |one| check(one, listening)),
            state_error,
            tasks: 0,
        })
    }

    fn conf_facts(
        &self,
        node: &Node,
        id: &Id,
        manifest: Option<&Manifest>,
        state: &ServiceState,
    ) -> ConfFacts {
        let time = |path: &Path| files::modified(path).map(clock::rfc3339);
        let is_away = |manifest: &Manifest| {
            let error = self.inputs.read_error(manifest);
            error.is_some_and(|error| error.is_away)
        };
        let last_read = self.inputs.last_read.clone();
        ConfFacts {
            has_manifest: files::exists(&node.paths.manifest(id)),
            is_wanted: manifest.is_none_or(|manifest| manifest.has_conf),
            written: time(&node.paths.conf(id)),
            applied: time(&node.paths.applied_conf(id)),
            is_pending: state.pending,
            render: self.forecasts.get(id).cloned().unwrap_or_default(),
            last_read: last_read.filter(|_| manifest.is_some_and(is_away)),
        }
    }

    fn announcement(
        &self,
        node: &Node,
        manifest: Option<&Manifest>,
        state: &ServiceState,
    ) -> AnnouncementStatus {
        let facts = &self.inputs.facts;
        let offers = manifest.map(|manifest| offers(manifest, facts, ""));
        let federation = manifest.map_or(&node.settings.federation, |one| &one.federation);
        let snapshot = self.inputs.snapshots.of(federation).snapshot();
        AnnouncementStatus::of(&offers.unwrap_or_default(), state, snapshot, clock::now())
    }

    /// The registry of every federation of this node.
    pub(crate) fn registry(&self, node: &Node) -> Vec<RegistryStatus> {
        let federations: BTreeSet<&Id> = node.settings.federations.iter().collect();
        let of = |federation: &Id| RegistryStatus {
            reach: match self.inputs.snapshots.of(federation) {
                Read::Snapshot(snapshot) => RegistryReach::Read(snapshot.revision),
                Read::NotAsked => RegistryReach::Read(0),
                Read::Failed(error) if error.is_away => RegistryReach::Away {
                    last_read: self.inputs.last_read.clone(),
                    reason: error.failure.in_short(),
                },
                Read::Failed(error) => {
                    RegistryReach::Refused(error.failure.code, error.failure.in_short())
                }
            },
            certificate: certificate(node, federation),
            federation: federation.clone(),
        };
        federations.into_iter().map(of).collect()
    }
}

/// What a render reads, what the services announce, and a key of each federation: whether that answers.
fn read_set(node: &Node, found: &Manifests) -> Result<ReadSet, Failure> {
    let this = node.id()?;
    let mut reads = inputs::read_set(node, found)?;
    for federation in &node.settings.federations {
        reads.key(federation, key::node_record(federation, &this));
    }
    for manifest in found.values().flatten() {
        let keys = offered_keys(manifest, &this, &node.settings.region);
        for key in &keys {
            reads.announcement(key);
        }
    }
    Ok(reads)
}

/// The names that a service needs and that have no value; `None` if there are none.
fn unmet(node: &Node, inputs: &Inputs, id: &Id) -> Option<Vec<Name>> {
    let manifest = inputs.manifests.get(id)?.as_ref().ok()?;
    let resolved = inputs.resolve(node, manifest);
    let Err(Unresolved::Unmet(missing)) = resolved else {
        return None;
    };
    let names: BTreeSet<Name> = missing.into_iter().map(|one| one.name).collect();
    Some(names.into_iter().collect())
}

/// What a render would do, by its report. A service that takes no values is never degraded: here, the registry was also read
/// for what it announces.
fn forecast(report: Result<RenderReport, Failure>, takes_values: bool) -> RenderForecast {
    let report = match report {
        Ok(report) => report,
        Err(failure) => return RenderForecast::Fails(failure.in_short()),
    };
    let changed = report.variables.iter().filter(|variable| variable.changed);
    let mut what: Vec<String> = changed.map(|variable| variable.name.clone()).collect();
    if what.is_empty() {
        what.clone_from(&report.written);
    }
    RenderForecast::Changes {
        what,
        degraded: report.degraded && takes_values,
    }
}

fn manifest_status(read: Option<&Result<Manifest, Failure>>) -> ManifestStatus {
    match read {
        Some(Ok(_)) => ManifestStatus::Good,
        Some(Err(failure)) if failure.code != Code::NoInput => {
            ManifestStatus::Bad(failure.in_short())
        }
        Some(Err(_)) | None => ManifestStatus::Missing,
    }
}

fn check(manifest: &Manifest, listening: Option<&Listening>) -> CheckStatus {
    if manifest.check.is_none() {
        return CheckStatus::Unneeded;
    }
    let kept = listening.and_then(|listening| listening.kept_alive.get(&manifest.id));
    let leases = listening.and_then(|listening| listening.leases.get(&manifest.id));
    let reason = leases.and_then(|leases| leases.check.clone());
    match kept {
        None => CheckStatus::NotAsked,
        Some(true) => CheckStatus::Healthy,
        Some(false) => CheckStatus::Failing(reason.unwrap_or_default()),
    }
}

/// The certificate with which this node logs in to the registry of a federation.
fn certificate(node: &Node, federation: &Id) -> Option<CertificateStatus> {
    let credentials = node.settings.registry.credentials_of(federation);
    let path = credentials.cert.as_ref()?;
    let text = match files::read_text(path) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return Some(CertificateStatus::Unreadable(error.to_string())),
    };
    let Some(facts) = CertificateFacts::parse(&text) else {
        let path = path.display();
        let reason = format!("`{path}` holds no certificate");
        return Some(CertificateStatus::Unreadable(reason));
    };
    let text = clock::rfc3339(facts.ends);
    Some(CertificateStatus::of(facts.validity(clock::now()), text))
}
