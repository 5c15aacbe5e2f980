//! The children of this process: those that it started and waits for, and orphans, which the kernel gives it when their parents
//! end (`PR_SET_CHILD_SUBREAPER`).

use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::{
    sys::{
        prctl::set_child_subreaper,
        wait::{WaitPidFlag, waitpid},
    },
    unistd::{Pid, getpgid},
};

/// The children that this process started. Locked while one is started, so that it is never taken for an orphan.
static STARTED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn started() -> MutexGuard<'static, BTreeSet<u32>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a child that the caller waits for, and then [`forget`]s.
///
/// # Errors
/// What the system says.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    let mut started = started();
    let child = command.spawn()?;
    started.insert(child.id());
    Ok(child)
}

/// Says that nobody waits for this child any more.
pub(super) fn forget(child: &Child) {
    started().remove(&child.id());
}

/// Makes this process the parent of its descendants whose parents end; [`reap_orphans`] is to be called when a child ends. Does
/// nothing where the kernel does not list a process's children: ended orphans could not be found.
///
/// # Errors
/// What the system says.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    if Path::new("/proc/thread-self/children").exists() {
        set_child_subreaper(true)?;
    }
    Ok(())
}

/// Reaps the orphans that have ended.
pub(crate) fn reap_orphans() {
    let started = started();
    for orphan in children().filter(|child| !started.contains(child)) {
        if let Some(pid) = system_pid(orphan) {
            // It may still run.
            let _reaped = waitpid(pid, Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// An orphan that belongs to this process group.
pub(super) fn orphan_of_group(group: u32) -> Option<u32> {
    let group = system_pid(group);
    let started = started();
    let mut orphans = children().filter(|child| !started.contains(child));
    orphans.find(|orphan| getpgid(system_pid(*orphan)).ok() == group)
}

/// The children of all threads of this process.
fn children() -> impl Iterator<Item = u32> {
    let threads = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let words = lists.into_iter().flat_map(|list| {
        let words = list.split_whitespace().filter_map(|word| word.parse().ok());
        words.collect::<Vec<u32>>()
    });
    words.collect::<Vec<u32>>().into_iter()
}

fn system_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().map(Pid::from_raw)
}
