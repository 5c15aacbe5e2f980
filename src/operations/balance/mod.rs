//! A run of `balance` (design.md section 12): reads everything at once, and has HAProxy use what follows from it.

mod candidate;
mod draining;
mod haproxy;
mod in_use;
mod inputs;
mod live;
mod options;
mod outcome;
mod probe;
mod published;
mod read_set;
mod reload;
mod settle;
mod stop;
mod wanted;

pub(crate) use options::{BalanceOptions, Show};
pub(crate) use read_set::read_set;
pub(crate) use wanted::{is_wanted, refuse_unwanted};

use std::time::Duration;

use crate::{
    balance::{
        changes::{Changes, Comparison, Ours, ReloadCause},
        file::Candidate,
        plan::Plan,
        running::Running,
    },
    edge::{
        clock,
        files::{self, Access},
        locks::{self, Lock, LockError},
        registry::Session,
    },
    node::Node,
    report::{BalanceReport, Code, Failure, Takeover},
};
use haproxy::Haproxy;
use inputs::{Found, Inputs};
use outcome::Served;
use probe::Held;
use reload::Reload;
use settle::Settled;

/// How long a run waits for another one.
const LOCK_LIMIT: Duration = Duration::from_secs(2 * 60);

/// How long HAProxy's checks find a server down until it counts as gone for good.
const DOWN_FOR_GOOD: Duration = Duration::from_secs(10 * 60);

/// How soon a run looks again whether the connections of servers that were put away are gone, and publishes what is owed.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Runs it once, under `balance.lock`. Each step says in section 12 what its failure leaves.
pub(crate) fn run(
    node: &Node,
    session: &mut Session,
    options: BalanceOptions,
) -> Result<BalanceReport, Failure> {
    let _lock = (!options.dry_run).then(|| lock(node)).transpose()?;
    let settings = &node.settings.balance;
    let inputs = Inputs::read(node, session, options)?;
    let haproxy = haproxy::ask(settings)?;
    let files = Files::read(node)?;
    let held = Held::by(&haproxy, settings, &files.all());
    let plan = plan(node, &inputs, &haproxy, &held, options)?;
    let run = Run {
        node,
        options,
        inputs: &inputs,
        files: &files,
        haproxy: &haproxy,
        held: &held,
        plan: &plan,
        served: Served::by(settings, files.output.as_deref())?,
    };
    let mut report = if plan.view.ports.is_empty() && plan.view.frontends.is_empty() {
        run.end(session)?
    } else {
        run.serve(session)?
    };
    report.warnings.extend(inputs.warnings.iter().cloned());
    report.dry = options.dry_run;
    report.path = settings.output.display().to_string();
    Ok(report)
}

/// Plans with the ports that HAProxy can bind. A port that is left out may be the reason for which another is opened.
fn plan(
    node: &Node,
    inputs: &Inputs,
    haproxy: &Haproxy,
    held: &Held<'_>,
    options: BalanceOptions,
) -> Result<Plan, Failure> {
    let running = haproxy.running();
    let mut found = Found {
        down: running
            .map(|running| running.down_for(DOWN_FOR_GOOD))
            .unwrap_or_default(),
        ..Found::default()
    };
    loop {
        let plan = inputs.plan(node, &found, options)?;
        let taken = held.taken_ports(&plan.view);
        let known = found.taken.len();
        found.taken.extend(taken);
        if found.taken.len() == known {
            held.refuse_taken_frontends(&plan.view)?;
            return Ok(plan);
        }
    }
}

/// Takes `balance.lock`.
fn lock(node: &Node) -> Result<Lock, Failure> {
    node.make_lock_folder()?;
    let lock = locks::exclusive(&node.paths.balance_lock(), &Access::PRIVATE, LOCK_LIMIT);
    lock.map_err(|error| match error {
        LockError::Busy { .. } => {
            Failure::new(Code::TryAgain, "another `reconf balance` is at work")
                .facts([error.to_string()])
                .note("nothing was changed")
        }
        LockError::File(error) => error.into(),
    })
}

/// HAProxy's file, and the one that was proved last.
struct Files {
    output: Option<Vec<u8>>,
    proved: Option<Vec<u8>>,
}

impl Files {
    fn read(node: &Node) -> Result<Self, Failure> {
        Ok(Self {
            output: files::read_own(&node.settings.balance.output)?,
            proved: files::read_own(&node.paths.proved_balance())?,
        })
    }

    fn all(&self) -> [Option<Vec<u8>>; 2] {
        [self.output.clone(), self.proved.clone()]
    }
}

/// A run that knows what is to be served.
struct Run<'a> {
    node: &'a Node,
    options: BalanceOptions,
    inputs: &'a Inputs,
    files: &'a Files,
    haproxy: &'a Haproxy,
    held: &'a Held<'a>,
    plan: &'a Plan,
    served: Served,
}

impl Run<'_> {
    /// Has HAProxy serve it.
    fn serve(&self, session: &mut Session) -> Result<BalanceReport, Failure> {
        let settings = &self.node.settings.balance;
        let candidate = candidate::render(self.node, self.plan.view.clone())?;
        let output = self.files.output.as_deref();
        candidate::refuse_foreign(&settings.output, output)?;
        let mut ours = self.inputs.is_known.then(|| Ours::of(&self.inputs.before));
        let changes = self.changes(&candidate, ours.as_ref());
        if self.options.dry_run {
            let how = takeover(changes.as_ref());
            return Ok(self
                .served
                .report(self.plan, &candidate, how, self.options.show));
        }
        candidate::remove_leftover(settings)?;
        let (how, running) = match (changes, self.haproxy) {
            (Some(Changes::None), Haproxy::Running(running))
                if output == Some(&candidate.bytes) =>
            {
                (Takeover::Unchanged, running.clone())
            }
            (changes, _) => {
                candidate::install(settings, &candidate)?;
                self.take_over(&candidate, &mut ours, changes)?
            }
        };
        let settled = Settled {
            node: self.node,
            plan: self.plan,
            candidate: &candidate,
            ours: &ours.unwrap_or_default(),
            earlier: self.haproxy.running(),
        };
        let kept = settled.keep(session, running)?;
        let mut report = self
            .served
            .report(self.plan, &candidate, how, self.options.show);
        report.warnings.extend(kept.warnings);
        let soon = kept.is_unfinished.then(|| clock::now() + LOOK_AGAIN);
        report.due = report.due.into_iter().chain(soon).min();
        Ok(report)
    }

    /// What makes HAProxy's servers those of the file; `None`: it does not run.
    fn changes(&self, candidate: &Candidate, ours: Option<&Ours>) -> Option<Changes> {
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
            _ if self.options.reload => Changes::Reload(ReloadCause::Asked),
            // It loaded the file when it was last reloaded or started.
            Changes::Reload(ReloadCause::Shape) if is_unproved && is_same => Changes::None,
            changes => changes,
        })
    }

    /// Has HAProxy use the file that is in place now.
    fn take_over(
        &self,
        candidate: &Candidate,
        ours: &mut Option<Ours>,
        changes: Option<Changes>,
    ) -> Result<(Takeover, Box<Running>), Failure> {
        if let (Some(Changes::None), Haproxy::Running(running)) = (&changes, self.haproxy) {
            // Only its text changed, such as a comment.
            return Ok((Takeover::Unchanged, running.clone()));
        }
        if let (Some(Changes::Socket(changes)), Some(ours)) = (&changes, ours.as_mut())
            && let Some(running) = live::change(self.node, &candidate.parsed, ours, changes)?
        {
            return Ok((Takeover::Socket, running));
        }
        let reload = Reload {
            node: self.node,
            candidate,
            before: self.haproxy,
            held: self.held,
            ours: ours.as_ref(),
            proved: self.files.proved.as_deref(),
        };
        Ok((Takeover::Reload, reload.run()?))
    }

    /// Ends what is left of it.
    fn end(&self, session: &mut Session) -> Result<BalanceReport, Failure> {
        let output = self.files.output.as_deref();
        let is_left = stop::is_left(&self.inputs.before, output);
        let how = if is_left {
            Takeover::Stop
        } else {
            Takeover::Unchanged
        };
        let mut report = self.served.report_of_end(self.plan, how, self.options.show);
        if is_left && !self.options.dry_run {
            report.warnings = stop::run(self.node, session, output)?;
        }
        Ok(report)
    }
}

fn takeover(changes: Option<&Changes>) -> Takeover {
    match changes {
        Some(Changes::None) => Takeover::Unchanged,
        Some(Changes::Socket(_)) => Takeover::Socket,
        Some(Changes::Reload(_)) | None => Takeover::Reload,
    }
}
