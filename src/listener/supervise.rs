//! `reconf supervise`, a process of its own: holds the provision's lock, waits for the command, keeps the node's slot alive
//! meanwhile, and records how the command ended. So a provision outlives the listener that started it, and a daemon that
//! the provision leaves behind holds neither lock nor slot.

use std::{
    collections::BTreeMap, ffi::OsString, fmt::Display, sync::mpsc::channel, time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    event,
    slots::{self, Holder, Slot},
    store,
};
use crate::{
    cli::{Global, SuperviseArgs},
    edge::{
        clock,
        files::{self, Access},
        locks, stdio, supervisor,
    },
    model::{escape::escape_line, paths::Paths, stamp::CommandProcess},
    node,
    report::{Code, Failure},
};

/// How long to wait for the provision's lock: whoever tests whether it is held holds it for a moment.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The exit code of a shell for a program that cannot be run.
const CANNOT_RUN: u8 = 126;

/// What a supervisor needs besides its command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The start that the stamp records.
    pub(super) started: String,
    /// The slot to be kept until the command ends.
    pub(super) slot: Option<Slot>,
    /// What the command's environment says of the provision; what has no value is taken away.
    pub(super) environment: BTreeMap<String, Option<String>>,
}

/// The arguments with which the listener starts the supervisor of its command.
pub(super) fn arguments(global: &Global, command: &[OsString]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["supervise".into()];
    for (flag, value) in [
        ("--root", &global.root),
        ("--config", &global.config),
        ("--registry", &global.registry),
        ("--federation", &global.federation),
        ("--timeout", &global.timeout),
    ] {
        arguments.extend(value.iter().map(|value| format!("{flag}={value}").into()));
    }
    arguments.push("--".into());
    arguments.extend(command.iter().cloned());
    arguments
}

/// Reads no `config.json`: the provision may be what repairs a broken one.
pub(crate) fn run(global: &Global, args: &SuperviseArgs) -> Result<u8, Failure> {
    let paths = node::paths_without_settings(global)?;
    let order = supervisor::read_order().map_err(|error| unreadable(&error))?;
    let order: Order = serde_json::from_str(&order).map_err(|error| unreadable(&error))?;
    files::make_dir(&paths.locks(), paths.folder_mode(&paths.locks()))?;
    let _lock = locks::exclusive(&paths.provision_lock(), &Access::PRIVATE, LOCK_WAIT)?;
    let run = || run_command(&paths, &args.command, &order);
    let code = with_slot(global, order.slot.as_ref(), run).unwrap_or_else(|failure| {
        stdio::write_stderr(&format!("error: {failure}\n"));
        failure.code.number()
    });
    let ended = store::edit_stamp(&paths, |stamp| {
        if stamp.started == order.started {
            stamp.end(clock::rfc3339_exact(clock::now()), code);
        }
    });
    // A stamp that cannot be written does not make a successful provision fail.
    if let Err(failure) = ended {
        stdio::write_stderr(&format!("warning: {}\n", escape_line(&failure.in_short())));
    }
    settle_stamp(&paths);
    Ok(code)
}

fn unreadable(error: &dyn Display) -> Failure {
    Failure::new(Code::Usage, format!("cannot read an order: {error}"))
        .hint("`reconf listen` starts this command for itself")
}

/// Syncs the stamp, so that a provision that causes a power cut is throttled as well. A failure costs only that. No other
/// process writes the stamp while the provision's lock is held.
fn settle_stamp(paths: &Paths) {
    let _not_synced = files::settle(&paths.stamp_file());
}

/// Records the command's process: were this one killed, the listener would wait for that. A failure costs only that.
fn record_process(paths: &Paths, order: &Order, process: Option<CommandProcess>) {
    let _not_recorded = store::edit_stamp(paths, |stamp| {
        if stamp.started == order.started {
            stamp.process = process;
        }
    });
}

fn run_command(paths: &Paths, command: &[OsString], order: &Order) -> u8 {
    let started = |process| {
        record_process(paths, order, process);
        settle_stamp(paths);
    };
    supervisor::run(command, &order.environment, started).unwrap_or_else(|error| {
        let program = command.first().cloned().unwrap_or_default();
        let what = format!("cannot run `{}`: {error}", program.to_string_lossy());
        stdio::write_stderr(&format!("error: {}\n", escape_line(&what)));
        CANNOT_RUN
    })
}

/// Keeps the slot alive while the work is done, then gives it back.
fn with_slot(
    global: &Global,
    slot: Option<&Slot>,
    work: impl FnOnce() -> u8,
) -> Result<u8, Failure> {
    let Some(slot) = slot else {
        return Ok(work());
    };
    let ((stop, stopped), (given_back, done)) = (channel::<()>(), channel::<()>());
    let (global, slot) = (global.clone(), slot.clone());
    let holder = Holder::load(&global, None);
    event::spawn("slot", move || {
        slots::keep(&global, holder, &slot, &stopped);
        drop(given_back);
    })?;
    let code = work();
    drop(stop);
    // Disconnected once the slot is given back.
    let _given_back = done.recv();
    Ok(code)
}
