//! The messages between the listener's threads, and the threads that only wait for one thing and report it.

use std::{
    collections::BTreeMap,
    fmt::Display,
    path::PathBuf,
    process::Child,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use crate::{
    edge::{
        clock, locks,
        process::exit_code,
        registry::WatchEvent,
        signals::{Signal, Signals},
    },
    model::id::Id,
    report::{Code, Failure},
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
    /// A lock that keeps this listener from provisioning was released.
    LockReleased(LockHolder),
    /// The services whose leases are kept alive, and whether each is healthy.
    KeptAlive(BTreeMap<Id, bool>),
}

/// Who held a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockHolder {
    /// Chef, or another process that holds `busy_lock`.
    Other,
    /// The supervisor of an earlier listener's provision.
    EarlierSupervisor,
}

/// What the keeper receives.
pub(super) enum KeeperMessage {
    /// Files may have changed, or the registry is connected again.
    Reload,
    /// The check of a service succeeded or failed.
    CheckResult(Id, bool),
}

/// Forwards the signals of this process.
pub(super) fn forward_signals(sender: Sender<Event>) -> Result<(), Failure> {
    let signals = Signals::catch().map_err(|error| system_failure("catch signals", &error))?;
    spawn("signals", move || {
        while let Ok(signal) = signals.next() {
            if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    })
}

/// Reports the end of the supervisor that is sent to the returned channel; a supervisor ends as its command does.
pub(super) fn report_provision_end(sender: Sender<Event>) -> Result<Sender<Child>, Failure> {
    let (supervisor, started) = channel::<Child>();
    spawn("provision", move || {
        // Nothing is sent for a supervisor that could not be started.
        let Ok(mut supervisor) = started.recv() else {
            return;
        };
        let code = supervisor.wait().map_or(u8::MAX, exit_code);
        // Without a listener, the next one reads the end from the stamp.
        let _ended = sender.send(Event::ProvisionEnded(code));
    })?;
    Ok(supervisor)
}

/// Reports when a lock is released.
pub(super) fn report_lock_release(
    lock: PathBuf,
    holder: LockHolder,
    sender: Sender<Event>,
) -> Result<(), Failure> {
    spawn("lock", move || {
        if locks::wait_until_free(&lock).is_err() {
            clock::pause(LOCK_RETRY_INTERVAL);
        }
        let _ended = sender.send(Event::LockReleased(holder));
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
