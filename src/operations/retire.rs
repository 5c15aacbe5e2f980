//! The end of a machine, said from any other: what the registry has of its node is withdrawn and cleared (section 5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    batch::{PlannedWrite, WriteBatch},
    commit::{Attempt, Tombstones, Tries, carry_out, retry_on_conflict},
    machine::AskedBy,
    read_set::{Read, ReadSet, Snapshots},
};
use crate::{
    announce,
    edge::registry::Session,
    fleet::{self, Leaving, Remains},
    model::{
        announcement::By,
        id::Id,
        key::{self, Key, Kind},
        snapshot::Snapshot,
        suggest,
    },
    node::{Node, last_known},
    report::{Code, Failure, RetireReport},
};

/// Retires the nodes of one call: they share a session and the lease of their tombstones.
pub(crate) struct Retirer<'a> {
    node: &'a Node,
    session: &'a mut Session,
    tombstones: Tombstones,
    /// All nodes of the call.
    nodes: &'a [Id],
    dry_run: bool,
}

/// Reads what the registry has of some nodes.
pub(crate) fn read(node: &Node, session: &mut Session, retired: &[Id]) -> Snapshots {
    let mut reads = ReadSet::default();
    for federation in &node.settings.federations {
        for kind in [Kind::Provides, Kind::Withdrawn] {
            reads.prefix(federation, key::all_names_prefix(federation, kind));
        }
        reads.prefix(federation, key::slots_prefix(federation));
        reads.prefix(federation, key::applied_prefix(federation));
        for id in retired {
            let record = key::node_record(federation, id);
            reads.prefix(federation, format!("{record}/"));
            reads.key(federation, record);
        }
    }
    reads.read(session)
}

impl<'a> Retirer<'a> {
    pub(crate) fn new(
        node: &'a Node,
        session: &'a mut Session,
        nodes: &'a [Id],
        dry_run: bool,
    ) -> Self {
        Self {
            node,
            session,
            tombstones: Tombstones::default(),
            nodes,
            dry_run,
        }
    }

    /// Withdraws and clears what the registry has of a node; `snapshots` is what [`read`] returned.
    pub(crate) fn retire(
        &mut self,
        retired: &Id,
        snapshots: &Snapshots,
    ) -> Result<RetireReport, Failure> {
        if self.node.id()? == *retired {
            return Err(refuse_own_name(retired));
        }
        let first = self.attempt(retired, snapshots);
        let mut ended = retry_on_conflict(
            Tries::of(AskedBy::Hand),
            [(retired.clone(), first)].into(),
            |ids| {
                let snapshots = read(self.node, self.session, &ids);
                let again = ids.into_iter().map(|id| {
                    let attempt = self.attempt(&id, &snapshots);
                    (id, attempt)
                });
                again.collect()
            },
        );
        let ended = ended.remove(retired);
        ended.unwrap_or_else(|| Err(self.unknown(retired, snapshots)))
    }

    /// Federations that can be read are cleared although others cannot.
    fn attempt(
        &mut self,
        retired: &Id,
        snapshots: &Snapshots,
    ) -> Result<Attempt<RetireReport>, Failure> {
        let mut report = RetireReport::new(retired, self.dry_run);
        let (mut is_known, mut failed) = (false, None);
        for federation in &self.node.settings.federations {
            match snapshots.of(federation) {
                Read::Snapshot(snapshot) => {
                    let known = self.known(federation, snapshot)?;
                    let remains = Remains::of(retired, federation, snapshot, &known);
                    is_known |= !remains.is_empty();
                    let attempt =
                        self.federation(retired, federation, &remains, snapshot, &mut report);
                    match attempt {
                        Ok(Attempt::Done(())) => {}
                        Ok(Attempt::Conflict) => return Ok(Attempt::Conflict),
                        Err(failure) => drop(failed.get_or_insert(failure)),
                    }
                }
                Read::Failed(error) => drop(failed.get_or_insert(error.failure.clone())),
                Read::NotAsked => return Ok(Attempt::Conflict),
            }
        }
        match failed {
            Some(failure) if report.changed => Err(failure.note(format!(
                "in the other federations of this node: {}",
                report.done()
            ))),
            Some(failure) => Err(failure),
            None if !is_known => Err(self.unknown(retired, snapshots)),
            None => Ok(Attempt::Done(report)),
        }
    }

    /// What consumers run with, and what this node knew when it last read the registry.
    fn known(&self, federation: &Id, snapshot: &Snapshot) -> Result<BTreeSet<Key>, Failure> {
        let mut known = last_known::keys(self.node, federation)?;
        known.append(&mut fleet::used_keys(federation, snapshot));
        Ok(known)
    }

    fn federation(
        &mut self,
        retired: &Id,
        federation: &Id,
        remains: &Remains,
        snapshot: &Snapshot,
        report: &mut RetireReport,
    ) -> Result<Attempt<()>, Failure> {
        let withdrawals = remains.leaving().cloned();
        let withdrawals: BTreeMap<Key, By> = withdrawals.map(|key| (key, By::Retired)).collect();
        let plan = announce::plan(
            &BTreeMap::new(),
            0,
            &withdrawals,
            &BTreeSet::new(),
            snapshot,
        );
        if !self.dry_run {
            let cleared = remains.records.iter();
            let write = PlannedWrite {
                plan,
                recorded: false,
                // One that changes meanwhile is looked at again.
                cleared: cleared
                    .map(|(key, revision)| (key.clone(), Some(*revision)))
                    .collect(),
                ..PlannedWrite::new(retired.clone(), federation.clone(), 0)
            };
            let batch = WriteBatch {
                marks: BTreeMap::new(),
                writes: vec![write],
            };
            let carried = carry_out(self.node, self.session, &mut self.tombstones, batch);
            for attempt in carried.into_values() {
                if let Attempt::Conflict = attempt? {
                    return Ok(Attempt::Conflict);
                }
            }
        }
        if let Some(consumers) = &mut report.consumers {
            let keys = remains.leaving().cloned().collect();
            consumers.extend(self.successors(federation, &keys, snapshot)?);
        }
        report.add(remains);
        Ok(Attempt::Done(()))
    }

    /// What the users of some keys would take instead, when all nodes of this call are gone.
    fn successors(
        &self,
        federation: &Id,
        keys: &BTreeSet<Key>,
        snapshot: &Snapshot,
    ) -> Result<BTreeSet<String>, Failure> {
        let known = self.known(federation, snapshot)?;
        let all = self.nodes.iter().flat_map(|node| {
            let remains = Remains::of(node, federation, snapshot, &known);
            remains.leaving().cloned().collect::<Vec<_>>()
        });
        let leaving = Leaving {
            keys: &all.collect(),
            nodes: &self.nodes.iter().cloned().collect(),
        };
        Ok(fleet::successors(federation, keys, leaving, snapshot))
    }

    /// The failure of a node of which nothing is known, with the nearest that is.
    fn unknown(&self, retired: &Id, snapshots: &Snapshots) -> Failure {
        let federations = &self.node.settings.federations;
        let found = federations.iter().filter_map(|federation| {
            let snapshot = snapshots.of(federation).snapshot()?;
            Some(fleet::nodes(federation, snapshot))
        });
        let found = found.flatten();
        let known: Vec<Id> = found.collect();
        let listed: Vec<String> = federations.iter().map(|f| format!("`{f}`")).collect();
        let message = format!("the registry has nothing of node `{retired}`");
        let failure = Failure::new(Code::NoInput, message)
            .facts([format!("looked in {}", listed.join(", "))]);
        match suggest::near_miss(retired.as_str(), known.iter().map(Id::as_str)) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`reconf ls` lists what is announced, and by which node"),
        }
    }
}

fn refuse_own_name(retired: &Id) -> Failure {
    Failure::new(Code::Usage, format!("`{retired}` is this node"))
        .facts(["a machine is retired from another one, when it is gone".to_owned()])
        .hint("`reconf withdraw --all` withdraws what this node announces")
}
