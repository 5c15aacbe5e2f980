//! The steps after the plan: what HAProxy is to run, how it takes that over, and what is kept of it.

use std::time::Duration;

use super::{
    BalanceOptions, Show, candidate, haproxy::Haproxy, inputs::BalanceInputs, installed::Installed,
    live, outcome::ServedBefore, probe::Held, reload::Reload, settle::Settled, stop,
};
use crate::{
    balance::{
        changes::{Comparison, NeededChanges, Ours, ReloadCause},
        file::Candidate,
        plan::BalancePlan,
        running::Running,
    },
    edge::{clock, files, registry::Session},
    node::{Node, balance_state},
    report::{BalanceReport, Failure, Takeover},
};

/// How soon a run looks again whether the connections of servers that were put away are gone, and publishes what is owed.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// HAProxy's file, and the one that was proved last.
pub(super) struct HaproxyFiles {
    pub(super) output: Option<Vec<u8>>,
    pub(super) proved: Option<Vec<u8>>,
}

impl HaproxyFiles {
    /// What was proved of a HAProxy at another place is of no use here.
    pub(super) fn read(node: &Node, installed: &Installed) -> Result<Self, Failure> {
        let proved = files::read_own(&node.paths.proved_balance())?;
        Ok(Self {
            output: files::read_own(&node.settings.balance.output)?,
            proved: proved.filter(|_| installed.former.is_none()),
        })
    }

    pub(super) fn all(&self) -> [Option<Vec<u8>>; 2] {
        [self.output.clone(), self.proved.clone()]
    }
}

/// A run that knows what is to be served.
pub(super) struct Run<'a> {
    pub(super) node: &'a Node,
    pub(super) options: BalanceOptions,
    pub(super) inputs: &'a BalanceInputs,
    pub(super) installed: &'a Installed,
    pub(super) files: &'a HaproxyFiles,
    pub(super) haproxy: &'a Haproxy,
    pub(super) held: &'a Held<'a>,
    pub(super) plan: &'a BalancePlan,
    pub(super) served: ServedBefore,
}

impl Run<'_> {
    /// Has HAProxy serve it.
    pub(super) fn serve(&self, session: &mut Session) -> Result<BalanceReport, Failure> {
        let settings = &self.node.settings.balance;
        let candidate = self.candidate()?;
        let output = self.files.output.as_deref();
        candidate::refuse_foreign(&settings.output, output)?;
        let mut ours = self.inputs.is_known.then(|| Ours::of(&self.inputs.before));
        let changes = self.changes(&candidate, ours.as_ref());
        let show = self.options.show;
        let report = |how| self.served.report(self.plan, &candidate, how, show);
        if self.options.dry_run {
            let how = takeover(changes.as_ref());
            return Ok(report(how));
        }
        candidate::remove_leftover(settings)?;
        let (how, running) = match (changes, self.haproxy) {
            (Some(NeededChanges::None), Haproxy::Running(running))
                if output == Some(&candidate.bytes) =>
            {
                (Takeover::Unchanged, running.clone())
            }
            (changes, _) => {
                self.install(&candidate)?;
                self.take_over(&candidate, &mut ours, changes.as_ref())?
            }
        };
        let settled = Settled {
            node: self.node,
            plan: self.plan,
            installed: self.installed,
            candidate: &candidate,
            ours: &ours.unwrap_or_default(),
            earlier: self.haproxy.running(),
        };
        let kept = settled.keep(session, &running)?;
        let mut report = report(how);
        report.warnings.extend(kept.warnings);
        let soon = kept.is_unfinished.then(|| clock::now() + LOOK_AGAIN);
        report.due = report.due.into_iter().chain(soon).min();
        Ok(report)
    }

    /// Has HAProxy check the file, and puts it in place.
    fn install(&self, candidate: &Candidate) -> Result<(), Failure> {
        let settings = &self.node.settings.balance;
        candidate::check_beside(settings, candidate)?;
        self.note_installed()?;
        candidate::put(settings, &candidate.bytes)
    }

    /// Notes how HAProxy is set up before it runs: whatever becomes of this run, that is to be ended. What is noted of a
    /// former one is kept until that is ended.
    fn note_installed(&self) -> Result<(), Failure> {
        balance_state::edit(self.node, |state| {
            let noted = &mut state.haproxy;
            noted.get_or_insert_with(|| self.installed.haproxy.clone());
        })
    }

    /// The file to be. A view is for those who write a template: it is shown although theirs does not work yet.
    fn candidate(&self) -> Result<Candidate, Failure> {
        let view = || self.plan.view.clone();
        match candidate::render(self.node, view()) {
            Err(_) if self.options.show == Show::View => {
                candidate::render_built_in(self.node, view())
            }
            rendered => rendered,
        }
    }

    /// What makes HAProxy's servers those of the file; `None`: it does not run.
    fn changes(&self, candidate: &Candidate, ours: Option<&Ours>) -> Option<NeededChanges> {
        let running = self.haproxy.running()?;
        let comparison = Comparison {
            file: &candidate.parsed,
            running,
            ours,
        };
        let is_unproved = candidate.parsed.shape.is_none();
        let bytes = Some(&candidate.bytes);
        let is_same = self.files.output.as_ref() == bytes && self.files.proved.as_ref() == bytes;
        Some(match comparison.changes() {
            _ if self.options.reload => NeededChanges::Reload(ReloadCause::Asked),
            // It loaded the file when it was last reloaded or started.
            NeededChanges::Reload(ReloadCause::Shape) if is_unproved && is_same => {
                NeededChanges::None
            }
            changes => changes,
        })
    }

    /// Has HAProxy use the file that is in place now.
    fn take_over(
        &self,
        candidate: &Candidate,
        ours: &mut Option<Ours>,
        changes: Option<&NeededChanges>,
    ) -> Result<(Takeover, Box<Running>), Failure> {
        if let (Some(NeededChanges::None), Haproxy::Running(running)) = (changes, self.haproxy) {
            // Only its text changed, such as a comment.
            return Ok((Takeover::Unchanged, running.clone()));
        }
        if let (Some(NeededChanges::Socket(changes)), Some(ours), Some(worker)) =
            (changes, ours.as_mut(), self.haproxy.running())
            && let Some(running) =
                live::change(self.node, &candidate.parsed, ours, changes, worker.pid)?
        {
            return Ok((Takeover::Socket, running));
        }
        let reload = Reload {
            node: self.node,
            candidate,
            before: self.haproxy,
            held: self.held,
            is_owed: self.inputs.before.reloading.is_some(),
            ours: ours.as_ref(),
            proved: self.files.proved.as_deref(),
        };
        Ok((Takeover::Reload, reload.run()?))
    }

    /// Ends what is left of it.
    pub(super) fn end(&self, session: &mut Session) -> Result<BalanceReport, Failure> {
        let output = self.files.output.as_deref();
        let ending = stop::Ending {
            node: self.node,
            before: &self.inputs.before,
            haproxy: self.haproxy,
            output,
        };
        let is_left = ending.is_left();
        let how = if is_left {
            Takeover::Stop
        } else {
            Takeover::Unchanged
        };
        let mut report = self.served.report_of_end(self.plan, how, self.options.show);
        if is_left && !self.options.dry_run {
            report.warnings = ending.run(session)?;
        }
        Ok(report)
    }
}

fn takeover(changes: Option<&NeededChanges>) -> Takeover {
    match changes {
        Some(NeededChanges::None) => Takeover::Unchanged,
        Some(NeededChanges::Socket(_)) => Takeover::Socket,
        Some(NeededChanges::Reload(_)) | None => Takeover::Reload,
    }
}
