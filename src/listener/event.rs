//! What the listener's other threads saw: each waits for one thing and sends it.

use std::{
    collections::BTreeMap, path::PathBuf, process::Child, sync::mpsc::Sender, thread,
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

/// Something that happened.
pub(super) enum Event {
    /// In the registry, as that watch saw it: the number tells which one.
    Watch(u64, WatchEvent),
    /// Files of this node may have changed.
    Files,
    /// A signal came.
    Signal(Signal),
    /// The supervisor with this process id ended so: with its provision, or without one.
    Ended(u32, u8),
    /// Somebody who provisioned this node no longer does.
    Freed(Holder),
    /// These services are kept alive, and are healthy or not.
    Kept(BTreeMap<Id, bool>),
}

/// Who provisions this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// Chef, or whoever else holds `busy_lock`.
    Other,
    /// The supervisor of an earlier listener.
    Earlier,
}

/// Sends the signals of this process.
pub(super) fn send_signals(sender: Sender<Event>) -> Result<(), Failure> {
    let signals = Signals::catch().map_err(|error| failed("catch signals", &error))?;
    start("signals", move || {
        while let Ok(told) = signals.next() {
            if sender.send(Event::Signal(told)).is_err() {
                return;
            }
        }
    })
}

/// Sends the end of a supervisor.
pub(super) fn send_end(mut child: Child, sender: Sender<Event>) -> Result<(), Failure> {
    start("provision", move || {
        let code = child.wait().map_or(u8::MAX, exit_code);
        // A listener that has ended leaves the end to the next one.
        let _ended = sender.send(Event::Ended(child.id(), code));
    })
}

/// Sends when nobody holds a lock any more.
pub(super) fn send_free(
    lock: PathBuf,
    holder: Holder,
    sender: Sender<Event>,
) -> Result<(), Failure> {
    start("lock", move || {
        if locks::wait_until_free(&lock).is_err() {
            // It is looked at again after a while.
            clock::pause(Duration::from_secs(1));
        }
        let _ended = sender.send(Event::Freed(holder));
    })
}

/// Starts a thread that ends with the process.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(work);
    started.map_err(|error| failed("start a thread", &error))?;
    Ok(())
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(Code::CannotWrite, format!("cannot {what}: {error}"))
}
