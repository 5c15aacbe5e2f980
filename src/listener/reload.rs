//! What the listener takes over while it runs: changed files, a turned switch, other names to be watched.

use std::{ffi::OsString, fmt::Display, time::Duration};

use super::{
    daemon::Daemon,
    event::Event,
    setup::{limits, reach, system},
    store,
};
use crate::{
    edge::registry::Watch,
    model::switch::StoredSwitch,
    node::Node,
    provision::Reason,
    report::{Code, Failure},
};

impl Daemon {
    /// Reads this node's files again. What is wrong with them leaves everything as it was.
    pub(super) fn reload(&mut self) {
        if let Err(failure) = self.try_reload() {
            self.status.trouble(self.journal, &failure.in_short());
        } else {
            self.status.no_trouble();
        }
    }

    fn try_reload(&mut self) -> Result<(), Failure> {
        let node = self.node.reload(&self.global)?;
        // A person is heeded, whatever else is wrong.
        self.turn(store::switch(&node)?);
        command(&self.given, &node)?;
        let elsewhere = node.settings.registry != self.node.settings.registry;
        let session = elsewhere.then(|| reach(&node));
        let way = session.as_ref().unwrap_or(&self.session);
        let moved = self.mirror.reload(&node, way, self.journal)?;
        // Only now: what is taken over with one file unreadable would be no news when that can be read.
        self.node = node;
        if let Some(session) = session {
            self.session = session;
        }
        self.queue.limit(limits(&self.node), self.now());
        let unwatched = self.watch.is_none() && !self.mirror.interest().is_empty();
        if moved || elsewhere || unwatched {
            self.follow()?;
        }
        Ok(())
    }

    /// Does what a person required_successes since.
    fn turn(&mut self, switch: StoredSwitch) {
        if switch == self.switch {
            return;
        }
        let now = self.now();
        let position = store::position(&switch, now);
        let was_on = self.queue.is_on();
        self.queue.switch(position, now);
        if self.queue.is_on() && was_on {
            self.queue.want(Reason::Kick, now, Duration::ZERO);
            self.journal.tell("kick", &[]);
        } else {
            let reason = switch.reason.clone().unwrap_or_default();
            let until = switch.until.clone().unwrap_or_default();
            let fields: [(&'static str, &dyn Display); 3] =
                [("on", &switch.on), ("until", &until), ("reason", &reason)];
            self.journal
                .tell("switch", &fields[..if switch.on { 1 } else { 3 }]);
        }
        self.switch = switch;
    }

    /// Watches what the manifests require now, instead of what was watched before.
    pub(super) fn follow(&mut self) -> Result<(), Failure> {
        self.mirror.forget();
        self.watches += 1;
        let (watch, sender) = (self.watches, self.sender.clone());
        let interest = self.mirror.interest().clone();
        self.connected = interest.iter().map(|(id, _)| (id.clone(), None)).collect();
        let names = self.mirror.names();
        self.journal.tell("watch", &[("names", &names)]);
        let tell = move |seen| {
            // A listener that ends needs no status.
            let _ended = sender.send(Event::Watch(watch, seen));
        };
        self.watch = None;
        if !interest.is_empty() {
            let started = Watch::start(&self.node.settings.registry, interest, tell);
            self.watch = Some(started.map_err(|error| system(&error))?);
        }
        Ok(())
    }

    /// The command that provisions this node.
    pub(super) fn command(&self) -> Result<Vec<OsString>, Failure> {
        command(&self.given, &self.node)
    }
}

fn command(given: &[OsString], node: &Node) -> Result<Vec<OsString>, Failure> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let set = node.settings.listen.command.as_ref();
    let set = set.map(|words| words.iter().map(OsString::from).collect());
    set.ok_or_else(|| {
        Failure::new(Code::Usage, "there is no command that provisions this node")
            .hint("give one after `--`, or set `listen.command` in config.json")
    })
}
