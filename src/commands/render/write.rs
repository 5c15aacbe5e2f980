//! One service: from its manifest to its files.

use std::time::Duration;

use super::{
    Done, Intent,
    files::{Files, Templates},
    swap::{self, Swap},
};
use crate::{
    commands::{node::Node, view::View},
    edge::{process_environment, registry::Session},
    model::{
        applied::applied,
        environment::{Environment, Source},
        id::Id,
        manifest::Manifest,
    },
    render::{Change, DiffLine, diff},
    report::{Changed, Code, Failure, Rendered, warnings},
    resolve::Resolution,
};

/// What became of a service that could be resolved.
pub(super) enum Written {
    Done(Box<Done>),
    /// Its files would change, and running tasks are to be waited for, this long at most.
    Waits(Duration),
}

/// Whether tasks of the service may be running.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tasks {
    Run,
    Drained,
}

/// Resolves, renders and writes a service, whose lock is held.
pub(super) fn service(
    node: &Node,
    session: &mut Session,
    view: &View,
    id: &Id,
    intent: Intent,
    templates: &Templates,
    tasks: Tasks,
) -> Result<Written, Failure> {
    let unchanged = |failure: Failure| failure.note(left_behind(node, id));
    let manifest = view.manifest(id).map_err(unchanged)?;
    let drain = intent.drain.or(manifest.conf.drain);
    refuse_own_drain(id, drain).map_err(unchanged)?;
    let resolution = view.resolve(node, session, manifest).map_err(unchanged)?;
    let files =
        Files::render(node, templates, manifest, &resolution.environment).map_err(unchanged)?;
    let differ = || {
        files
            .differ(node, id)
            .map_err(|error| unchanged(error.into()))
    };
    if let Some(limit) = drain.filter(|_| tasks == Tasks::Run)
        && differ()?
    {
        return Ok(Written::Waits(limit));
    }
    finish(node, view, manifest, &resolution, &files, intent)
        .map(|done| Written::Done(Box::new(done)))
        .map_err(|failure| failure.note(half_done(node, id, &files)))
}

fn finish(
    node: &Node,
    view: &View,
    manifest: &Manifest,
    resolution: &Resolution,
    files: &Files,
    intent: Intent,
) -> Result<Done, Failure> {
    let (id, environment) = (&manifest.id, &resolution.environment);
    let degraded = is_degraded(view, manifest, environment);
    let sources = (!degraded).then(|| applied(environment));
    let was_pending = view.state(node, id)?.pending;
    let swap = swap::swap(
        node,
        id,
        files,
        intent.awaits,
        sources.as_ref(),
        was_pending,
    )?;
    let lines = diff(swap.base.as_deref(), environment, intent.show_values);
    let rendered = Rendered {
        warnings: warnings(
            view.unread_failure(manifest),
            id,
            resolution,
            &files.left_over(node, id),
        ),
        ..outcome(
            node,
            manifest,
            environment,
            &swap,
            &lines,
            intent.show_values,
        )
    };
    Ok(Done {
        diff: lines.iter().map(ToString::to_string).collect(),
        applied: sources.filter(|_| !swap.pending),
        rendered: Rendered {
            degraded,
            ..rendered
        },
    })
}

/// What is told of a service.
pub(super) fn outcome(
    node: &Node,
    manifest: &Manifest,
    environment: &Environment,
    swap: &Swap,
    lines: &[DiffLine],
    show_values: bool,
) -> Rendered {
    let differs = |name: &str| lines.iter().any(|line| line.name == name);
    let kept = environment
        .iter()
        .map(|(name, v)| Changed::new(name.as_str(), v, differs(name.as_str()), show_values));
    let gone = lines.iter().filter(|line| line.change == Change::Removed);
    let mut variables: Vec<Changed> = kept
        .chain(gone.map(|line| Changed::gone(&line.name)))
        .collect();
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    Rendered {
        service: manifest.id.clone(),
        path: node.places.conf(&manifest.id).display().to_string(),
        changed: swap.changed,
        degraded: false,
        pending: swap.pending,
        dry: swap.dry,
        announced: None,
        mended: swap.mended.clone(),
        variables,
        warnings: Vec::new(),
    }
}

/// Whether the environment says less than the registry could: it was not read, or has lost what it once said.
pub(super) fn is_degraded(view: &View, manifest: &Manifest, environment: &Environment) -> bool {
    let old = environment.values().any(|v| v.source == Source::LastKnown);
    old || view.unread(manifest).is_some()
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

/// The state that a failure to write leaves behind: it may have come as far as the conf.
fn half_done(node: &Node, id: &Id, files: &Files) -> String {
    if files.is_conf_there(node, id).unwrap_or(false) {
        let conf = node.places.conf(id);
        return format!(
            "{} is written, the rest is not: the next render makes up for it",
            conf.display()
        );
    }
    left_behind(node, id)
}

/// The state that a failure before any write leaves behind.
fn left_behind(node: &Node, id: &Id) -> String {
    let conf = node.places.conf(id);
    if crate::edge::files::exists(&conf) {
        format!("{} is unchanged", conf.display())
    } else {
        format!("{} was not written", conf.display())
    }
}
