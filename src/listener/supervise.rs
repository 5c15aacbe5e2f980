//! `reconf supervise`, a process of its own: it holds the provision's lock, waits for the command, keeps the node's slot
//! until the command has ended, and writes down how it ended. So a provision outlives the listener that started it, and
//! a daemon that the provision leaves behind holds nothing.

use std::{ffi::OsString, fmt::Display, sync::mpsc::channel, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    slots::{self, Slot},
    store,
};
use crate::{
    cli::{Global, SuperviseArgs},
    edge::{
        clock,
        files::{self, Access},
        locks, process_environment, stdio, supervisor,
    },
    model::{
        paths::Paths,
        settings::{Flags, config_path},
    },
    report::{Code, Failure},
};

/// Nobody holds the lock for longer but another provision: looking whether it is held takes it for a moment.
const WAIT: Duration = Duration::from_secs(5);

/// What a shell says of a program that it cannot run.
const CANNOT_RUN: u8 = 126;

/// What a supervisor is told when its command is to start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The stamp's start.
    pub(super) started: String,
    /// The slot that is kept until the command ends.
    pub(super) slot: Option<Slot>,
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

/// What it needs to know is not in `config.json`: a broken one may be what the provision mends.
pub(crate) fn run(global: &Global, args: &SuperviseArgs) -> Result<u8, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        ..Flags::default()
    };
    let (root, _) = config_path(&flags, process_environment::raw_variable)?;
    let paths = Paths::new(&root, &Paths::default_confs(&root));
    let Some(order) = supervisor::await_order().map_err(|error| unreadable(&error))? else {
        return Ok(0);
    };
    let order: Order = serde_json::from_str(&order).map_err(|error| unreadable(&error))?;
    files::make_dir(&paths.locks(), paths.folder_mode(&paths.locks()))?;
    let _lock = locks::exclusive(&paths.provision_lock(), &Access::PRIVATE, WAIT)?;
    let code = with_slot(global, order.slot, || run_command(&paths, &args.command));
    let ended = store::restamp(&paths, |stamp| {
        if stamp.started == order.started {
            stamp.end(clock::rfc3339_exact(clock::now()), code);
        }
    });
    // That the end cannot be written down does not make a provision fail that has succeeded.
    if let Err(failure) = ended {
        stdio::tell(&format!("warning: {}\n", failure.in_short()));
    }
    settle_stamp(&paths);
    Ok(code)
}

fn unreadable(error: &dyn Display) -> Failure {
    Failure::new(Code::Usage, format!("cannot read an order: {error}"))
        .hint("`reconf listen` starts this command for itself")
}

/// Puts the stamp on the disk: not even a provision that ends in a power cut is to be repeated at once. Where that cannot
/// be done, the stamp lives as long as the system. Nobody else writes it while the provision's lock is held.
fn settle_stamp(paths: &Paths) {
    let _lives_as_long_as_the_system = files::settle(&paths.provision());
}

fn run_command(paths: &Paths, command: &[OsString]) -> u8 {
    supervisor::run(command, || settle_stamp(paths)).unwrap_or_else(|error| {
        let program = command.first().cloned().unwrap_or_default();
        let program = program.to_string_lossy();
        stdio::tell(&format!("error: cannot run `{program}`: {error}\n"));
        CANNOT_RUN
    })
}

/// Keeps the slot alive while the work is done, and gives it back then.
fn with_slot(global: &Global, slot: Option<Slot>, work: impl FnOnce() -> u8) -> u8 {
    let Some(slot) = slot else {
        return work();
    };
    let (ended, end) = channel::<()>();
    let global = global.clone();
    let keeper = thread::spawn(move || slots::keep(&global, &slot, &end));
    let code = work();
    drop(ended);
    // It gives the slot back before it ends.
    let _given_back = keeper.join();
    code
}
