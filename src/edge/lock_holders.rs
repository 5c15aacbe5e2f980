//! Lists the processes that share a lock, from `/proc`. Only processes that the caller may inspect are seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use nix::sys::stat::{major, minor};

/// A process that shares a lock.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Task {
    /// Its process id.
    pub pid: u32,
    /// Its arguments, the program first; bytes that are not UTF-8 are replaced.
    pub command: Vec<String>,
}

/// The processes that share the flock on `path`, by process id. A holder whose parent holds it too belongs to the same
/// task and is left out, and so is one that holds it exclusively (a drain).
///
/// # Errors
/// When `/proc` cannot be read.
pub(crate) fn shared_holders(path: &Path) -> anyhow::Result<Vec<Task>> {
    let Ok(lock) = fs::metadata(path) else {
        return Ok(Vec::new());
    };
    let mut parents = BTreeMap::new();
    let processes = fs::read_dir("/proc").context("cannot list the processes in `/proc`")?;
    for entry in processes {
        let process = entry
            .context("cannot list the processes in `/proc`")?
            .path();
        if let Some(pid) = number(&process)
            && holds(&process, (lock.dev(), lock.ino()))
        {
            parents.insert(pid, parent(&process));
        }
    }
    let first = |(_, parent): &(&u32, &Option<u32>)| {
        parent.is_none_or(|parent| !parents.contains_key(&parent))
    };
    let tasks = parents.iter().filter(first).map(|(pid, _)| Task {
        pid: *pid,
        command: command(*pid),
    });
    Ok(tasks.collect())
}

/// Whether more processes share the flock on `path` than the `seen` ones: those of other users, which the caller may not
/// inspect. `/proc/locks` shows every user how many there are; if it cannot be read, none are assumed to be missing.
pub(crate) fn has_hidden_holders(path: &Path, seen: usize) -> bool {
    let Some(place) = place(path) else {
        return false;
    };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    sharers(&locks).get(place.as_str()).map_or(0, BTreeSet::len) > seen
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockHolder {
    /// The process that took it.
    pub pid: u32,
    /// The name of its program; empty if it has ended and left the lock to a child.
    pub program: String,
}

/// Who holds the flock on `path`, by `/proc/locks`, which every user may read. The lock itself is left alone.
pub(crate) fn holders(path: &Path) -> Vec<LockHolder> {
    let Some(place) = place(path) else {
        return Vec::new();
    };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let holder = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // `1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF`; who waits has `->` before it.
        let [_, "FLOCK", _, _, pid, at, ..] = words[..] else {
            return None;
        };
        let pid = pid.parse().ok().filter(|_| at == place)?;
        let program = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(LockHolder {
            pid,
            program: program.trim_end().to_owned(),
        })
    };
    locks.lines().filter_map(holder).collect()
}

/// How many tasks share the flock on each of these files, by `/proc/locks`, which shows every user all of them: a task and
/// the processes that inherit its lock have one entry. The locks themselves are left alone.
pub(crate) fn shared_counts(paths: &[PathBuf]) -> Vec<usize> {
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let sharers = sharers(&locks);
    let count = |path: &PathBuf| sharers.get(place(path)?.as_str()).map(BTreeSet::len);
    paths
        .iter()
        .map(|path| count(path).unwrap_or_default())
        .collect()
}

/// The files that are locked shared, by what `/proc/locks` says, and the ids of the processes that took these locks. It is
/// read in pieces, so that a line can come twice while other locks come and go.
fn sharers(locks: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut sharers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in locks.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // `1: FLOCK  ADVISORY  READ 4711 fd:01:1234 0 EOF`; who waits has `->` before it.
        if let [_, "FLOCK", _, "READ", pid, place, ..] = words[..] {
            sharers.entry(place).or_default().insert(pid);
        }
    }
    sharers
}

/// How `/proc/locks` writes which file is locked; `None` if it does not exist.
fn place(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok()?;
    let (device, inode) = (file.dev(), file.ino());
    Some(format!(
        "{:02x}:{:02x}:{inode}",
        major(device),
        minor(device)
    ))
}

fn number(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.parse().ok()
}

/// Whether one of the process's descriptors is that file and holds a lock; an open file alone is no lock.
/// False for a process that has exited, or that the caller may not inspect.
fn holds(process: &Path, file: (u64, u64)) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    descriptors.flatten().any(|descriptor| {
        let place = descriptor.path();
        let same = |metadata: fs::Metadata| (metadata.dev(), metadata.ino()) == file;
        fs::metadata(&place).is_ok_and(same) && is_locked(process, &place)
    })
}

fn is_locked(process: &Path, descriptor: &Path) -> bool {
    let info: PathBuf = process
        .join("fdinfo")
        .join(descriptor.file_name().unwrap_or_default());
    let shared = |line: &str| {
        line.strip_prefix("lock:")
            .is_some_and(|lock| lock.contains(" FLOCK ") && lock.contains(" READ "))
    };
    fs::read_to_string(info).is_ok_and(|text| text.lines().any(shared))
}

fn parent(process: &Path) -> Option<u32> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

fn command(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let ended = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    ended
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_listed_twice_has_one_sharer() {
        let locks = "1: FLOCK  ADVISORY  READ 7 fd:01:5 0 EOF\n\
                     2: FLOCK  ADVISORY  READ 7 fd:01:5 0 EOF\n\
                     3: FLOCK  ADVISORY  READ 8 fd:01:5 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE 9 fd:01:5 0 EOF\n\
                     4: -> FLOCK  ADVISORY  READ 9 fd:01:5 0 EOF\n\
                     5: POSIX  ADVISORY  READ 9 fd:01:5 0 EOF\n\
                     6: FLOCK  ADVISORY  READ 9 fd:01:6 0 EOF\n";
        let expected = [("fd:01:5", vec!["7", "8"]), ("fd:01:6", vec!["9"])];
        let expected = expected.map(|(place, pids)| (place, pids.into_iter().collect()));
        assert_eq!(sharers(locks), BTreeMap::from(expected));
    }
}
