//! The identity of a process, beyond its id, which a later one may be given: when it started, and in which boot.

use std::{fs, time::Duration};

use nix::poll::PollTimeout;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{clock, signals::wait_readable};
use crate::model::stamp::CommandProcess;

/// How often a process is looked at where the kernel (before 5.3) reports no end.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What distinguishes a process from all others; nothing if it is gone.
pub(crate) fn identify(pid: u32) -> Option<CommandProcess> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(CommandProcess {
        pid,
        start: start(pid)?.1,
        boot: boot.trim().to_owned(),
    })
}

/// Whether just this process runs.
pub(crate) fn is_running(process: &CommandProcess) -> bool {
    let runs = start(process.pid).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'));
    runs && identify(process.pid).as_ref() == Some(process)
}

/// Waits until the process has ended; it need not be a child.
pub(crate) fn wait_for_end(process: &CommandProcess) {
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    let end = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    // Opened first: what has this identity now is what the descriptor is of.
    while is_running(process) {
        let waited = end.as_ref().map(|end| {
            use std::os::fd::AsFd as _;
            wait_readable(&[end.as_fd()], PollTimeout::NONE)
        });
        if !matches!(waited, Some(Ok(()))) {
            clock::pause(POLL_INTERVAL);
        }
    }
}

/// When a process started, in clock ticks since the boot; `None` if it is gone.
pub(crate) fn ticks(pid: u32) -> Option<u64> {
    let (state, ticks) = start(pid)?;
    (!matches!(state, 'Z' | 'X')).then_some(ticks)
}

/// The state of a process, and when it started, in clock ticks since the boot.
fn start(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may contain anything. The state is the third field, the start the 22nd.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some((state, start))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_told_from_an_ended_one_and_from_one_with_its_number() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let process = identify(child.id()).unwrap();
        assert!(is_running(&process));
        let later = CommandProcess {
            start: process.start + 1,
            ..process.clone()
        };
        let other_boot = CommandProcess {
            boot: "another".to_owned(),
            ..process.clone()
        };
        for gone in [later, other_boot] {
            assert!(!is_running(&gone));
            wait_for_end(&gone);
        }
        child.kill().unwrap();
        // It is a zombie, whose parent waits later.
        wait_for_end(&process);
        assert!(!is_running(&process));
        child.wait().unwrap();
        assert_eq!(identify(child.id()), None);
    }
}
