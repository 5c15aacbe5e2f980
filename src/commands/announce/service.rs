//! One service: its manifest, its state and what was read -> a plan for each federation, carried out.

use super::{How, aim::Aim, want_service};
use crate::{
    announce::{self, is_held, lease_id, leaving},
    commands::{
        commit::{Subject, Tombstones, carry_out, until_told},
        node::Node,
        reading::{Readings, Unread, Wanted},
        record, services, states,
    },
    edge::registry::{Lease, Session},
    model::{
        id::Id, manifest::Manifest, offer::offers, service_state::Outcome, snapshot::Snapshot,
    },
    report::{Announced, Failure},
};

/// A call that announces services.
pub(crate) struct Announcing<'a> {
    node: &'a Node,
    session: &'a mut Session,
    how: How,
    tombstones: Tombstones,
}

impl<'a> Announcing<'a> {
    pub(crate) fn new(node: &'a Node, session: &'a mut Session, how: How) -> Self {
        let tombstones = Tombstones::default();
        Self {
            node,
            session,
            how,
            tombstones,
        }
    }

    /// Announces what `manifest` provides; `readings` is what [`super::want`] wants.
    pub(crate) fn service(
        &mut self,
        manifest: &Manifest,
        readings: &Readings,
    ) -> Result<Announced, Failure> {
        let (node, id) = (self.node, &manifest.id);
        let first = self.attempt(manifest, readings)?;
        until_told(id, first, || {
            let manifest = services::manifest(node, id)?;
            let state = states::load(node, id)?;
            let mut wanted = Wanted::default();
            want_service(node, &mut wanted, &manifest, &state, &node.id()?);
            let readings = wanted.read(self.session);
            self.attempt(&manifest, &readings)
        })
    }

    /// `None`: the manifest or the registry has changed since it was read. The manifest is looked at again after the
    /// registry was read, so that an older one never gets ahead of a newer one.
    fn attempt(
        &mut self,
        manifest: &Manifest,
        readings: &Readings,
    ) -> Result<Option<Announced>, Failure> {
        let (node, id) = (self.node, &manifest.id);
        if services::manifest(node, id)? != *manifest {
            return Ok(None);
        }
        let state = states::load(node, id)?;
        let wanted = offers(manifest, &node.facts(self.session)?, &Node::now());
        let leaving = leaving(&state, &wanted);
        let mut aim = Aim {
            state,
            wanted,
            leaving,
        };
        let mut told = Announced::new(id);
        told.dry = self.how.dry_run;
        if self.holds(manifest, &aim, readings)? {
            told.held = true;
            aim.holds_back(readings);
        }
        let mut failed = None;
        for federation in aim.federations(&manifest.federation) {
            match self.federation(id, &federation, &aim, readings, &mut told) {
                Ok(Some(())) => {}
                Ok(None) => return Ok(None),
                // What concerns other federations is done all the same.
                Err(failure) => {
                    failed.get_or_insert(failure);
                }
            }
        }
        failed.map_or(Ok(Some(told)), Err)
    }

    /// Whether the service stays withdrawn; the state says so from now on. Otherwise it is no longer held.
    fn holds(&self, manifest: &Manifest, aim: &Aim, readings: &Readings) -> Result<bool, Failure> {
        let nothing = Snapshot::default();
        let snapshot = readings.of(&manifest.federation).and_then(Result::ok);
        let held = is_held(&aim.state, aim.wanted.keys(), snapshot.unwrap_or(&nothing));
        let held = held && self.how.keep_withdrawn;
        if !self.how.dry_run && aim.state.held != held {
            states::edit(self.node, &manifest.id, |state| state.held = held)?;
        }
        Ok(held)
    }

    fn federation(
        &mut self,
        service: &Id,
        federation: &Id,
        aim: &Aim,
        readings: &Readings,
        told: &mut Announced,
    ) -> Result<Option<()>, Failure> {
        let aim = aim.within(federation);
        let lease = self.lease(&aim);
        let id = lease.and_then(|lease| lease.id).unwrap_or(0);
        let snapshot = match readings.of(federation) {
            Some(Ok(snapshot)) => snapshot,
            Some(Err(unread)) => {
                return self.unread(service, &aim, lease, unread, told).map(Some);
            }
            // It was not known to be of interest when the registry was read.
            None => return Ok(None),
        };
        let plan = announce::plan(&aim.wanted, id, &aim.leaving, snapshot);
        if !self.how.dry_run {
            let subject = Subject {
                service,
                federation,
                recorded: true,
                under_way: self.under_way(),
            };
            let tombstones = &mut self.tombstones;
            if carry_out(self.node, self.session, tombstones, subject, &plan, lease)?.is_none() {
                return Ok(None);
            }
        }
        plan.kept
            .iter()
            .for_each(|(key, _, _)| told.announces(key, false));
        plan.puts
            .iter()
            .for_each(|put| told.announces(&put.key, true));
        plan.withdrawals.iter().for_each(|w| told.withdraws(&w.key));
        Ok(Some(()))
    }

    /// What can be said without the registry: nothing is owed, or it is from now on.
    fn unread(
        &self,
        service: &Id,
        aim: &Aim,
        lease: Option<Lease>,
        unread: &Unread,
        told: &mut Announced,
    ) -> Result<(), Failure> {
        let id = lease.and_then(|lease| lease.id).unwrap_or(0);
        let new = |(key, announcement)| !aim.state.confirms(key, announcement, id);
        if unread.away && aim.leaving.is_empty() && !aim.wanted.iter().any(new) {
            aim.wanted.keys().for_each(|key| told.announces(key, false));
            let reason = unread.failure.in_short();
            told.warnings
                .push(format!("`{service}` is taken as still announced: {reason}"));
            return Ok(());
        }
        if !unread.away || self.how.dry_run {
            return Err(unread.failure.clone());
        }
        let owed = aim.wanted.iter().filter(|(key, a)| new((*key, *a)));
        let leaving = aim.leaving.iter().map(|(key, by)| (key, *by));
        record::owe(self.node, service, owed, leaving, lease, self.under_way())?;
        Err(unread.failure.clone().note(record::owed_note(service)))
    }

    /// `announce ID` is said by hand.
    fn under_way(&self) -> Outcome {
        if self.how.keep_withdrawn {
            Outcome::UnderWay
        } else {
            Outcome::Insisted
        }
    }

    fn lease(&self, aim: &Aim) -> Option<Lease> {
        let (ttl, key) = (self.how.ttl?, aim.wanted.keys().next()?);
        let id = Some(lease_id(key, ttl));
        Some(Lease { id, ttl })
    }
}
