//! The commands that check, reload and stop HAProxy.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read as _, Seek as _},
    process::{Command, Stdio},
    time::Duration,
};

use crate::edge::{
    files::system_reason,
    locks::deadline_after,
    process::{CommandEnd, ProcessGroup},
    process_environment,
};

/// How long a command may go on after TERM.
const GRACE: Duration = Duration::from_secs(5);

/// The most of what a command prints that is kept.
const MOST_OUTPUT: u64 = 16 * 1024;

/// Where HAProxy is on many systems, and what the `PATH` of cron and of ordinary users lacks there.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Why it did not succeed, as one clause; `None`: it did.
    pub failure: Option<String>,
    /// The beginning of what it printed.
    pub output: String,
}

/// Runs a command; it is ended after that time, with everything that it started. What it leaves running when it ends by
/// itself, such as HAProxy, is left alone: so its output goes to a file, not to a pipe that such a program would keep open.
pub(crate) fn run(words: &[String], limit: Duration) -> Ran {
    let program = words.first().map(String::as_str).unwrap_or_default();
    match start_and_wait(words, limit) {
        Ok((end, output)) => Ran {
            failure: failure(program, end, limit),
            output,
        },
        Err(error) => Ran {
            failure: Some(format!("cannot run `{program}`: {}", system_reason(&error))),
            output: String::new(),
        },
    }
}

fn start_and_wait(words: &[String], limit: Duration) -> io::Result<(CommandEnd, String)> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("it is empty"))?;
    let mut output = tempfile::tempfile()?;
    let mut group = ProcessGroup::start(
        Command::new(program)
            .args(arguments)
            .env(
                "PATH",
                search_path(process_environment::raw_variable("PATH")),
            )
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?),
    )?;
    let end = group.wait(deadline_after(limit), None);
    if !matches!(end, Ok(CommandEnd::Exited(_))) {
        group.terminate(GRACE);
    }
    let mut printed = Vec::new();
    output.rewind()?;
    output.take(MOST_OUTPUT).read_to_end(&mut printed)?;
    Ok((end?, String::from_utf8_lossy(&printed).into_owned()))
}

/// The search path of commands: the caller's, and after it the folders of system programs.
fn search_path(path: Option<OsString>) -> OsString {
    let mut path = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    for folder in SYSTEM_FOLDERS {
        if std::env::split_paths(&path).all(|known| known.as_os_str() != OsStr::new(folder)) {
            path.push(":");
            path.push(folder);
        }
    }
    path
}

fn failure(program: &str, end: CommandEnd, limit: Duration) -> Option<String> {
    match end {
        CommandEnd::Exited(status) if status.success() => None,
        CommandEnd::Exited(status) => Some(format!("`{program}`: {status}")),
        CommandEnd::TimedOut | CommandEnd::Interrupted(_) => Some(format!(
            "`{program}` has not ended after {}",
            humantime::format_duration(limit)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_with_what_it_printed() {
        let words = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        let minute = Duration::from_secs(60);
        let short = Duration::from_millis(50);
        for (said, limit, failure, output) in [
            (
                &["sh", "-c", "echo a; echo b >&2"][..],
                minute,
                None,
                "a\nb\n",
            ),
            (
                &["sh", "-c", "echo no; exit 3"],
                minute,
                Some("`sh`: exit status: 3"),
                "no\n",
            ),
            (
                &["sh", "-c", "echo so; exec sleep 1000"],
                short,
                Some("`sh` has not ended after 50ms"),
                "so\n",
            ),
            (
                &["/nowhere/at/all"],
                minute,
                Some("cannot run `/nowhere/at/all`: no such file or directory"),
                "",
            ),
            (&[], minute, Some("cannot run ``: it is empty"), ""),
        ] {
            let ran = run(&words(said), limit);
            assert_eq!(ran.failure.as_deref(), failure, "{said:?}");
            // The shell may have had no time to print.
            assert!(ran.output == output || limit == short, "{said:?}");
        }
    }

    #[test]
    fn system_programs_are_found_whatever_path_the_caller_has() {
        for (path, expected) in [
            (None, "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            (Some("/usr/bin:/bin"), "/usr/bin:/bin:/usr/sbin:/sbin"),
            (Some("/own:/sbin"), "/own:/sbin:/usr/sbin"),
            (Some("/usr/sbin:/sbin:/bin"), "/usr/sbin:/sbin:/bin"),
        ] {
            assert_eq!(search_path(path.map(OsString::from)), expected, "{path:?}");
        }
        let words = ["sh", "-c", "echo $PATH"].map(str::to_owned);
        let printed = run(&words, Duration::from_secs(60)).output;
        assert!(
            printed
                .split([':', '\n'])
                .any(|folder| folder == "/usr/sbin"),
            "{printed}"
        );
    }

    #[test]
    fn what_a_command_leaves_running_holds_nobody_up() {
        let words = ["sh", "-c", "sleep 1000 & echo $!"].map(str::to_owned);
        let ran = run(&words, Duration::from_secs(60));
        let pid: i32 = ran.output.trim().parse().unwrap();
        let pid = nix::unistd::Pid::from_raw(pid);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        assert_eq!(ran.failure, None);
    }
}
