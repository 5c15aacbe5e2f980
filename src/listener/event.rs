//! The messages between the listener's threads, and the threads that only wait for one thing and report it.

use std::{
    collections::BTreeMap,
    fmt::Display,
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use super::survivor;
use crate::{
    edge::{
        children, clock, locks,
        registry::WatchEvent,
        signals::{Signal, Signals},
        supervisor::{Supervisor, SupervisorEnd},
    },
    model::{balance_state::SwitchedOff, id::Id, listening::Leases, paths::Paths},
    report::{BalanceReport, Code, Failure},
};

/// How long to wait before a lock that cannot be waited for is looked at again.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What the main thread receives.
pub(super) enum Event {
    /// An event of the watch with this number.
    Registry(u64, WatchEvent),
    /// Files of this node may have changed.
    Files,
    /// This process received a signal.
    Signal(Signal),
    /// The provision that this listener started ended with this exit code.
    ProvisionEnded(u8),
    /// The provision of an earlier listener ended.
    EarlierProvisionEnded,
    /// `busy_lock` was released.
    LockReleased,
    /// The services whose leases are kept alive.
    KeptAlive(KeptAlive),
    /// A run of `balance` ended.
    Balanced(Box<RunEnd>),
}

/// The services whose leases are kept alive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptAlive {
    /// Whether each is healthy.
    pub(super) health: BTreeMap<Id, bool>,
    pub(super) leases: BTreeMap<Id, Leases>,
}

/// The end of a run of `balance`.
pub(super) struct RunEnd {
    pub(super) result: Result<BalanceReport, Failure>,
    /// Whether it changed `balance.json`.
    pub(super) has_written: bool,
    /// What a person has said of switching local balancing off, if it is.
    pub(super) off: Option<SwitchedOff>,
}

/// What the keeper receives.
pub(super) enum KeeperMessage {
    /// Files may have changed, or the registry is connected again.
    Reload,
    /// The check of a service succeeded, or why it failed.
    CheckResult(Id, Result<(), String>),
}

/// Forwards the signals of this process, which becomes the parent of what provisions leave behind.
pub(super) fn forward_signals(sender: Sender<Event>) -> Result<(), Failure> {
    let signals =
        Signals::catch_with_children().map_err(|error| system_failure("catch signals", &error))?;
    children::adopt_orphans().map_err(|error| system_failure("adopt orphans", &error))?;
    spawn("signals", move || {
        while let Ok(signal) = signals.next() {
            if signal == Signal::ChildEnded {
                children::reap_orphans();
            } else if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    })
}

/// Reports the end of the provision whose supervisor is sent to the returned channel: it ends as its command does, and if it was
/// killed, once that has ended.
pub(super) fn report_provision_end(
    paths: Paths,
    sender: Sender<Event>,
) -> Result<Sender<Supervisor>, Failure> {
    let (supervisor, started) = channel::<Supervisor>();
    spawn("provision", move || {
        // Nothing is sent for a supervisor that could not be started.
        let Ok(supervisor) = started.recv() else {
            return;
        };
        let pid = supervisor.id();
        let code = match supervisor.wait() {
            SupervisorEnd::WithCommand(code) => code,
            SupervisorEnd::Killed(code) => {
                survivor::wait_for_end(&paths, Some(pid));
                code
            }
        };
        // Without a listener, the next one reads the end from the stamp.
        let _ended = sender.send(Event::ProvisionEnded(code));
    })?;
    Ok(supervisor)
}

/// Reports when `busy_lock` is released.
pub(super) fn report_lock_release(lock: PathBuf, sender: Sender<Event>) -> Result<(), Failure> {
    spawn("lock", move || {
        if locks::wait_until_free(&lock).is_err() {
            clock::pause(LOCK_RETRY_INTERVAL);
        }
        let _ended = sender.send(Event::LockReleased);
    })
}

/// Reports when the provision of an earlier listener has ended: its supervisor, and its command where that was killed.
pub(super) fn report_end_of_earlier(paths: Paths, sender: Sender<Event>) -> Result<(), Failure> {
    spawn("earlier", move || {
        while locks::wait_until_free(&paths.provision_lock()).is_err() {
            clock::pause(LOCK_RETRY_INTERVAL);
        }
        survivor::wait_for_end(&paths, None);
        let _ended = sender.send(Event::EarlierProvisionEnded);
    })
}

/// Starts a thread that ends with the process.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(work);
    started.map_err(|error| system_failure("start a thread", &error))?;
    Ok(())
}

/// The failure of something that only the system can give.
pub(super) fn system_failure(what: &str, error: &dyn Display) -> Failure {
    Failure::new(Code::System, format!("cannot {what}: {error}"))
}
