//! `reconf render`: lock, read, resolve, render, write, tell; then the `--on-change` command (design.md section 7).

mod batch;
mod drain;
mod files;
mod in_use;
mod locks;
mod on_change;
mod preview;
mod publish;
mod swap;
mod write;

pub(crate) use batch::write_all;
pub(crate) use in_use::mark_applied;

use std::{collections::BTreeMap, time::Duration};

use super::{
    Ended, Tally,
    announce::{is_idle, want},
    node::Node,
    reading::Wanted,
    services,
    view::View,
};
use crate::{
    cli,
    edge::{process_environment, registry::Session},
    model::{applied::Applied, id::Id, manifest::Manifest},
    report::{Code, Failure, Rendered},
};

/// How confs are to be written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Intent {
    /// What is written counts as applied only when somebody says so later.
    pub(crate) awaits: bool,
    /// Running tasks are waited for, this long at most.
    pub(crate) drain: Option<Duration>,
    /// Values are told.
    pub(crate) show_values: bool,
}

/// What became of one service.
pub(crate) struct Done {
    pub(crate) rendered: Rendered,
    /// What changes, a variable a line.
    pub(crate) diff: Vec<String>,
    /// What the node runs with from now on, unless that is still to come or not surely known.
    pub(crate) applied: Option<Applied>,
}

/// The services that a command is about, with their manifests or why there is none.
type Manifests = BTreeMap<Id, Result<Manifest, Failure>>;

/// The services in the order of their ids, with what became of each.
pub(crate) type Results = Vec<(Id, Result<Done, Failure>)>;

/// `reconf render`.
pub(super) fn run(node: &Node, args: &cli::Render) -> Ended {
    refuse(args)?;
    let ids = services::chosen(node, &args.services)?;
    let mut session = node.session();
    if args.stdout || args.dry_run {
        return preview::run(node, &mut session, &ids, args);
    }
    let intent = Intent {
        awaits: args.await_applied || args.on_change.is_some(),
        drain: args.drain,
        show_values: args.show_values,
    };
    let more = |wanted: &mut Wanted, manifests: &Manifests, this: &Id| {
        if args.check_announced {
            want(node, wanted, manifests, this);
        }
    };
    let (view, mut done) = write_all(node, &mut session, &ids, intent, more)?;
    if args.check_announced {
        check_announced(node, &session, &view, &mut done);
    }
    let mut tally = Tally::default();
    for (id, result) in &done {
        tell(node, id, result, args.diff, &mut tally);
    }
    if let Some(command) = &args.on_change {
        let limit = args.on_change_timeout;
        if let Err(failure) = on_change::run(node, &mut session, &ids, command, limit) {
            tally.fail(node, None, &failure);
        }
    }
    // The process ends now, and all that it holds with it: to take a connection apart first would take longer.
    std::mem::forget((session, view));
    Ok(tally.code(args.detailed_exitcode))
}

/// Says of what was rendered whether it is announced. What cannot be said is to be announced: that will tell why.
fn check_announced(node: &Node, session: &Session, view: &View, done: &mut Results) {
    for (id, result) in done {
        if let (Ok(done), Ok(manifest)) = (result, view.manifest(id)) {
            let idle = is_idle(node, session, manifest, &view.readings);
            done.rendered.announced = Some(idle.unwrap_or(false));
        }
    }
}

/// Tells what became of a service.
pub(crate) fn tell(
    node: &Node,
    id: &Id,
    result: &Result<Done, Failure>,
    diff: bool,
    tally: &mut Tally,
) {
    match result {
        Ok(done) => {
            if diff && !node.tell.is_json() {
                print_diff(node, done);
            }
            node.tell.outcome(&done.rendered);
            tally.done(done.rendered.changed);
        }
        Err(failure) => tally.fail(node, Some(id), failure),
    }
}

fn print_diff(node: &Node, done: &Done) {
    if done.diff.is_empty() {
        return;
    }
    let mut text = format!("{} {}\n", done.rendered.service, done.rendered.path);
    for line in &done.diff {
        text.push_str(&format!("{line}\n"));
    }
    node.tell.data(text.as_bytes());
}

/// What clap cannot say.
fn refuse(args: &cli::Render) -> Result<(), Failure> {
    let prints = args.stdout || args.dry_run;
    if !prints && args.assume.is_some() {
        let message = "`--assume` only goes with `--stdout` or `--dry-run`";
        return Err(Failure::new(Code::Usage, message)
            .hint("what is written follows from the files themselves"));
    }
    if !prints && (args.format.is_some() || args.template.is_some()) {
        let message = "`--format` and `--template` only go with `--stdout` or `--dry-run`";
        return Err(Failure::new(Code::Usage, message)
            .hint("what is written is set by `render.formats` and the templates folder"));
    }
    if args.on_change.is_some() && process_environment::variable("RECONF_CHANGED").is_some() {
        let message = "`--on-change` inside an `--on-change` command would wait for itself";
        return Err(Failure::new(Code::Usage, message)
            .hint("leave `--on-change` out in there: what that command writes stays pending"));
    }
    Ok(())
}
