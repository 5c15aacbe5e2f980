//! Running one shell command to its end, or putting an end to it with everything that it started.

use std::{
    io,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, killpg},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::Pid,
};

use super::locks::after;

/// How long a command may go on after TERM.
const GRACE: Duration = Duration::from_secs(5);

/// How often a wait looks again when no signal wakes it.
const STEP: Duration = Duration::from_millis(20);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandEnd {
    /// By itself.
    Ended(ExitStatus),
    /// It took too long: its process group was ended.
    TimedOut,
    /// This process was told to end by this signal: so was the command's group.
    Interrupted(i32),
}

/// Runs `/bin/sh -c COMMAND` with these variables on top of our own, in a process group of its own, which TERM, INT
/// and HUP to this process end too. It reads nothing; what it writes goes to our standard error, for our standard
/// output is data. Background processes that it leaves behind when it ends by itself are left alone.
///
/// # Errors
/// What the system says when the shell cannot be started.
pub(crate) fn run_shell(
    command: &str,
    variables: &[(&str, &str)],
    timeout: Duration,
) -> io::Result<CommandEnd> {
    let signals = Signals::catch()?;
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?))
        .process_group(0)
        .spawn()?;
    let outcome = supervise(&mut child, &signals, after(timeout));
    if !matches!(outcome, Ok(CommandEnd::Ended(_))) {
        end_group(&mut child);
    }
    outcome
}

fn supervise(child: &mut Child, signals: &Signals, deadline: Instant) -> io::Result<CommandEnd> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(CommandEnd::Ended(status));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(CommandEnd::TimedOut);
        }
        if let Some(signal) = signals.wait(left.min(STEP))? {
            return Ok(CommandEnd::Interrupted(signal));
        }
    }
}

/// TERM to the group, and KILL to whatever of it is left after the grace.
fn end_group(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().map(Pid::from_raw) else {
        return;
    };
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        if killpg(group, signal).is_err() {
            break;
        }
        // One that was stopped takes no TERM until it goes on.
        let _may_be_gone = killpg(group, Signal::SIGCONT);
        let deadline = after(GRACE);
        while is_alive(child, group) && Instant::now() < deadline {
            thread::sleep(STEP);
        }
        if !is_alive(child, group) {
            break;
        }
    }
}

/// Whether any process of the group is left. The leader is reaped first: unreaped it would keep its group in being.
fn is_alive(child: &mut Child, group: Pid) -> bool {
    let _reaped = child.try_wait();
    killpg(group, None).is_ok()
}

/// The signals that wake the wait for a child; as long as this lives they do nothing else.
struct Signals {
    queue: SignalFd,
    before: SigSet,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [
            Signal::SIGCHLD,
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
        ] {
            set.add(signal);
        }
        let queue = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let before = SigSet::thread_get_mask()?;
        set.thread_block()?;
        Ok(Self { queue, before })
    }

    /// Waits until a signal comes or the time is over; says which signal, if it is one that ends this process.
    fn wait(&self, time: Duration) -> io::Result<Option<i32>> {
        let mut queues = [PollFd::new(self.queue.as_fd(), PollFlags::POLLIN)];
        let time = PollTimeout::try_from(time.max(Duration::from_millis(1)))
            .unwrap_or(PollTimeout::from(u8::MAX));
        match poll(&mut queues, time) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(info) = self.queue.read_signal()? {
            let number = i32::try_from(info.ssi_signo).unwrap_or_default();
            if number != Signal::SIGCHLD as i32 {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _as_it_was = self.before.thread_set_mask();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_ends_by_itself_with_its_code_and_its_variables() {
        let outcome = run_shell("exit $CODE", &[("CODE", "7")], LONG).unwrap();
        let CommandEnd::Ended(status) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_command_that_takes_too_long_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        // The first child ignores TERM, the shell does not.
        let command = format!(
            "(trap '' TERM; echo $$ >{0}; exec sleep 1000) & sleep 1000 & wait",
            pids.display()
        );
        let started = Instant::now();
        let outcome = run_shell(&command, &[], Duration::from_secs(1)).unwrap();
        assert_eq!(outcome, CommandEnd::TimedOut);
        assert!(started.elapsed() < GRACE * 2);
        let group: i32 = std::fs::read_to_string(pids)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(killpg(Pid::from_raw(group), None), Err(Errno::ESRCH));
    }

    #[test]
    fn a_daemon_left_behind_by_a_command_that_ended_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let command = format!("sleep 1000 >/dev/null 2>&1 & echo $! >{}", file.display());
        let outcome = run_shell(&command, &[], LONG).unwrap();
        assert!(matches!(outcome, CommandEnd::Ended(status) if status.success()));
        let pid: i32 = std::fs::read_to_string(file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(
            nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL),
            Ok(())
        );
    }
}
