//! Starting a provision below a process of its own that waits for it, and being that process. It is started before it is
//! needed: starting it takes longer than everything else between a change and the command.

use std::{
    ffi::OsString,
    io::{self, PipeWriter, Write as _},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
    thread,
};

use super::process::{ProcessGroup, exit_code};

/// What the service manager tells its own child, and nobody else.
const MANAGERS: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
];

/// A process that waits for its order. It ends when this is dropped before.
#[derive(Debug)]
pub(crate) struct Standby {
    pid: u32,
    order: PipeWriter,
}

impl Standby {
    /// Starts this very program with `arguments`, in a process group of its own: what ends the listener does not end it.
    /// Its output goes to our standard error, for our standard output is data. The child is to be waited for.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn start(arguments: &[OsString]) -> io::Result<(Self, Child)> {
        let mut command = Command::new("/proc/self/exe");
        command.arg0("reconf").args(arguments);
        for name in MANAGERS {
            command.env_remove(name);
        }
        let (orders, order) = io::pipe()?;
        command
            .stdin(orders)
            .stdout(io::stderr().as_fd().try_clone_to_owned()?);
        let child = ProcessGroup::start(&mut command)?.into_leader();
        let pid = child.id();
        Ok((Self { pid, order }, child))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Gives it its order: one line. From then on it goes on by itself.
    ///
    /// # Errors
    /// What the system says, if it has ended.
    pub(crate) fn order(mut self, line: &str) -> io::Result<()> {
        self.order.write_all(format!("{line}\n").as_bytes())?;
        // On a busy machine it may be waiting for this very processor.
        thread::yield_now();
        Ok(())
    }
}

/// Waits for the order that this process is given; nothing if the one who would give it is gone.
///
/// # Errors
/// What the system says.
pub(crate) fn await_order() -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
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
