//! What to withdraw of a service, and how that follows from the states and manifests of this node.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Wish, WithdrawInput,
    last::{self, Last, LastUsers},
};
use crate::{
    announce::Hold,
    edge::{files, registry::Session},
    model::{
        announcement::By,
        id::Id,
        key::{self, Key},
        manifest::Manifest,
        offer::offered_keys,
        service_state::ServiceState,
        withdrawal_note::WithdrawalNote,
    },
    node::{Node, manifests, states},
    operations::read_set::{ReadSet, Snapshots},
    report::{Code, Failure},
};

/// What is to be withdrawn of one service.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) service: Id,
    /// Whether the service stays withdrawn.
    pub(super) holds: bool,
    /// Whether nothing is remembered of the service after that.
    pub(super) forgotten: bool,
    by: By,
    /// What a withdrawal by hand says of itself.
    pub(super) note: WithdrawalNote,
    /// What this node's state said, before the registry was read.
    pub(super) state: ServiceState,
    pub(super) keys: BTreeSet<Key>,
    /// `applied/` records that are no longer true, with their federations.
    pub(super) cleared: BTreeSet<(Id, String)>,
}

impl Target {
    /// A service that is withdrawn by hand and stays so. Where others are only waited for, it may be any provider's name.
    pub(crate) fn held(service: Id, state: ServiceState, keys: BTreeSet<Key>) -> Self {
        Self {
            service,
            holds: true,
            forgotten: false,
            by: By::Hand,
            note: state.hold.clone().unwrap_or_default(),
            state,
            keys,
            cleared: BTreeSet::new(),
        }
    }

    /// A service whose manifest is gone, and of which nothing is remembered after that.
    pub(crate) fn departed(node: &Node, service: Id, state: ServiceState) -> Result<Self, Failure> {
        let this = node.id()?;
        let keys: BTreeSet<Key> = state.keys().collect();
        let allowed = node.settings.federations.iter();
        let federations = allowed.chain(keys.iter().map(|key| &key.federation));
        let federations: BTreeSet<&Id> = federations.collect();
        let here = federations.into_iter().map(|federation| {
            let path = key::applied_record(federation, &this, &service);
            (federation.clone(), path)
        });
        let published = state.applied_keys.iter();
        let elsewhere = published.filter_map(|path| Some((key::federation(path)?, path.clone())));
        let mut cleared: BTreeSet<(Id, String)> = here.chain(elsewhere).collect();
        cleared.extend(node_records(node, &this, &cleared)?);
        Ok(Self {
            cleared,
            holds: false,
            forgotten: true,
            by: By::Manifest,
            note: WithdrawalNote::default(),
            state,
            keys,
            service,
        })
    }

    /// The same, where a person says why and until when.
    pub(super) fn saying(self, note: &WithdrawalNote) -> Self {
        Self {
            note: note.clone(),
            ..self
        }
    }

    /// The same, with the service remembered: the caller has more to do with it.
    pub(crate) fn remembered(self) -> Self {
        Self {
            forgotten: false,
            ..self
        }
    }

    /// The keys to withdraw.
    pub(crate) fn keys(&self) -> &BTreeSet<Key> {
        &self.keys
    }

    /// Adds keys to withdraw.
    pub(crate) fn add_keys(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.keys.extend(keys);
    }

    /// The same with what this node's state says now.
    pub(super) fn again(&self, node: &Node) -> Result<Self, Failure> {
        let mut target = self.clone();
        target.state = states::load(node, &self.service)?;
        target.keys.extend(target.state.keys());
        Ok(target)
    }

    /// What becomes of the service's being held.
    pub(super) fn hold(&self) -> Hold {
        if self.holds { Hold::Begin } else { Hold::Keep }
    }

    /// The federations in which something is to be withdrawn.
    pub(super) fn federations(&self) -> BTreeSet<Id> {
        let keys = self.keys.iter().map(|key| &key.federation);
        let cleared = self.cleared.iter().map(|(federation, _)| federation);
        keys.chain(cleared).cloned().collect()
    }

    /// What is to be withdrawn in one federation.
    pub(super) fn leaving(&self, federation: &Id) -> BTreeMap<Key, By> {
        let keys = self.keys.iter().filter(|key| key.federation == *federation);
        keys.map(|key| (key.clone(), self.by)).collect()
    }

    /// Whether the record at `path` is to be cleared.
    pub(super) fn clears(&self, path: &str) -> bool {
        self.cleared.iter().any(|(_, cleared)| cleared == path)
    }

    /// Whether the state says that all of it is withdrawn already.
    pub(super) fn is_done(&self, node: &Node, federation: &Id) -> Result<bool, Failure> {
        let state = states::load(node, &self.service)?;
        let is_left = |key: &Key| key.federation == *federation && self.keys.contains(key);
        let announces = state.keys().any(|key| is_left(&key));
        let known = state.hold.clone().unwrap_or_default();
        let is_held = self.holds && state.held && known.says_the_same(&self.note);
        Ok(is_held && !announces)
    }

    /// Adds the reads that withdrawing it takes.
    pub(crate) fn add_reads(&self, reads: &mut ReadSet) {
        self.keys.iter().for_each(|key| reads.announcement(key));
        for (federation, path) in &self.cleared {
            reads.key(federation, path.clone());
        }
    }
}

/// The records of the node itself that go with those `cleared` of a service: where no service is left that may take values
/// in the federation, and of a name that this node had before.
fn node_records(
    node: &Node,
    this: &Id,
    cleared: &BTreeSet<(Id, String)>,
) -> Result<Vec<(Id, String)>, Failure> {
    let mut records = Vec::new();
    for (federation, path) in cleared {
        if let Some(of) = key::node_of_applied(federation, path)
            && (of != *this || !manifests::may_take_values(node, federation)?)
        {
            records.push((federation.clone(), key::node_record(federation, &of)));
        }
    }
    Ok(records)
}

/// Every service that this node has a manifest of, remembers, or has applied a conf of.
pub(crate) fn remembered_ids(node: &Node) -> Result<Vec<Id>, Failure> {
    let mut ids = manifests::ids(node)?;
    ids.extend(states::all(node)?);
    // A service that never announced anything leaves no more than its applied conf.
    ids.extend(files::list_ids(&node.paths.applied_confs(), "conf")?.ids);
    Ok(ids)
}

/// What services on this node provide, by their states and manifests.
pub(crate) fn on_this_node(
    node: &Node,
    session: &mut Session,
    mut ids: Vec<Id>,
    wish: &Wish,
) -> WithdrawInput {
    let last = wish.last;
    ids.sort();
    ids.dedup();
    let mut warnings = Vec::new();
    let mut targets = BTreeMap::new();
    let mut reads = ReadSet::default();
    for id in ids {
        let target = of_service(node, id.clone(), &mut warnings);
        let target = match &wish.note {
            Some(said) => target.map(|target| target.saying(said)),
            None => target,
        };
        if let Ok(target) = &target {
            target.add_reads(&mut reads);
            if last == Last::Preview || last == Last::Refuse && target.holds {
                last::add_reads(&target.keys, &mut reads);
            }
        }
        targets.insert(id, target);
    }
    let snapshots = reads.read(session);
    if last == Last::Refuse {
        refuse_last(&mut targets, &snapshots);
    }
    WithdrawInput {
        targets,
        snapshots,
        warnings,
    }
}

/// Refuses those that are withdrawn by hand and whose users would have no provider left. What is owed already is not
/// asked about again: the next run withdraws it in any case.
fn refuse_last(targets: &mut BTreeMap<Id, Result<Target, Failure>>, snapshots: &Snapshots) {
    let by_hand = targets.values().flatten().filter(|target| target.holds);
    let leaving: BTreeSet<Key> = by_hand.flat_map(|target| target.keys.clone()).collect();
    let users = LastUsers::of(&leaving, snapshots);
    for (id, target) in targets {
        let refused = match target {
            Ok(target) if target.holds => {
                let is_new = |key: &&Key| !target.state.owes_withdrawal(key);
                let keys = target.keys.iter().filter(is_new).cloned().collect();
                last::refuse(id, &keys, &users)
            }
            Ok(_) | Err(_) => Ok(()),
        };
        if let Err(failure) = refused {
            *target = Err(failure);
        }
    }
}

fn of_service(node: &Node, id: Id, warnings: &mut Vec<String>) -> Result<Target, Failure> {
    let state = states::load(node, &id)?;
    match manifests::load_one(node, &id) {
        Ok(manifest) => Ok(of_manifest(node, &manifest, state, &node.id()?)),
        Err(failure) if failure.code == Code::NoInput && is_remembered(node, &id) => {
            Target::departed(node, id, state)
        }
        // Its announcements are known without its manifest.
        Err(failure) if failure.code == Code::Data && !state.announced.is_empty() => {
            let reason = failure.in_short();
            warnings.push(format!("using the state of `{id}` instead: {reason}"));
            let keys = state.keys().collect();
            Ok(Target::held(id, state, keys))
        }
        Err(failure) => Err(failure),
    }
}

/// Whether this node ever announced or rendered the service. A state that says nothing counts as well: a withdrawal that
/// was killed leaves one behind.
fn is_remembered(node: &Node, id: &Id) -> bool {
    states::exists(node, id) || files::exists(&node.paths.applied_conf(id))
}

fn of_manifest(node: &Node, manifest: &Manifest, state: ServiceState, this: &Id) -> Target {
    let mut keys = offered_keys(manifest, this, &node.settings.region);
    keys.extend(state.keys());
    Target::held(manifest.id.clone(), state, keys)
}
