//! One service: what was read -> a plan for each federation, carried out.

use std::{collections::BTreeMap, iter};

use super::target::Target;
use crate::{
    announce,
    commands::{
        commit::{Subject, Tombstones, carry_out, until_told},
        node::Node,
        reading::{Readings, Unread, Wanted},
        record, states,
    },
    edge::{
        files,
        registry::{Change, MAX_OPERATIONS, Session},
    },
    model::{id::Id, key::Kind, service_state::Outcome, snapshot::Snapshot},
    report::{Failure, Withdrawn},
};

/// A call that takes services back.
pub(super) struct Withdrawing<'a> {
    node: &'a Node,
    session: &'a mut Session,
    tombstones: Tombstones,
}

impl<'a> Withdrawing<'a> {
    pub(super) fn new(node: &'a Node, session: &'a mut Session) -> Self {
        let tombstones = Tombstones::default();
        Self {
            node,
            session,
            tombstones,
        }
    }

    /// Takes back what a service provides; tried again while others change it at the same time.
    pub(super) fn service(
        &mut self,
        target: &Target,
        readings: &Readings,
    ) -> Result<Withdrawn, Failure> {
        if target.holds {
            states::edit(self.node, &target.service, |state| state.held = true)?;
        }
        let first = self.attempt(target, readings)?;
        until_told(&target.service, first, || {
            let mut wanted = Wanted::default();
            target.want(&mut wanted);
            let readings = wanted.read(self.session);
            self.attempt(target, &readings)
        })
    }

    /// `None`: the registry has changed since it was read.
    fn attempt(
        &mut self,
        target: &Target,
        readings: &Readings,
    ) -> Result<Option<Withdrawn>, Failure> {
        let mut told = Withdrawn::new(&target.service, target.holds);
        let mut failed = None;
        for federation in target.federations() {
            match self.within(target, &federation, readings, &mut told) {
                Ok(Some(())) => {}
                Ok(None) => return Ok(None),
                // What concerns other federations is taken back all the same.
                Err(failure) => {
                    failed.get_or_insert(failure);
                }
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        if target.forgotten {
            self.forget(&target.service)?;
            told.forgotten = true;
        }
        Ok(Some(told))
    }

    fn within(
        &mut self,
        target: &Target,
        federation: &Id,
        readings: &Readings,
        told: &mut Withdrawn,
    ) -> Result<Option<()>, Failure> {
        match readings.of(federation) {
            Some(Ok(snapshot)) => self.federation(target, federation, snapshot, told),
            Some(Err(unread)) => self.unread(target, federation, unread, told).map(Some),
            None => Ok(None),
        }
    }

    fn federation(
        &mut self,
        target: &Target,
        federation: &Id,
        snapshot: &Snapshot,
        told: &mut Withdrawn,
    ) -> Result<Option<()>, Failure> {
        let plan = announce::plan(&BTreeMap::new(), 0, &target.leaving(federation), snapshot);
        let subject = Subject {
            service: &target.service,
            federation,
            recorded: target.recorded,
            under_way: Outcome::UnderWay,
        };
        let tombstones = &mut self.tombstones;
        if carry_out(self.node, self.session, tombstones, subject, &plan, None)?.is_none() {
            return Ok(None);
        }
        let keys = plan.withdrawals.iter().map(|w| w.key.path(Kind::Provides));
        told.withdrawn.extend(keys);
        let cleared = self.clear(target, federation, snapshot)?;
        told.changed |= cleared || !plan.withdrawals.is_empty();
        Ok(Some(()))
    }

    /// What can be said without the registry: nothing is owed, or it is from now on.
    fn unread(
        &self,
        target: &Target,
        federation: &Id,
        unread: &Unread,
        told: &mut Withdrawn,
    ) -> Result<(), Failure> {
        let (service, failure) = (&target.service, &unread.failure);
        if unread.away && target.owes_nothing(self.node, federation)? {
            let reason = failure.in_short();
            told.warnings
                .push(format!("`{service}` is taken as still withdrawn: {reason}"));
            return Ok(());
        }
        if !unread.away || !target.recorded {
            let refused = failure.clone();
            if !target.holds {
                return Err(refused);
            }
            return Err(refused.note(format!(
                "`{service}` is held on this node; what it announced is still in the registry"
            )));
        }
        let leaving = target.leaving(federation);
        let withdrawals = leaving.iter().map(|(key, by)| (key, *by));
        record::owe(
            self.node,
            service,
            iter::empty(),
            withdrawals,
            None,
            Outcome::UnderWay,
        )?;
        Err(failure
            .clone()
            .note("what is owed is kept in the state of this node")
            .hint(format!("`reconf withdraw {service}` makes up for it")))
    }

    /// Clears what a node says of itself and that is no longer so; returns whether there was anything.
    fn clear(
        &mut self,
        target: &Target,
        federation: &Id,
        snapshot: &Snapshot,
    ) -> Result<bool, Failure> {
        let stale = snapshot.others.keys().filter(|key| target.clears(key));
        let changes: Vec<Change> = stale
            .map(|key| Change::Delete { key: key.clone() })
            .collect();
        for changes in changes.chunks(MAX_OPERATIONS) {
            self.session.commit(federation, &[], changes)?;
        }
        Ok(!changes.is_empty())
    }

    /// Forgets a service whose manifest is gone.
    fn forget(&self, service: &Id) -> Result<(), Failure> {
        let _lock = self.node.state_lock()?;
        files::remove(&self.node.places.service_state(service))?;
        files::remove(&self.node.places.applied(service))?;
        Ok(())
    }
}
