//! A process that runs while the test does something else.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::wait::{LONG, freeze, until};

/// Waits until a process ends that may be waiting for others; nothing if it hangs, in which case it is killed.
pub(crate) fn output(child: Child) -> Option<Output> {
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let (ended, end) = channel::<()>();
    let watchdog = thread::spawn(move || {
        let hangs = end.recv_timeout(LONG * 2) == Err(RecvTimeoutError::Timeout);
        if hangs {
            let _may_just_have_ended = kill(pid, Signal::SIGKILL);
        }
        hangs
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    let hangs = watchdog.join().unwrap();
    (!hangs).then_some(output)
}

/// A running process; it is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a command; what it says on stdout and stderr is appended to `out` and `log` in that folder.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Self {
        let open = |name| {
            let mut options = File::options();
            options.create(true).append(true);
            options.open(folder.join(name)).unwrap()
        };
        command.stdin(Stdio::null()).stdout(open("out"));
        let child = command.stderr(open("log")).spawn().unwrap();
        Self { child }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// The first process that it started and that still runs: what runs under `strace`.
    pub(crate) fn child(&self) -> Option<Pid> {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split(' ').next()?.parse().ok().map(Pid::from_raw)
    }

    /// Stops it from running, every thread of it.
    pub(crate) fn freeze(&self) {
        freeze(self.pid());
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(crate) fn ends(mut self) -> ExitStatus {
        until("the process ends", || self.child.try_wait().unwrap())
    }

    /// Ends it as systemd would; gives its exit code.
    #[track_caller]
    pub(crate) fn stop(self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.ends().code()
    }

    /// Ends it as a crash would.
    #[track_caller]
    pub(crate) fn crash(self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.ends().signal(), Some(9), "it had ended before");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _may_have_ended = self.child.kill();
        let _collected = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_kept_and_how_it_ends_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let start = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Running::start(command, folder.path())
        };
        assert_eq!(
            start("echo said; echo no >&2; exit 3").ends().code(),
            Some(3)
        );
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("out"), read("log")), ("said\n".into(), "no\n".into()));
        let mut sleeps = start("exec sleep 100");
        assert!(!sleeps.has_ended());
        assert_eq!(sleeps.stop(), None);
        start("exec sleep 100").crash();
    }
}
