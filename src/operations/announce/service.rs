//! One service: its manifest, its state and what was read -> a plan for each federation, carried out.

use super::{AnnounceOptions, add_reads_of};
use crate::{
    announce::{self, Desired, ServiceLease, choose_lease, is_held, withdrawals},
    edge::registry::{self, Session},
    model::{
        id::Id, key::Key, manifest::Manifest, offer::offers, service_state::AnnounceProgress,
        snapshot::Snapshot,
    },
    node::{Node, manifests, states},
    operations::{
        commit::{Attempt, CommitScope, Tombstones, carry_out, retry_on_conflict},
        machine::{self, AskedBy, OtherMachines},
        read_set::{Read, ReadError, ReadSet, Snapshots},
        record,
    },
    report::{AnnounceReport, Failure},
};

/// Announces the services of one call: they share a session and the lease of their tombstones.
pub(crate) struct Announcer<'a> {
    node: &'a Node,
    session: &'a mut Session,
    options: AnnounceOptions,
    tombstones: Tombstones,
}

impl<'a> Announcer<'a> {
    pub(crate) fn new(node: &'a Node, session: &'a mut Session, options: AnnounceOptions) -> Self {
        Self {
            node,
            session,
            options,
            tombstones: Tombstones::default(),
        }
    }

    /// Announces what `manifest` provides; `snapshots` holds what [`super::add_reads`] asked for.
    pub(crate) fn service(
        &mut self,
        manifest: &Manifest,
        snapshots: &Snapshots,
    ) -> Result<AnnounceReport, Failure> {
        let (node, id) = (self.node, &manifest.id);
        let first = self.attempt(manifest, snapshots)?;
        retry_on_conflict(id, first, || {
            let manifest = manifests::load_one(node, id)?;
            let state = states::load(node, id)?;
            let mut reads = ReadSet::default();
            add_reads_of(node, &mut reads, &manifest, &state, &node.id()?);
            let snapshots = reads.read(self.session);
            self.attempt(&manifest, &snapshots)
        })
    }

    /// A manifest or a registry that has changed since it was read is a conflict. The manifest is compared after the
    /// registry was read, so that an older one never overwrites a newer one.
    fn attempt(
        &mut self,
        manifest: &Manifest,
        snapshots: &Snapshots,
    ) -> Result<Attempt<AnnounceReport>, Failure> {
        let (node, id) = (self.node, &manifest.id);
        if manifests::load_one(node, id)? != *manifest {
            return Ok(Attempt::Conflict);
        }
        let state = states::load(node, id)?;
        let announcements = offers(manifest, &node.facts(self.session)?, &Node::now());
        let withdrawals = withdrawals(&state, &announcements);
        let mut desired = Desired {
            state,
            announcements,
            withdrawals,
        };
        let mut report = AnnounceReport::new(id);
        report.dry = self.options.dry_run;
        report.warnings.extend(self.unasked_check(manifest));
        let others = self.leave_other_machines(id, &mut desired, snapshots)?;
        report.warnings.extend(others.warnings());
        if self.holds(manifest, &desired, snapshots)? {
            report.held = true;
            let mut keys = desired.announcements.keys();
            report.retired = keys.any(|key| snapshots.is_retired(key));
            desired.hold(|key| snapshots.is_withdrawn(key));
        }
        let mut failed = None;
        for federation in desired.federations(&manifest.federation) {
            match self.federation(id, &federation, &desired, snapshots, &mut report) {
                Ok(Attempt::Done(())) => {}
                Ok(Attempt::Conflict) => return Ok(Attempt::Conflict),
                // Other federations are not affected.
                Err(failure) => {
                    failed.get_or_insert(failure);
                }
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        if !self.options.dry_run {
            others.taken(node)?;
        }
        Ok(Attempt::Done(report))
    }

    /// Refuses a service that another machine of this name announces, and leaves what is another node's.
    fn leave_other_machines(
        &self,
        service: &Id,
        desired: &mut Desired,
        snapshots: &Snapshots,
    ) -> Result<OtherMachines, Failure> {
        let machine = machine::this(self.node, self.session)?;
        let keys = desired
            .announcements
            .keys()
            .chain(desired.withdrawals.keys());
        let others = OtherMachines::among(machine, keys, &desired.state, snapshots);
        let asked = if self.options.keep_withdrawn {
            AskedBy::Run
        } else {
            AskedBy::Hand
        };
        others.refuse_twins(service, asked, "announce")?;
        desired.leave(others.former.keys());
        if !self.options.dry_run {
            others.forget_former(self.node, service)?;
        }
        Ok(others)
    }

    /// A warning about a health check that keeps nothing alive.
    fn unasked_check(&self, manifest: &Manifest) -> Option<String> {
        let unasked = manifest.check.is_some() && self.options.ttl.is_none();
        (unasked && !manifest.provides.is_empty()).then(|| {
            let id = &manifest.id;
            format!(
                "the `check` of `{id}` is never run: its announcements have no TTL; announce them with `--ttl`, or set `announce.ttl`"
            )
        })
    }

    /// Whether the service stays withdrawn. Records that in its state.
    fn holds(
        &self,
        manifest: &Manifest,
        desired: &Desired,
        snapshots: &Snapshots,
    ) -> Result<bool, Failure> {
        let empty = Snapshot::default();
        let snapshot = snapshots.of(&manifest.federation).snapshot();
        let held = is_held(
            &desired.state,
            desired.announcements.keys(),
            snapshot.unwrap_or(&empty),
        );
        let held = held && self.options.keep_withdrawn;
        if !self.options.dry_run && desired.state.held != held {
            states::edit(self.node, &manifest.id, |state| state.held = held)?;
        }
        Ok(held)
    }

    fn federation(
        &mut self,
        service: &Id,
        federation: &Id,
        desired: &Desired,
        snapshots: &Snapshots,
        report: &mut AnnounceReport,
    ) -> Result<Attempt<()>, Failure> {
        let desired = desired.within(federation);
        let lease = self.lease(&desired, snapshots.of(federation).snapshot());
        let id = lease.map_or(0, |lease| lease.lease().id);
        let snapshot = match snapshots.of(federation) {
            Read::Snapshot(snapshot) => snapshot,
            Read::Failed(error) => {
                let kept = self.without_registry(service, &desired, lease, error, report);
                return kept.map(Attempt::Done);
            }
            // The state or the manifest names a federation that was not read: read again.
            Read::NotAsked => return Ok(Attempt::Conflict),
        };
        let plan = announce::plan(&desired.announcements, id, &desired.withdrawals, snapshot);
        if !self.options.dry_run {
            let scope = CommitScope {
                service,
                federation,
                recorded: true,
                progress: self.progress(),
            };
            let tombstones = &mut self.tombstones;
            if let Attempt::Conflict =
                carry_out(self.node, self.session, tombstones, scope, &plan, lease)?
            {
                return Ok(Attempt::Conflict);
            }
        }
        report.add_plan(&plan);
        Ok(Attempt::Done(()))
    }

    /// The registry cannot be read: the state says that nothing is left to do, or the change is recorded for later.
    fn without_registry(
        &self,
        service: &Id,
        desired: &Desired,
        lease: Option<ServiceLease>,
        error: &ReadError,
        report: &mut AnnounceReport,
    ) -> Result<(), Failure> {
        let lease = lease.map(ServiceLease::lease);
        let id = lease.map_or(0, |lease| lease.id);
        let is_new =
            |(key, announcement): (&Key, &_)| !desired.state.confirms(key, announcement, id);
        if error.is_away
            && desired.withdrawals.is_empty()
            && !desired.announcements.iter().any(is_new)
        {
            for key in desired.announcements.keys() {
                report.add(key, false);
            }
            let reason = error.failure.in_short();
            let warning = format!("assuming `{service}` is still announced: {reason}");
            report.warnings.push(warning);
            return Ok(());
        }
        if !error.is_away || self.options.dry_run {
            return Err(error.failure.clone());
        }
        let owed = desired.announcements.iter().filter(|offer| is_new(*offer));
        let withdrawals = desired.withdrawals.iter().map(|(key, by)| (key, *by));
        record::owe(
            self.node,
            service,
            owed,
            withdrawals,
            lease,
            self.progress(),
        )?;
        Err(error.failure.clone().note(record::owed_note(service)))
    }

    /// `announce ID` is an announcement by hand.
    fn progress(&self) -> AnnounceProgress {
        if self.options.keep_withdrawn {
            AnnounceProgress::Pending
        } else {
            AnnounceProgress::PendingByHand
        }
    }

    /// The lease of a service's announcements in a federation; `snapshot` is what was read of it.
    fn lease(&self, desired: &Desired, snapshot: Option<&Snapshot>) -> Option<ServiceLease> {
        let (ttl, keys) = (self.options.ttl?, desired.announcements.keys());
        let new = registry::random_lease_id();
        (keys.len() > 0).then(|| choose_lease(&desired.state, keys, ttl, snapshot, new))
    }
}
