//! One service: its manifest, its state and what was read -> what is to be written in each federation.

use std::time::SystemTime;

use super::{AnnounceOptions, loopback};
use crate::{
    announce::{Desired, Machine, withdrawals},
    edge::{clock, registry::Session},
    model::{
        facts::Facts, id::Id, manifest::Manifest, offer::offers, withdrawal_note::WithdrawalNote,
    },
    node::{Node, manifests, states},
    operations::{
        batch::{Mark, PlannedWrite},
        commit::Attempt,
        machine::{self, OtherMachines},
        read_set::Snapshots,
    },
    report::{AnnounceReport, Failure},
};

/// Plans the announcements of services; writes nothing.
pub(super) struct Planner<'a> {
    node: &'a Node,
    pub(super) options: AnnounceOptions,
    pub(super) snapshots: &'a Snapshots,
    facts: Facts,
    machine: Machine,
    pub(super) now: SystemTime,
}

/// What is to be done for a service.
pub(super) struct Planned {
    /// The report, as yet without what is to be written.
    pub(super) report: AnnounceReport,
    pub(super) mark: Option<Mark>,
    pub(super) writes: Vec<PlannedWrite>,
    pub(super) others: OtherMachines,
}

/// Why a service stays withdrawn.
pub(super) struct FoundHold {
    pub(super) note: WithdrawalNote,
    /// The state does not say so yet.
    pub(super) is_new: bool,
}

impl<'a> Planner<'a> {
    /// Plans with what was read.
    pub(super) fn new(
        node: &'a Node,
        session: &Session,
        options: AnnounceOptions,
        snapshots: &'a Snapshots,
    ) -> Result<Self, Failure> {
        Ok(Self {
            node,
            options,
            snapshots,
            facts: node.facts(session)?,
            machine: machine::this(node, session, options.asked)?,
            now: clock::now(),
        })
    }

    /// A manifest or a registry that has changed since it was read is a conflict. The manifest is compared after the
    /// registry was read, so that an older one never overwrites a newer one.
    pub(super) fn plan(&self, manifest: &Manifest) -> Result<Attempt<Planned>, Failure> {
        let id = &manifest.id;
        if manifests::load_one(self.node, id)? != *manifest {
            return Ok(Attempt::Conflict);
        }
        let mut desired = self.desired(manifest)?;
        let mut report = AnnounceReport::new(id);
        report.dry = self.options.dry_run;
        report.warnings.extend(self.unasked_check(manifest));
        let loopback = loopback::given(self.node, &self.facts, manifest);
        report.warnings.extend(loopback);
        let others = self.leave_other_machines(id, &mut desired)?;
        report.warnings.extend(others.warnings());
        let mut mark = self.mark(&desired, &others);
        if let Some(FoundHold { note, is_new }) = self.hold_of(manifest, &desired) {
            if is_new {
                mark.found_held = desired.announcements.keys().cloned().collect();
                mark.found_note = note.clone();
            }
            report.held = Some(self.held_by(&desired, note));
            report.warnings.extend(self.hold_back(&mut desired));
        }
        let mut writes = Vec::new();
        for federation in desired.federations(&manifest.federation) {
            match self.write(id, federation, &desired, &mut report) {
                Attempt::Done(write) => writes.extend(write),
                Attempt::Conflict => return Ok(Attempt::Conflict),
            }
        }
        if self.options.dry_run {
            self.preview(&mut writes, &mut report)?;
        }
        let mark = Some(mark).filter(Mark::is_set);
        Ok(Attempt::Done(Planned {
            report,
            mark,
            writes,
            others,
        }))
    }

    /// What is announced and withdrawn if nothing speaks against it.
    fn desired(&self, manifest: &Manifest) -> Result<Desired, Failure> {
        let id = &manifest.id;
        let state = states::load(self.node, id)?;
        if !manifest.provides.is_empty() && state.hold_at(self.now).is_none() {
            loopback::refuse_found(self.node, &self.facts, id)?;
        }
        let announcements = offers(manifest, &self.facts, &clock::rfc3339(self.now));
        Ok(Desired {
            read: self.snapshots.state_of(id),
            withdrawals: withdrawals(&state, &announcements),
            state,
            announcements,
        })
    }

    /// Reports what would be written: what the registry refuses outside the node's own federations is a warning here too.
    fn preview(
        &self,
        writes: &mut [PlannedWrite],
        report: &mut AnnounceReport,
    ) -> Result<(), Failure> {
        for write in writes {
            if let Some(failure) = write.unread.take() {
                if !write.is_foreign_refusal(&self.node.settings.federations, &failure) {
                    return Err(failure);
                }
                write.refused = Some(failure);
            }
            match write.refusal() {
                Some(warning) => report.warnings.push(warning),
                None => report.add_plan(&write.plan),
            }
        }
        Ok(())
    }

    /// Refuses a service that another machine of this name announces, and leaves what is another node's.
    fn leave_other_machines(
        &self,
        service: &Id,
        desired: &mut Desired,
    ) -> Result<OtherMachines, Failure> {
        let keys = desired
            .announcements
            .keys()
            .chain(desired.withdrawals.keys());
        let machine = self.machine.clone();
        let others = OtherMachines::among(machine, keys, &desired.state, self.snapshots);
        let asked = self.options.asked;
        others.refuse_twins(service, asked, "announce")?;
        desired.leave(others.former.keys());
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
}
