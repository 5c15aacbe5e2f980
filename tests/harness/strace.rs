//! Commands under `strace`: which system calls they make, and what becomes of them when they die at one.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::process::ExitStatusExt as _,
    panic,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::NamedTempFile;

use super::{
    not_run,
    wait::{LONG, wait_until},
};

/// The calls with which a process changes what others can see: files, folders, links and messages. `fsync` is not among
/// them, since a kill loses nothing that was written. `?` stands before those that not every architecture has.
const CHANGING: &str = "?open,openat,write,writev,pwrite64,ftruncate,?rename,?renameat,renameat2,?unlink,unlinkat,\
    ?rmdir,?link,linkat,?symlink,symlinkat,?mkdir,mkdirat,?chmod,fchmod,fchmodat,?chown,fchown,fchownat,sendto,sendmsg";

/// The calls between which another process may come: those with which a process reads, locks, and changes something.
const DECIDING: &str = "?open,openat,?openat2,read,?recvfrom,recvmsg,flock,fcntl,write,writev,?rename,?renameat,renameat2,\
    ?unlink,unlinkat,sendto,sendmsg";

/// The moment just before one system call of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FaultPoint {
    call: String,
    /// Which of the calls of that name; each process and each thread counts its own.
    number: usize,
}

impl FaultPoint {
    /// A moment that no run gets to.
    pub(crate) fn never() -> Self {
        Self {
            call: "rename".to_owned(),
            number: 9999,
        }
    }
}

/// Every moment of a run at which a kill leaves something else behind, in their order: just before each call that
/// changes something. Runs the command once.
pub(crate) fn fault_points(command: &Command) -> Vec<FaultPoint> {
    let trace = trace(command, CHANGING);
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut points = Vec::new();
    for (process, line) in trace.lines().filter_map(|line| line.split_once(' ')) {
        let Some((call, arguments)) = line.trim_start().split_once('(') else {
            continue;
        };
        let number = numbers.entry((process, call)).or_default();
        *number += 1;
        let point = FaultPoint {
            call: call.to_owned(),
            number: *number,
        };
        if changes_something(call, arguments) && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// Every moment of a run at which another process may come between, from the first file of `folder` that it opens; of those
/// whose calls have such arguments.
pub(crate) fn moments(
    command: &Command,
    folder: &Path,
    are_such: impl Fn(&str) -> bool,
) -> Vec<FaultPoint> {
    let trace = trace(command, DECIDING);
    // It may be opened step by step.
    let folder = folder.file_name().unwrap_or_default();
    let folder = folder.to_string_lossy().into_owned();
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut points = Vec::new();
    let mut has_begun = false;
    for (process, line) in trace.lines().filter_map(|line| line.split_once(' ')) {
        let Some((call, arguments)) = line.trim_start().split_once('(') else {
            continue;
        };
        let number = numbers.entry((process, call)).or_default();
        *number += 1;
        has_begun |= arguments.contains(&folder);
        let point = FaultPoint {
            call: call.to_owned(),
            number: *number,
        };
        if has_begun && are_such(arguments) && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// A command that stops just after one system call, until it is told to go on.
pub(crate) struct Paused {
    child: Child,
    log: NamedTempFile,
    resumed: usize,
}

impl Paused {
    /// Starts a command that stops at `point`; it may end without getting as far.
    pub(crate) fn start(command: &Command, point: &FaultPoint) -> Self {
        let FaultPoint { call, number } = point;
        let log = NamedTempFile::new().expect("a temporary file can be made");
        let (trace, inject) = (
            format!("trace={call}"),
            format!("inject={call}:signal=SIGSTOP:when={number}"),
        );
        let options = ["-e", "signal=SIGSTOP", "-e", &trace, "-e", &inject, "-o"];
        let options = options.map(OsStr::new).into_iter();
        let options: Vec<_> = options.chain([log.path().as_os_str()]).collect();
        let mut traced = under_strace(command, &options);
        let traced = traced.stdout(Stdio::null()).stderr(Stdio::piped());
        Self {
            child: traced.spawn().expect("strace is there"),
            log,
            resumed: 0,
        }
    }

    /// Whether it has stopped, or has ended.
    pub(crate) fn rests(&mut self) -> bool {
        self.stops().len() > self.resumed || self.has_ended()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_some()
    }

    /// Lets it go on from where it stopped.
    pub(crate) fn resume(&mut self) {
        for process in self.stops().into_iter().skip(self.resumed) {
            // It may have been killed meanwhile.
            let _gone = kill(process, Signal::SIGCONT);
            self.resumed += 1;
        }
    }

    /// Waits for its end, wherever it stops before that; gives what it said.
    #[track_caller]
    pub(crate) fn end(mut self) -> Output {
        wait_until("it ends", LONG, || {
            self.resume();
            self.has_ended()
        });
        self.child.wait_with_output().expect("it has ended")
    }

    /// The processes that have stopped so far.
    fn stops(&self) -> Vec<Pid> {
        let log = fs::read_to_string(self.log.path()).expect("strace writes it");
        let stops = log
            .lines()
            .filter(|line| line.contains("stopped by SIGSTOP"));
        let process = |line: &str| line.split_once(' ')?.0.parse().ok();
        stops.filter_map(process).map(Pid::from_raw).collect()
    }
}

fn changes_something(call: &str, arguments: &str) -> bool {
    let opens = call.starts_with("open");
    let failed = arguments.contains(") = -1 ") || arguments.contains(")  = -1 ");
    !failed && (!opens || arguments.contains("O_CREAT"))
}

/// Runs a command as [`killing`] gives it; whether it was killed.
pub(crate) fn kill_at(command: &Command, point: &FaultPoint) -> bool {
    let mut traced = killing(command, point);
    let ended = traced.stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.expect("strace is there").signal() == Some(9)
}

/// The same command, not started yet, which is killed just before that call. So is each process that it starts and that
/// gets as far; it ends when all of them have ended.
pub(crate) fn killing(command: &Command, point: &FaultPoint) -> Command {
    let FaultPoint { call, number } = point;
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=SIGKILL:when={number}");
    under_strace(command, &["-o", "/dev/null", "-e", &trace, "-e", &inject])
}

/// The calls of that set that a command makes, and all that it starts: a line for each, after its process id.
pub(crate) fn trace(command: &Command, calls: &str) -> String {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    let filter = format!("trace={calls}");
    let to_file = [OsStr::new("-o"), file.path().as_os_str()];
    let options = to_file.into_iter().chain(["-e".as_ref(), filter.as_ref()]);
    let mut traced = under_strace(command, &options.collect::<Vec<_>>());
    let ended = traced.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let ended = ended.expect("strace is there");
    let text = fs::read_to_string(file.path()).expect("strace writes it");
    assert!(ended.success(), "{command:?}: {ended}\n{text}");
    text
}

/// The same command under `strace` with these options; it follows what the command starts.
fn under_strace(command: &Command, options: &[impl AsRef<OsStr>]) -> Command {
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-qq", "-e", "signal=none"])
        .args(options);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        traced.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    traced
}

/// Tries every point, two at a time: a run under `strace` mostly waits.
pub(crate) fn on_two_threads<T: Sync>(points: &[T], test: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            test(point);
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        if let Err(panic) = other.join() {
            panic::resume_unwind(panic);
        }
    });
}

/// Whether `strace` is there and may trace; where it is not, `what` is recorded as not tried.
pub(crate) fn may_trace(what: &str) -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    let may = *MAY.get_or_init(|| {
        let mut probe = Command::new("strace");
        probe.args(["-f", "-o", "/dev/null", "true"]);
        let ended = probe.stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    });
    if !may {
        let what = format!("{what}: strace is not there or may not trace");
        not_run::record(not_run::LIST.as_ref(), &what);
    }
    may
}

#[cfg(test)]
mod tests;
