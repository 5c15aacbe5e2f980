//! The listener's main loop: receives events, updates the registry's snapshots, hands each reactor what changed, starts
//! what is due, and writes the status.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

use super::{
    balancer::Balancer,
    event::{self, Event, KeeperMessage, KeptAlive},
    keeper,
    launcher::Launcher,
    overview::Overview,
    provisioner::Provisioner,
    registry_link::RegistryLink,
    status_writer::{Figures, StatusWriter},
    store,
    watched_files::WatchedFiles,
};
use crate::{
    cli::{Global, ListenArgs},
    edge::{locks::Lock, registry::WatchEvent, signals::Signal},
    model::listening::Listening,
    node::Node,
    provision::{Step, Uptime},
    report::{Ended, Failure, Journal, LastError},
};

/// A running listener.
struct Daemon {
    global: Global,
    node: Node,
    journal: Journal,
    link: RegistryLink,
    provisioner: Provisioner,
    balancer: Balancer,
    status: StatusWriter,
    keeper: Sender<KeeperMessage>,
    kept_alive: KeptAlive,
    files: WatchedFiles,
    reload_error: LastError,
    /// Whether the provision of the start is queued.
    is_ready: bool,
    _lock: Lock,
}

/// `reconf listen`. Ends at a signal; a running provision goes on.
pub(crate) fn run(node: Node, global: &Global, args: &ListenArgs) -> Ended {
    let (sender, events) = channel();
    event::forward_signals(sender.clone())?;
    let mut daemon = Daemon::new(node, global, args, sender)?;
    daemon.begin()?;
    daemon.work(&events);
    daemon.end();
    Ok(None)
}

impl Daemon {
    fn new(
        node: Node,
        global: &Global,
        args: &ListenArgs,
        sender: Sender<Event>,
    ) -> Result<Self, Failure> {
        let journal = Journal::new(global);
        let lock = store::take_listener_lock(&node)?;
        let status = StatusWriter::new(journal, args.metrics.clone())?;
        let files = WatchedFiles::start(&node, journal, sender.clone())?;
        let link = RegistryLink::new(&node, journal, sender.clone());
        let launcher = Launcher::new(global, &args.command, sender.clone());
        let logins = link.logins();
        Ok(Self {
            provisioner: Provisioner::new(&node, &link, journal, launcher)?,
            balancer: Balancer::new(&node, global, journal, logins, sender.clone()),
            keeper: keeper::start(global, journal, sender, link.logins())?,
            global: global.clone(),
            node,
            journal,
            link,
            status,
            kept_alive: KeptAlive::default(),
            files,
            reload_error: LastError::default(),
            is_ready: false,
            _lock: lock,
        })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.watch()?;
        let (pid, is_on) = (
            std::process::id(),
            self.provisioner.schedule().queue().is_on(),
        );
        self.journal
            .event("start", &[("pid", &pid), ("on", &is_on)]);
        self.provisioner.find_running(&self.node)?;
        self.become_ready();
        Ok(())
    }

    fn end(&mut self) {
        self.status.manager.stopping();
        let is_running = self.provisioner.schedule().queue().is_running();
        self.journal.event("stop", &[("running", &is_running)]);
    }

    fn work(&mut self, events: &Receiver<Event>) {
        loop {
            let balancing = self.balancer.work();
            let step = self.provisioner.next();
            // What a provision would render may follow from the run that is about to end.
            if step == Step::Due && !self.balancer.is_behind() {
                self.provisioner.attempt(&self.node, self.link.snapshots());
                continue;
            }
            let retry = self.write_status();
            let due = match step {
                Step::Until(at) => Some(at.saturating_sub(self.provisioner.schedule().now())),
                Step::Idle | Step::Due => None,
            };
            let waits = due.into_iter().chain(retry).chain(balancing);
            let received = self.wait(events, waits.min());
            let ends =
                |event: &Event| matches!(event, Event::Signal(signal) if signal.ends_daemon());
            if received.iter().any(ends) {
                return;
            }
            if !received.is_empty() {
                self.take(received);
            }
        }
    }

    /// Waits for an event, but not longer than `limit`; returns all that have arrived.
    fn wait(&mut self, events: &Receiver<Event>, limit: Option<Duration>) -> Vec<Event> {
        let missing = self.files.missing();
        let heartbeat = self.status.manager.heartbeat();
        let first = match [limit, heartbeat, missing].into_iter().flatten().min() {
            Some(limit) => events.recv_timeout(limit),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        self.status.manager.alive();
        let mut received: Vec<Event> = first.into_iter().chain(events.try_iter()).collect();
        received.extend(missing.map(|_| Event::Files));
        received
    }

    /// Takes what has happened, and compares once.
    fn take(&mut self, events: Vec<Event>) {
        let (mut has_to_reload, mut was_asked) = (false, false);
        for event in events {
            match event {
                Event::Registry(watch, event) => self.take_registry_event(watch, event),
                Event::Files => has_to_reload = true,
                Event::Signal(Signal::HangUp) => {
                    self.status.manager.reloading();
                    self.journal.event("reload", &[]);
                    (has_to_reload, was_asked) = (true, true);
                }
                // It has ended the loop.
                Event::Signal(_) => {}
                Event::ProvisionEnded(code) => self.provisioner.provision_ended(&self.node, code),
                Event::EarlierProvisionEnded => self.provisioner.earlier_ended(&self.node),
                Event::LockReleased => self.provisioner.lock_released(),
                Event::KeptAlive(kept_alive) => self.kept_alive = kept_alive,
                Event::Balanced(end) => {
                    // What confs say follows from `balance.json` too.
                    has_to_reload |= end.has_written;
                    self.balancer.ended(*end);
                }
            }
        }
        if has_to_reload {
            self.reload();
        }
        if was_asked && self.is_ready {
            self.status.manager.ready();
        }
        self.provisioner.compare(&self.node, self.link.snapshots());
        self.become_ready();
    }

    /// Updates the snapshots, and hands every reactor what changed.
    fn take_registry_event(&mut self, watch: u64, event: WatchEvent) {
        let Some(taken) = self.link.take(&self.node, watch, event) else {
            return;
        };
        if taken.has_connected {
            self.wake_keeper();
        }
        self.balancer.take(&taken.change);
        self.provisioner
            .take(&self.node, self.link.snapshots(), &taken.change);
    }

    /// Reads this node's files again. If one is wrong, only the switch takes effect, and the rest stays as it was.
    fn reload(&mut self) {
        self.files.renew();
        match self.try_reload() {
            Ok(()) => self.reload_error.clear(),
            Err(failure) => {
                let reason = failure.in_short();
                self.reload_error
                    .report(self.journal, "error", None, &reason);
            }
        }
        self.wake_keeper();
    }

    fn try_reload(&mut self) -> Result<(), Failure> {
        let node = self.node.reload(&self.global)?;
        // An operator's switch takes effect whatever else is wrong.
        self.provisioner.turn(store::switch(&node.paths)?);
        let has_moved = node.settings.registry != self.node.settings.registry;
        let session = has_moved.then(|| self.link.session_of(&node));
        let current = session.as_ref().unwrap_or(self.link.session());
        self.provisioner.reload(&node, current)?;
        self.balancer.reload(&node);
        // Taken over only now: if a file was unreadable, a later reload has to find the same changes.
        self.node = node;
        if let Some(session) = session {
            self.link.move_to(session);
        }
        self.watch()
    }

    /// Watches the ranges of every reactor.
    fn watch(&mut self) -> Result<(), Failure> {
        let (kept, reported) = (self.provisioner.ranges(), self.balancer.ranges());
        let settings = &self.node.settings.registry;
        if self.link.watch(settings, kept, reported)? {
            let names = self.provisioner.watched_names();
            self.journal.event("watch", &[("names", &names)]);
            self.provisioner.watch_started();
        }
        Ok(())
    }

    /// Queues the provision of the start as soon as the registry has answered, or is known not to.
    fn become_ready(&mut self) {
        if !self.is_ready && self.link.is_settled() {
            self.is_ready = true;
            self.status.manager.ready();
            self.provisioner.queue_start(&self.node);
        }
    }

    fn wake_keeper(&self) {
        // The keeper ends with the process.
        let _ended = self.keeper.send(KeeperMessage::Reload);
    }

    fn write_status(&mut self) -> Option<Duration> {
        let now = self.provisioner.schedule().now();
        let listening = self.listening(now);
        let figures = Figures {
            changes: self.link.changes(),
            provisions: self.provisioner.counts().clone(),
            balance: self.balancer.counts().clone(),
        };
        self.status
            .write(&self.node.paths, listening, &figures, now)
    }

    fn listening(&mut self, now: Uptime) -> Listening {
        let due = self.provisioner.schedule().queue().due();
        let due = self.status.wall_clock(due, now);
        Overview {
            node: &self.node,
            provisioner: &self.provisioner,
            balancer: &self.balancer,
            link: &self.link,
            kept_alive: &self.kept_alive,
            reload_error: &self.reload_error,
        }
        .listening(self.status.since(), due)
    }
}
