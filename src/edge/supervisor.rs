//! The process that supervises a provision: how the listener starts it, and how it runs the command.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Write as _},
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, Stdio},
    thread,
};

use super::{
    children,
    process::{exit_code, unblock_signals},
    process_identity,
};
use crate::model::stamp::CommandProcess;

/// The variables that others set for their own children only: a service manager, and the `--on-change` command in which the
/// listener may have been started.
const VARIABLES_OF_OTHERS: [&str; 5] = [
    "RECONF_CHANGED",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
];

/// Starts this program with `arguments` and `order` as its standard input, in a new process group, so that a signal to the
/// listener's group does not reach it. It inherits the block of the signals that the listener queues: if TERM ended it, the
/// provision's lock would be free while the command still runs. Its output goes to our standard error, since our standard
/// output is data.
///
/// # Errors
/// What the system says.
pub(crate) fn start(arguments: &[OsString], order: &str) -> io::Result<Supervisor> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("reconf").args(arguments);
    for name in VARIABLES_OF_OTHERS {
        command.env_remove(name);
    }
    let (input, mut orders) = io::pipe()?;
    command
        .stdin(input)
        .stdout(io::stderr().as_fd().try_clone_to_owned()?);
    // A pipe holds more than an order, so the write does not wait for a reader.
    orders.write_all(order.as_bytes())?;
    drop(orders);
    let child = children::start(command.process_group(0))?;
    // The child may be waiting for this very processor. With the status debounce, its command starts 6 % sooner.
    thread::yield_now();
    Ok(Supervisor { child })
}

/// A supervisor that this process started.
#[derive(Debug)]
pub(crate) struct Supervisor {
    child: Child,
}

/// How a supervisor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SupervisorEnd {
    /// As its command did.
    WithCommand(u8),
    /// It was killed; its command may still run.
    Killed(u8),
}

impl Supervisor {
    /// Its process id, and the id of its process group.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends.
    pub(crate) fn wait(mut self) -> SupervisorEnd {
        let ended = self.child.wait();
        children::forget(&self.child);
        match ended {
            Ok(status) if status.signal().is_some() => SupervisorEnd::Killed(exit_code(status)),
            Ok(status) => SupervisorEnd::WithCommand(exit_code(status)),
            Err(_) => SupervisorEnd::Killed(u8::MAX),
        }
    }
}

/// The command of a killed supervisor, if it has not recorded that yet: an orphan of its group.
pub(crate) fn orphaned_command(supervisor: u32) -> Option<CommandProcess> {
    children::orphan_of_group(supervisor).and_then(process_identity::identify)
}

/// Reads the order of this process from standard input.
///
/// # Errors
/// What the system says.
pub(crate) fn read_order() -> io::Result<String> {
    io::read_to_string(io::stdin())
}

/// Runs a command to its end and returns its exit code as a shell does. `environment` changes what it inherits: what has no
/// value there is taken away. Calls `meanwhile` with the command's process once it has started.
///
/// # Errors
/// What the system says when it cannot be started.
pub(crate) fn run(
    command: &[OsString],
    environment: &BTreeMap<String, Option<String>>,
    meanwhile: impl FnOnce(Option<CommandProcess>),
) -> io::Result<u8> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    unblock_signals(&mut command);
    let mut child = command.spawn()?;
    meanwhile(process_identity::identify(child.id()));
    Ok(exit_code(child.wait()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::signals::Signals;

    #[test]
    fn a_command_runs_with_no_signal_blocked() {
        let command = ["grep", "-q", "^SigBlk:\t0*$", "/proc/self/status"].map(OsString::from);
        let code = Signals::catch_during(|_| run(&command, &BTreeMap::new(), |_| ()));
        assert_eq!(code.unwrap(), 0);
    }
}
