//! One service: from its manifest to its files.

use std::time::Duration;

use super::{
    RenderOptions, RenderOutcome,
    files::{Files, Templates},
    swap::{self, Swap},
};
use crate::{
    edge::{files, process_environment, registry::Session},
    model::{
        applied::applied_record,
        environment::{Environment, Source},
        id::Id,
        manifest::Manifest,
    },
    node::Node,
    operations::inputs::Inputs,
    render::diff,
    report::{self, Code, Failure, RenderReport, VariableReport},
    resolve::Resolution,
};

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
    let resolution = inputs
        .resolve(node, manifest)
        .map_err(|unresolved| unchanged(inputs.explain(node, session, manifest, unresolved)))?;
    let files =
        Files::render(node, templates, manifest, &resolution.environment).map_err(unchanged)?;
    // A state that cannot be read fails the service before anything of it is written.
    let was_pending = inputs.state(node, id).map_err(unchanged)?.pending;
    let differ = || {
        files
            .differ(node, id)
            .map_err(|error| unchanged(error.into()))
    };
    if let Some(limit) = drain.filter(|_| tasks == TaskState::MayRun)
        && differ()?
    {
        return Ok(ServiceWrite::Waits(limit));
    }
    finish(
        node,
        inputs,
        manifest,
        &resolution,
        &files,
        options,
        was_pending,
    )
    .map(|outcome| ServiceWrite::Done(Box::new(outcome)))
    .map_err(|failure| failure.note(half_done_note(node, id, &files)))
}

fn finish(
    node: &Node,
    inputs: &Inputs,
    manifest: &Manifest,
    resolution: &Resolution,
    files: &Files,
    options: RenderOptions,
    was_pending: bool,
) -> Result<RenderOutcome, Failure> {
    let (id, environment) = (&manifest.id, &resolution.environment);
    let sources =
        (!is_degraded(inputs, manifest, environment)).then(|| applied_record(environment));
    let awaits = options.awaits;
    let swap = swap::swap(node, id, files, awaits, sources.as_ref(), was_pending)?;
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
    let lines = diff(swap.base.as_deref(), environment, show_values);
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
