//! Waiting for a state instead of for a while.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// What no state that a test waits for takes, however busy the machine is: after that, something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Asks until `state` is there and gives it; fails the test, naming `what`, after [`LONG`].
#[track_caller]
pub(crate) fn until<T>(what: &str, mut state: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    wait_until(what, LONG, || {
        found = state();
        found.is_some()
    });
    found.expect("it was there just now")
}

/// Looks until `reached` says yes; fails the test, naming `what`, when that takes longer than `limit`.
#[track_caller]
pub(crate) fn wait_until(what: &str, limit: Duration, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(
            start.elapsed() < limit,
            "waited {limit:?} in vain until {what}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Stops a process; when this returns, not one of its threads runs on, as some do for a moment after the signal.
#[track_caller]
pub(crate) fn freeze(pid: Pid) {
    kill(pid, Signal::SIGSTOP).expect("it is ours");
    wait_until("every thread has stopped", LONG, || {
        let states = states(pid);
        !states.is_empty() && states.chars().all(|state| state == 'T')
    });
}

/// Whether a process has ended with all its threads, collected or not. One of them alone keeps its ports open, also when
/// the process is a zombie already: who connects then is not refused, but accepted and reset.
pub(crate) fn has_ended(pid: Pid) -> bool {
    states(pid).chars().all(|state| matches!(state, 'Z' | 'X'))
}

/// A letter for each thread of a process: what it does. Those that are gone have none.
fn states(pid: Pid) -> String {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let statuses = threads.into_iter().flatten().flatten().filter_map(|one| {
        let status = fs::read_to_string(one.path().join("status")).ok()?;
        status.split_once("State:\t")?.1.chars().next()
    });
    statuses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_comes_is_waited_for() {
        let mut looks = 0;
        let third = until("the third look", || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(third, 3);
    }

    #[test]
    #[should_panic(expected = "in vain until the sun rises")]
    fn a_state_that_never_comes_fails_the_test() {
        wait_until("the sun rises", Duration::from_millis(20), || false);
    }
}
