//! The workers of HAProxy's master. From a reload until the old worker has stopped, it shares its listening sockets with the
//! new one: the kernel gives a connection to either.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    holder::program,
    pid::{Master, is_alive, master},
    sockets,
};

/// How far the newest worker has replaced the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Succession {
    /// The worker is the newest, and no other accepts connections; also where the workers cannot be seen.
    Done,
    /// The worker is the newest, and another one still accepts connections.
    OldAccepts,
    /// The worker has ended, or there is a newer one.
    Replaced,
}

/// What the processes of the master in this PID file say of a worker that has answered.
pub(crate) fn succession(pid_file: &Path, worker: u32) -> Succession {
    match master(pid_file) {
        Master::Alive(master) => among(&workers(master), worker),
        Master::Gone => Succession::Done,
    }
}

fn among(workers: &BTreeSet<(u64, u32)>, worker: u32) -> Succession {
    let mut pids = workers.iter().rev().map(|(_, pid)| *pid);
    match pids.next() {
        Some(newest) if newest != worker => Succession::Replaced,
        Some(_) if pids.any(accepts) => Succession::OldAccepts,
        Some(_) | None => Succession::Done,
    }
}

/// The processes that a process started.
pub(super) fn children(parent: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let text = text.unwrap_or_default();
    let pids = text.split_whitespace();
    pids.filter_map(|pid| pid.parse().ok()).collect()
}

/// The start times and the pids of its workers: its children that run, but for other programs that HAProxy can start.
fn workers(master: u32) -> BTreeSet<(u64, u32)> {
    let name = program(master);
    let children = children(master).into_iter();
    let workers = children.filter(|pid| is_alive(*pid) && program(*pid) == name);
    workers.filter_map(|pid| Some((start(pid)?, pid))).collect()
}

/// When a process was started, in clock ticks since the machine's start.
fn start(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = status.rsplit_once(") ")?;
    rest.split(' ').nth(START_FIELD)?.parse().ok()
}

/// The field `starttime` of proc(5), counted from the state.
const START_FIELD: usize = 19;

/// Whether a process listens on a Unix socket, as each worker does that has not stopped: HAProxy closes all its listening
/// sockets at once.
fn accepts(pid: u32) -> bool {
    let own = sockets::inodes(pid);
    let table = fs::read_to_string(format!("/proc/{pid}/net/unix")).unwrap_or_default();
    let listening = table.lines().filter_map(listening_inode);
    listening.into_iter().any(|inode| own.contains(&inode))
}

/// The inode of a row of the kernel's table of Unix sockets, if it listens.
fn listening_inode(row: &str) -> Option<u64> {
    let fields: Vec<&str> = row.split_whitespace().collect();
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let inode = fields.get(6)?.parse().ok()?;
    (flags & ACCEPTS != 0).then_some(inode)
}

/// `__SO_ACCEPTCON` of the kernel.
const ACCEPTS: u32 = 1 << 16;

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        os::{
            fd::OwnedFd,
            unix::{net::UnixListener, process::CommandExt as _},
        },
        process::{Child, Command, Stdio},
        thread,
    };

    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    use super::*;

    /// A shell that starts two others, one after the other, and a program of another name; its standard input listens.
    fn family(folder: &Path, old_stdin: &str) -> (Child, [u32; 2]) {
        let listener = UnixListener::bind(folder.join("admin.sock")).unwrap();
        let script = format!(
            "exec 3<&0; sleep 1000 <&3 3<&- & echo program $!; \
             sh -c 'echo old $$; sleep 1000; :' {old_stdin} 3<&- & \
             sh -c 'echo new $$; sleep 1000; :' <&3 3<&- & wait"
        );
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let lines: Vec<String> = lines.take(3).map(Result::unwrap).collect();
        let pid = |name: &str| {
            let mut pids = lines.iter().filter_map(|line| line.strip_prefix(name));
            pids.next().unwrap().trim().parse::<u32>().unwrap()
        };
        while program(pid("program")) == "sh" {
            thread::yield_now();
        }
        let pids = [pid("old"), pid("new")];
        (shell, pids)
    }

    #[test]
    fn a_worker_is_replaced_by_a_newer_one_and_done_with_once_it_accepts_no_more() {
        for (old_stdin, expected) in [
            ("<&3", Succession::OldAccepts),
            ("</dev/null", Succession::Done),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (mut shell, [old, new]) = family(folder.path(), old_stdin);
            let all = workers(shell.id());
            let pids: Vec<u32> = all.iter().map(|(_, pid)| *pid).collect();
            assert_eq!(pids, [old, new]);
            assert_eq!(among(&all, new), expected, "{old_stdin}");
            assert_eq!(among(&all, old), Succession::Replaced);
            assert_eq!(among(&all, shell.id()), Succession::Replaced);
            assert_eq!(among(&BTreeSet::new(), old), Succession::Done);
            let group = Pid::from_raw(-i32::try_from(shell.id()).unwrap());
            kill(group, Signal::SIGKILL).unwrap();
            shell.wait().unwrap();
        }
    }

    #[test]
    fn the_children_of_a_process_are_found() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 1000 & echo $!; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = shell.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let child: u32 = line.trim().parse().unwrap();
        assert_eq!(children(shell.id()), [child]);
        for pid in [child, shell.id()] {
            let pid = Pid::from_raw(i32::try_from(pid).unwrap());
            kill(pid, Signal::SIGKILL).unwrap();
        }
        shell.wait().unwrap();
    }
}
