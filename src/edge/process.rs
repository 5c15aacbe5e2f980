//! Programs that lead a process group of their own: started, waited for with a deadline, and ended with everything that
//! they started.

use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use nix::{
    poll::PollTimeout,
    sys::signal::{SigSet, Signal as SystemSignal, killpg},
    unistd::Pid,
};
use rustix::process::{PidfdFlags, pidfd_open};

use super::{
    children,
    signals::{Signal, Signals, wait_readable},
};

/// How often a wait looks again at what no descriptor reports.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandEnd {
    /// By itself.
    Exited(ExitStatus),
    /// It took too long.
    TimedOut,
    /// This process received a signal while the command ran.
    Interrupted(Signal),
}

/// A program that was started as the leader of a new process group, so that the signals of a terminal do not reach it.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Child,
    /// Readable once the leader has exited; kernels before 5.3 have no such descriptor.
    exit: Option<OwnedFd>,
}

impl ProcessGroup {
    /// Starts the command, with no signal blocked.
    ///
    /// # Errors
    /// What the system says when it cannot be started.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        unblock_signals(command);
        let leader = children::start(command.process_group(0))?;
        let pid = i32::try_from(leader.id()).ok();
        let pid = pid.and_then(rustix::process::Pid::from_raw);
        let exit = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        Ok(Self { leader, exit })
    }

    /// Waits until the program has exited, the deadline has passed, or one of `signals` has arrived. What it started in
    /// the background is not waited for.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn wait(
        &mut self,
        deadline: Instant,
        signals: Option<&Signals>,
    ) -> io::Result<CommandEnd> {
        loop {
            if let Some(status) = self.leader.try_wait()? {
                return Ok(CommandEnd::Exited(status));
            }
            if let Some(signal) = signals.map(Signals::pending).transpose()?.flatten() {
                return Ok(CommandEnd::Interrupted(signal));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(CommandEnd::TimedOut);
            }
            self.pause(left, signals)?;
        }
    }

    /// TERM to the group, and KILL to whatever of it is left after the grace.
    pub(super) fn terminate(&mut self, grace: Duration) {
        for signal in [SystemSignal::SIGTERM, SystemSignal::SIGKILL] {
            if !self.signal(signal) {
                return;
            }
            // A stopped process receives TERM only when it continues.
            self.signal(SystemSignal::SIGCONT);
            let start = Instant::now();
            while self.is_alive() && start.elapsed() < grace {
                thread::sleep(POLL_INTERVAL);
            }
            // Signals must not reach a later group that is given the same number.
            if !self.is_alive() {
                return;
            }
        }
    }

    /// KILL to the group at once, and waits for the program itself.
    pub(super) fn kill(&mut self) {
        self.signal(SystemSignal::SIGKILL);
        let _reaped = self.leader.wait();
    }

    /// Sleeps until there may be news, but no longer than `left`.
    fn pause(&self, left: Duration, signals: Option<&Signals>) -> io::Result<()> {
        let exit = self.exit.as_ref().map(AsFd::as_fd);
        let most = match exit {
            Some(_) => left,
            None => left.min(POLL_INTERVAL),
        };
        // A time is cut to whole milliseconds: none would not wait at all.
        let most = PollTimeout::try_from(most.max(Duration::from_millis(1)));
        let files: Vec<_> = exit.into_iter().chain(signals.map(AsFd::as_fd)).collect();
        wait_readable(&files, most.unwrap_or(PollTimeout::MAX))
    }

    /// Sends a signal to every process of the group; false when none is left.
    fn signal(&self, signal: impl Into<Option<SystemSignal>>) -> bool {
        let group = i32::try_from(self.leader.id()).map(Pid::from_raw);
        group.is_ok_and(|group| killpg(group, signal).is_ok())
    }

    /// Whether any process of the group is left. The leader is reaped first: unreaped it would keep its group in being.
    fn is_alive(&mut self) -> bool {
        let _reaped = self.leader.try_wait();
        self.signal(None)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        children::forget(&self.leader);
    }
}

/// Starts the command with no signal blocked: otherwise it inherits the block of those that this process queues.
#[expect(
    unsafe_code,
    reason = "the standard library has no safe way to set a child's signal mask"
)]
pub(super) fn unblock_signals(command: &mut Command) {
    // SAFETY: between fork and exec this only calls pthread_sigmask, which is async-signal-safe.
    unsafe {
        command.pre_exec(|| Ok(SigSet::empty().thread_set_mask()?));
    }
}

/// How a process ended, as a shell says it: 128 and the signal's number for one that was killed.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let signal = || status.signal().map(|signal| signal + 128);
    let code = status.code().or_else(signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_waited_for_with_and_without_an_exit_descriptor() {
        for with_descriptor in [true, false] {
            let mut group = ProcessGroup::start(&mut Command::new("true")).unwrap();
            if !with_descriptor {
                group.exit = None;
            }
            let late = Instant::now() + Duration::from_secs(60);
            let end = group.wait(late, None).unwrap();
            assert!(matches!(end, CommandEnd::Exited(status) if status.success()));
        }
    }

    #[test]
    fn a_program_starts_with_no_signal_blocked() {
        let end = Signals::catch_during(|signals| {
            let blocks_nothing = ["-q", "^SigBlk:\t0*$", "/proc/self/status"];
            let mut group = ProcessGroup::start(Command::new("grep").args(blocks_nothing))?;
            group.wait(Instant::now() + Duration::from_secs(60), Some(signals))
        });
        let end = end.unwrap();
        assert!(matches!(end, CommandEnd::Exited(status) if status.success()));
    }

    #[test]
    fn a_signal_interrupts_the_wait_and_the_group_can_be_ended() {
        let end = Signals::catch_during(|signals| {
            let mut group = ProcessGroup::start(Command::new("sleep").arg("1000"))?;
            nix::sys::signal::raise(SystemSignal::SIGTERM)?;
            let end = group.wait(Instant::now() + Duration::from_secs(60), Some(signals));
            group.terminate(Duration::from_secs(60));
            assert!(!group.is_alive());
            end
        });
        assert_eq!(end.unwrap(), CommandEnd::Interrupted(Signal::Terminate));
    }

    #[test]
    fn an_exit_code_is_that_of_a_shell() {
        for (raw, code) in [(0, 0), (7 << 8, 7), (15, 143), (9, 137)] {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), code, "{raw}");
        }
    }
}
