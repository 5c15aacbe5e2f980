//! Starting a provision below a process of its own that waits for it, and being that process.

use std::{
    ffi::OsString,
    io,
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, ExitStatus, Stdio},
};

/// What the service manager tells its own child, and nobody else.
const MANAGERS: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
];

/// Starts this very program with `arguments`, in a process group of its own: what ends the listener does not end it.
/// Its output goes to our standard error, for our standard output is data.
///
/// # Errors
/// What the system says.
pub fn start(arguments: &[OsString]) -> io::Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("reconf").args(arguments);
    for name in MANAGERS {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::null())
        .stdout(io::stderr().as_fd().try_clone_to_owned()?)
        .process_group(0)
        .spawn()
}

/// Runs a command to its end, and says how it ended as a shell does.
///
/// # Errors
/// What the system says when it cannot be started.
pub fn run(command: &[OsString]) -> io::Result<u8> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let status = Command::new(program).args(arguments).spawn()?.wait()?;
    Ok(code(status))
}

/// How a process ended, as a shell tells it: 128 and the signal's number for one that was killed.
pub fn code(status: ExitStatus) -> u8 {
    let signal = || status.signal().map(|signal| signal + 128);
    let code = status.code().or_else(signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}
