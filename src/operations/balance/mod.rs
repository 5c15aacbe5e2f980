//! A run of `balance` (design.md section 12): reads everything at once, and has HAProxy use what follows from it.

mod candidate;
mod draining;
mod haproxy;
mod inputs;
mod installed;
mod live;
mod options;
mod outcome;
mod probe;
mod published;
mod read_set;
mod reload;
mod settle;
mod steps;
mod stop;
mod used_ports;
mod wanted;

pub(crate) use options::{BalanceOptions, Show};
pub(crate) use read_set::read_set;
pub(crate) use wanted::{is_wanted, refuse_unwanted};

use std::time::Duration;

use crate::{
    balance::plan::BalancePlan,
    edge::{
        files::Access,
        locks::{self, Lock, LockError},
        registry::Session,
    },
    node::Node,
    report::{BalanceReport, Code, Failure},
};
use haproxy::Haproxy;
use inputs::{BalanceInputs, Findings};
use installed::Installed;
use outcome::ServedBefore;
use probe::Held;
use steps::{HaproxyFiles, Run};

/// How long a run waits for another one.
const LOCK_LIMIT: Duration = Duration::from_secs(2 * 60);

/// How long HAProxy's checks find a server down until it counts as gone for good.
const DOWN_FOR_GOOD: Duration = Duration::from_secs(10 * 60);

/// Runs it once, under `balance.lock`. Each step says in section 12 what its failure leaves.
pub(crate) fn run(
    node: &Node,
    session: &mut Session,
    options: BalanceOptions,
) -> Result<BalanceReport, Failure> {
    let _lock = (!options.dry_run).then(|| lock(node)).transpose()?;
    let installed = Installed::find(node)?;
    let node = &node.with_balance(installed.settings.clone());
    let settings = &node.settings.balance;
    let mut inputs = BalanceInputs::read(node, session, options)?;
    let haproxy = haproxy::ask_after(settings, inputs.before.reloading)?;
    let files = HaproxyFiles::read(node, &installed)?;
    let held = Held::by(&haproxy, settings, &files.all());
    let plan = plan(node, &mut inputs, &haproxy, &held, options)?;
    let run = Run {
        node,
        options,
        inputs: &inputs,
        installed: &installed,
        files: &files,
        haproxy: &haproxy,
        held: &held,
        plan: &plan,
        served: ServedBefore::by(settings, files.output.as_deref())?,
    };
    let mut report = if plan.view.ports.is_empty() && plan.view.frontends.is_empty() {
        run.end(session)?
    } else {
        run.serve(session)?
    };
    let warnings = inputs.warnings.iter().chain(&installed.warning);
    report.warnings.extend(warnings.cloned());
    report.dry = options.dry_run;
    report.path = settings.output.display().to_string();
    Ok(report)
}

/// Plans with the ports that HAProxy can bind. A port that is left out may be the reason for which another is opened.
fn plan(
    node: &Node,
    inputs: &mut BalanceInputs,
    haproxy: &Haproxy,
    held: &Held<'_>,
    options: BalanceOptions,
) -> Result<BalancePlan, Failure> {
    let running = haproxy.running();
    let mut found = Findings {
        down: running
            .map(|running| running.down_for(DOWN_FOR_GOOD))
            .unwrap_or_default(),
        ..Findings::default()
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
