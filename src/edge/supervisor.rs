//! Starting a provision below a supervisor, a process of its own that waits for it, and being that process.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
};

use super::process::{ProcessGroup, exit_code};

/// What the service manager tells its own child, and nobody else.
const MANAGERS: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
];

/// Starts this very program with `arguments` and gives it its order. It runs in a process group of its own, so
/// that it outlives the listener. Its output goes to our standard error, for our standard output is data.
///
/// # Errors
/// What the system says.
pub(crate) fn start(arguments: &[OsString], order: &str) -> io::Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("reconf").args(arguments);
    for name in MANAGERS {
        command.env_remove(name);
    }
    let (input, mut orders) = io::pipe()?;
    command
        .stdin(input)
        .stdout(io::stderr().as_fd().try_clone_to_owned()?);
    // A pipe holds more than an order, so nobody needs to read it yet.
    orders.write_all(order.as_bytes())?;
    drop(orders);
    Ok(ProcessGroup::start(&mut command)?.into_leader())
}

/// The order that this process was given.
///
/// # Errors
/// What the system says.
pub(crate) fn read_order() -> io::Result<String> {
    io::read_to_string(io::stdin())
}

/// Runs a command to its end, and says how it ended as a shell does. What can be done `meanwhile` does not put it off.
///
/// # Errors
/// What the system says when it cannot be started.
pub(crate) fn run(command: &[OsString], meanwhile: impl FnOnce()) -> io::Result<u8> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()?;
    meanwhile();
    Ok(exit_code(child.wait()?))
}
