//! The shell command that a caller gives with `--on-change`: run to its end, or ended with everything that it started.

use std::{
    io,
    os::fd::AsFd,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    locks::deadline_after,
    process::{CommandEnd, ProcessGroup},
    signals::Signals,
};

/// How long a command may go on after TERM.
const GRACE: Duration = Duration::from_secs(5);

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
    Signals::catch_during(|signals| {
        let mut group = ProcessGroup::start(
            Command::new("/bin/sh")
                .args(["-c", command])
                .envs(variables.iter().copied())
                .stdin(Stdio::null())
                .stdout(io::stderr().as_fd().try_clone_to_owned()?),
        )?;
        let end = group.wait(deadline_after(timeout), Some(signals));
        if !matches!(end, Ok(CommandEnd::Exited(_))) {
            group.terminate(GRACE);
        }
        end
    })
}

#[cfg(test)]
mod tests {

    use nix::{
        errno::Errno,
        sys::signal::{Signal, kill, killpg},
        unistd::Pid,
    };

    use super::*;
    use crate::harness::wait::until;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_ends_by_itself_with_its_code_and_its_variables() {
        let outcome = run_shell("exit $CODE", &[("CODE", "7")], LONG).unwrap();
        let CommandEnd::Exited(status) = outcome else {
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
        // On a busy machine it may be ended before it has written anything.
        let group: i32 = until("the command says who it is", || {
            let outcome = run_shell(&command, &[], Duration::from_secs(1)).unwrap();
            assert_eq!(outcome, CommandEnd::TimedOut);
            let said = std::fs::read_to_string(&pids).ok()?;
            said.trim().parse().ok()
        });
        assert_eq!(killpg(Pid::from_raw(group), None), Err(Errno::ESRCH));
    }

    #[test]
    fn a_daemon_left_behind_by_a_command_that_ended_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let command = format!("sleep 1000 >/dev/null 2>&1 & echo $! >{}", file.display());
        let outcome = run_shell(&command, &[], LONG).unwrap();
        assert!(matches!(outcome, CommandEnd::Exited(status) if status.success()));
        let pid: i32 = std::fs::read_to_string(file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(kill(Pid::from_raw(pid), Signal::SIGKILL), Ok(()));
    }
}
