//! The listener: one loop that takes what the other threads saw, asks the queue, and does what is due.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use super::{
    event::{self, Event},
    keeper::Word,
    mirror::Mirror,
    setup::reach,
    status_writer::StatusWriter,
};
use crate::{
    cli::{Global, ListenArgs},
    edge::{
        clock,
        folder_watch::FolderWatch,
        locks::Lock,
        registry::{Session, Watch, WatchEvent},
        service_manager::ServiceManager,
        signals::Signal,
        supervisor::Standby,
    },
    model::{id::Id, switch::StoredSwitch},
    node::Node,
    provision::{Queue, Reason, Step, Uptime},
    report::{Ended, Failure, Journal},
};

/// A running listener.
pub(super) struct Daemon {
    pub(super) global: Global,
    pub(super) node: Node,
    pub(super) journal: Journal,
    pub(super) queue: Queue,
    pub(super) mirror: Mirror,
    pub(super) status: StatusWriter,
    pub(super) manager: ServiceManager,
    pub(super) sender: Sender<Event>,
    /// Of each federation that is watched: whether its registry is there; nothing while that is not known.
    pub(super) connected: BTreeMap<Id, Option<bool>>,
    /// How often in a row it was refused a slot.
    pub(super) refusals: u32,
    /// Why it could not be started when that was tried last.
    pub(super) deferred: Option<String>,
    /// The services whose announcements are kept alive, and whether they are healthy.
    pub(super) kept: BTreeMap<Id, bool>,
    pub(super) keeper: Sender<Word>,
    /// The process that will wait for the next provision, and the command that it will run.
    pub(super) standby: Option<(Vec<OsString>, Standby)>,
    /// The process id of the one that runs a provision, if this listener started it.
    pub(super) supervisor: Option<u32>,
    /// Whether it was found since this listener waited last that a provision would change something.
    pub(super) news: bool,
    pub(super) given: Vec<OsString>,
    pub(super) start: Instant,
    pub(super) session: Session,
    pub(super) switch: StoredSwitch,
    pub(super) watch: Option<Watch>,
    pub(super) watches: u64,
    pub(super) folders: FolderWatch,
    /// When a folder that is missing is looked for again.
    pub(super) missing: Option<Duration>,
    pub(super) ready: bool,
    pub(super) _lock: Lock,
}

/// `reconf listen`. Ends when it is told to; a provision that runs goes on.
pub(crate) fn run(node: Node, global: &Global, args: &ListenArgs) -> Ended {
    let (sender, events) = channel();
    event::send_signals(sender.clone())?;
    let mut daemon = Daemon::new(node, global, args, sender)?;
    daemon.begin()?;
    daemon.work(&events);
    daemon.end();
    Ok(None)
}

impl Daemon {
    /// Nobody knows what changed while no listener ran: as soon as it is known what the registry says, or that it says
    /// nothing, a provision is wanted.
    pub(super) fn become_ready(&mut self) {
        if !self.ready && self.connected.values().all(Option::is_some) {
            self.ready = true;
            self.manager.ready();
            self.queue.want(Reason::Start, self.now(), self.splay());
        }
    }

    fn work(&mut self, events: &Receiver<Event>) {
        loop {
            let on = self.queue.is_on();
            let step = self.queue.next(self.now());
            if self.queue.is_on() != on {
                self.journal
                    .tell("switch", &[("on", &true), ("by", &"time")]);
            }
            if step == Step::Due {
                self.attempt();
                continue;
            }
            let status = self.publish();
            if !self.queue.is_running()
                && let Err(failure) = self.stand_by()
            {
                self.status.trouble(self.journal, &failure.in_short());
            }
            let due = match step {
                Step::Until(at) => Some(at.saturating_sub(self.now())),
                Step::Idle | Step::Due => None,
            };
            let seen = self.wait(events, due.into_iter().chain(status).min());
            if seen
                .iter()
                .any(|event| matches!(event, Event::Signal(signal) if signal.ends_daemon()))
            {
                return;
            }
            if !seen.is_empty() {
                self.take(seen);
            }
        }
    }

    /// Waits until something happens, but no longer than `most`; gives all that has happened then.
    fn wait(&mut self, events: &Receiver<Event>, most: Option<Duration>) -> Vec<Event> {
        self.news = false;
        let most = most.into_iter().chain(self.manager.heartbeat());
        let first = match most.chain(self.missing).min() {
            Some(most) => events.recv_timeout(most),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        self.manager.alive();
        let mut seen: Vec<Event> = first.into_iter().chain(events.try_iter()).collect();
        seen.extend(self.missing.map(|_| Event::Files));
        seen
    }

    fn end(&mut self) {
        self.manager.stopping();
        self.journal
            .tell("stop", &[("running", &self.queue.is_running())]);
    }

    /// Takes what happened since it was looked last, and compares once.
    fn take(&mut self, events: Vec<Event>) {
        let (mut files, mut told) = (false, false);
        for event in events {
            match event {
                Event::Watch(watch, seen) if watch == self.watches => self.take_seen(seen),
                // Of a watch that has ended since.
                Event::Watch(..) => {}
                Event::Files => files = true,
                Event::Signal(Signal::HangUp) => {
                    self.manager.reloading();
                    self.journal.tell("reload", &[]);
                    (files, told) = (true, true);
                }
                // It has ended the loop.
                Event::Signal(_) => {}
                Event::Ended(pid, code) => self.supervisor_ended(pid, code),
                Event::Freed(holder) => self.freed(holder),
                Event::Kept(kept) => self.kept = kept,
            }
        }
        if files {
            self.missing = self.folders.renew();
            self.reload();
            self.wake_keeper();
        }
        if told && self.ready {
            self.manager.ready();
        }
        self.news = self.mirror.compare(&self.node, self.journal);
        if self.news {
            self.queue.want(Reason::Change, self.now(), self.splay());
        } else if self.mirror.differing().is_empty() {
            self.queue.settled();
        }
        self.become_ready();
    }

    fn take_seen(&mut self, seen: WatchEvent) {
        match &seen {
            WatchEvent::Snapshot { federation, .. } => {
                let before = self.connected.insert(federation.clone(), Some(true));
                if before != Some(Some(true)) {
                    self.session = reach(&self.node);
                    self.wake_keeper();
                    let event = if before == Some(Some(false)) {
                        "registry-back"
                    } else {
                        "registry"
                    };
                    self.journal.tell(event, &[("federation", federation)]);
                }
            }
            WatchEvent::Disconnected { federation, error } => {
                self.connected.insert(federation.clone(), Some(false));
                let reason = Failure::from(error.clone()).in_short();
                self.journal.tell(
                    "registry-lost",
                    &[("federation", federation), ("reason", &reason)],
                );
            }
            WatchEvent::Changes { .. } => self.status.count_change(),
        }
        self.mirror.take(&self.node, seen);
    }

    fn wake_keeper(&self) {
        // It lives as long as this.
        let _ended = self.keeper.send(Word::Look);
    }

    /// The time since this listener started.
    pub(super) fn now(&self) -> Uptime {
        self.start.elapsed()
    }

    /// How long this node lets others go first, this time.
    pub(super) fn splay(&self) -> Duration {
        clock::share_of(self.node.settings.listen.splay)
    }
}
