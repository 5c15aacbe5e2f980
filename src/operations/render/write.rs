//! One service: from its manifest to its files.

use std::{borrow::Cow, time::Duration};

use super::{
    RenderOptions, RenderOutcome,
    files::{Files, Templates},
    ports::{self, PortEntry},
    swap::{self, Swap},
};
use crate::{
    edge::{files, process_environment, registry::Session},
    model::{
        applied::applied_record,
        balancing::PortNames,
        conf_ports,
        environment::{Environment, Source},
        id::Id,
        local_form::LocalPorts,
        manifest::Manifest,
        service_state::ServiceState,
    },
    node::Node,
    operations::inputs::Inputs,
    report::{self, Code, Failure, RenderReport, VariableReport},
    resolve::Resolution,
};

/// How often a service is resolved anew because the local balancer serves something else meanwhile.
const ATTEMPTS: u32 = 10;

/// What became of a service that could be resolved.
pub(super) enum ServiceWrite {
    Done(Box<RenderOutcome>),
    /// Its files would change, and running tasks are to be waited for, this long at most.
    Waits(Duration),
}

/// Whether tasks of the service may be running.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskState {
    MayRun,
    Drained,
}

/// What is to be written of a service.
struct Prepared {
    resolution: Resolution,
    files: Files,
    /// The names that it has by ports of the local balancer.
    ports: PortNames,
}

/// Resolves, renders and writes a service, whose lock is held.
pub(super) fn service(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    id: &Id,
    options: RenderOptions,
    templates: &Templates,
    tasks: TaskState,
) -> Result<ServiceWrite, Failure> {
    let unchanged = |failure: Failure| failure.note(untouched_note(node, id));
    let manifest = inputs.manifest(id).map_err(unchanged)?;
    if !manifest.has_conf {
        let report = report_without_conf(node, id);
        return Ok(ServiceWrite::Done(Box::new(RenderOutcome::nothing(report))));
    }
    let drain = options.drain.or(manifest.conf.drain);
    refuse_own_drain(id, drain).map_err(unchanged)?;
    let waits = drain.filter(|_| tasks == TaskState::MayRun);
    let mut served = Cow::Borrowed(&inputs.local_ports);
    for _ in 0..ATTEMPTS {
        let prepared =
            prepare(node, session, inputs, manifest, templates, &served).map_err(unchanged)?;
        // A state that cannot be read fails the service before anything of it is written.
        let before = inputs.state(node, id).map_err(unchanged)?;
        if let Some(limit) = waits
            && (prepared.files.differ(node, id)).map_err(|error| unchanged(error.into()))?
        {
            return Ok(ServiceWrite::Waits(limit));
        }
        match ports::enter(node, id, &prepared.ports, &served, &before).map_err(unchanged)? {
            PortEntry::Entered => {
                let outcome = finish(node, inputs, manifest, &prepared, options, &before);
                let half_done =
                    |failure: Failure| failure.note(half_done_note(node, id, &prepared.files));
                return Ok(ServiceWrite::Done(Box::new(outcome.map_err(half_done)?)));
            }
            PortEntry::Outdated(now) => served = Cow::Owned(now),
        }
    }
    let message = format!("what the local balancer serves kept changing while `{id}` was rendered");
    Err(unchanged(Failure::new(Code::TryAgain, message)))
}

/// Resolves and renders a service by what the local balancer serves.
fn prepare(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    manifest: &Manifest,
    templates: &Templates,
    served: &LocalPorts,
) -> Result<Prepared, Failure> {
    let resolution = inputs
        .resolve_by(node, manifest, served)
        .map_err(|unresolved| inputs.explain(node, session, manifest, unresolved))?;
    let environment = &resolution.environment;
    Ok(Prepared {
        files: Files::render(node, templates, manifest, environment)?,
        ports: conf_ports::of_environment(&manifest.federation, environment),
        resolution,
    })
}

fn finish(
    node: &Node,
    inputs: &Inputs,
    manifest: &Manifest,
    prepared: &Prepared,
    options: RenderOptions,
    before: &ServiceState,
) -> Result<RenderOutcome, Failure> {
    let (id, resolution) = (&manifest.id, &prepared.resolution);
    let environment = &resolution.environment;
    let sources =
        (!is_degraded(inputs, manifest, environment)).then(|| applied_record(environment));
    let swap = swap::swap(
        node,
        id,
        &prepared.files,
        options.awaits,
        sources.as_ref(),
        before,
    )?;
    ports::written(node, id, &prepared.ports, swap.pending, &before.ports)?;
    let record = sources.filter(|_| !swap.pending);
    let show_values = options.show_values;
    let outcome = outcome(node, inputs, manifest, resolution, &swap, show_values);
    Ok(RenderOutcome { record, ..outcome })
}

/// The result of a service, as yet without a record to publish.
pub(super) fn outcome(
    node: &Node,
    inputs: &Inputs,
    manifest: &Manifest,
    resolution: &Resolution,
    swap: &Swap,
    show_values: bool,
) -> RenderOutcome {
    let read_error = inputs.read_error(manifest).map(|error| &error.failure);
    let environment = &resolution.environment;
    let lines = swap.diff(environment, show_values);
    RenderOutcome {
        diff: lines.iter().map(ToString::to_string).collect(),
        record: None,
        report: RenderReport {
            service: manifest.id.clone(),
            path: Some(node.paths.conf(&manifest.id).display().to_string()),
            changed: swap.is_change(),
            degraded: is_degraded(inputs, manifest, environment),
            pending: swap.pending,
            dry: swap.dry,
            written: swap.written.clone(),
            repaired: swap.repaired.clone(),
            variables: VariableReport::all(environment, &lines, show_values),
            warnings: report::warnings(
                read_error,
                inputs.last_read.as_deref(),
                &manifest.id,
                resolution,
                &swap.left_over,
            ),
        },
    }
}

/// The report of a service without a conf. One of an earlier manifest stays: nothing here says that it is wrong.
pub(super) fn report_without_conf(node: &Node, id: &Id) -> RenderReport {
    let conf = node.paths.conf(id);
    let left = files::exists(&conf).then_some(conf);
    RenderReport {
        service: id.clone(),
        path: None,
        changed: false,
        degraded: false,
        pending: false,
        dry: false,
        written: Vec::new(),
        repaired: Vec::new(),
        variables: Vec::new(),
        warnings: report::left_over(left.as_slice()).collect(),
    }
}

/// Whether the registry was not read, or some values are older than its answer.
fn is_degraded(inputs: &Inputs, manifest: &Manifest, environment: &Environment) -> bool {
    let is_old = environment.values().any(|v| v.source == Source::LastKnown);
    is_old || inputs.read_error(manifest).is_some()
}

/// A task that drains its own service would wait for itself.
fn refuse_own_drain(id: &Id, drain: Option<Duration>) -> Result<(), Failure> {
    let task = process_environment::variable("RECONF_TASK");
    if drain.is_none() || task.as_deref() != Some(id.as_str()) {
        return Ok(());
    }
    let message = format!("a task of `{id}` cannot drain `{id}`: it would wait for itself");
    Err(Failure::new(Code::Usage, message).hint("render it after the task has ended"))
}

/// The note of a failure to write, which may have happened after the conf was written.
fn half_done_note(node: &Node, id: &Id, files: &Files) -> String {
    if files.is_conf_written(node, id).unwrap_or(false) {
        let conf = node.paths.conf(id);
        return format!(
            "{} is written, the rest is not: the next render completes it",
            conf.display()
        );
    }
    untouched_note(node, id)
}

/// The note of a failure before any write.
fn untouched_note(node: &Node, id: &Id) -> String {
    let conf = node.paths.conf(id);
    if files::exists(&conf) {
        format!("{} is unchanged", conf.display())
    } else {
        format!("{} was not written", conf.display())
    }
}
