//! Whether HAProxy's master process lives, from its PID file.

use std::{ffi::OsStr, fs, path::Path};

use super::holder::{arguments, program};

/// HAProxy's master process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Master {
    /// It runs.
    Alive(u32),
    /// Its PID file is missing, or names no process that could be HAProxy.
    Gone,
}

/// The process in the PID file. A killed HAProxy leaves the file behind, and another program may be given its number: it
/// counts only if it is called `haproxy`, or was given this PID file.
pub(crate) fn master(pid_file: &Path) -> Master {
    let text = fs::read_to_string(pid_file).unwrap_or_default();
    // Without a master process every process writes a line.
    let pids = text.lines().filter_map(|line| line.trim().parse().ok());
    let alive = pids.into_iter().find(|pid| is_haproxy(*pid, pid_file));
    alive.map_or(Master::Gone, Master::Alive)
}

fn is_haproxy(pid: u32, pid_file: &Path) -> bool {
    is_alive(pid)
        && (program(pid).contains("haproxy")
            || arguments(pid).iter().any(|word| names(word, pid_file)))
}

fn names(word: &OsStr, pid_file: &Path) -> bool {
    Path::new(word) == pid_file
}

/// Whether it runs; one that ended and whose parent does not know yet does not.
pub(super) fn is_alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may contain anything.
    let state = status.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|state| !state.starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read as _,
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn a_living_haproxy_is_told_from_a_dead_one_and_from_its_successor() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("haproxy.pid");
        assert_eq!(master(&file), Master::Gone);
        let mut other = Command::new("sleep").arg("1000").spawn().unwrap();
        let mut ours = Command::new("sh")
            .args(["-c", "echo; read line", "haproxy", "-p"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The kernel has a new program's arguments a moment after it was started.
        ours.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let write = |pid: u32| fs::write(&file, format!("{pid}\n")).unwrap();
        write(other.id());
        assert_eq!(master(&file), Master::Gone);
        write(ours.id());
        assert_eq!(master(&file), Master::Alive(ours.id()));
        ours.kill().unwrap();
        // Its parent, this process, has not asked for its end: it may be a zombie.
        rustix::process::waitid(
            rustix::process::WaitId::Pid(rustix::process::Pid::from_child(&ours)),
            rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
        )
        .unwrap();
        assert_eq!(master(&file), Master::Gone);
        other.kill().unwrap();
        ours.wait().unwrap();
        other.wait().unwrap();
    }
}
