//! A provision that is due: what may still stand in its way, its start, and its end.

use std::time::Duration;

use serde_json::json;

use super::{
    daemon::Daemon,
    event::{self, Holder},
    slots::{self, Slot},
    store,
    supervise::{self, Order},
};
use crate::{
    edge::{clock, locks, supervisor::Standby},
    model::id::Id,
    report::{Code, Failure},
};

/// How long a node that was refused a slot waits until it asks again: each time longer, and each node draws its own.
const SLOT_BACKOFF: Duration = Duration::from_millis(500);
const SLOT_BACKOFF_MAX: Duration = Duration::from_secs(15);

/// How long a provision waits that cannot be started for another reason than those that it may wait for.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

impl Daemon {
    /// Starts the provision that is due, unless it has to wait or nothing needs it any more.
    pub(super) fn attempt(&mut self) {
        if let Err(failure) = self.try_start() {
            let reason = failure.in_short();
            if self.deferred.as_ref() != Some(&reason) {
                self.journal
                    .tell("provision-deferred", &[("reason", &reason)]);
                self.deferred = Some(reason);
            }
            self.queue.refused(self.now() + RETRY_INTERVAL);
        }
    }

    fn try_start(&mut self) -> Result<(), Failure> {
        if let Some(lock) = self.node.settings.listen.busy_lock.clone()
            && locks::is_held(&lock)?
        {
            self.journal.tell("busy", &[("lock", &lock.display())]);
            self.queue.busy(true);
            return event::send_free(lock, Holder::Other, self.sender.clone());
        }
        if !self.news {
            self.mirror.affect_all();
            self.mirror.compare(&self.node, self.journal);
        }
        if self.mirror.differing().is_empty() {
            self.queue.settled();
            if self.queue.reasons().is_empty() {
                return Ok(());
            }
        }
        let Some(most) = self.node.settings.listen.max_parallel else {
            return self.start(None);
        };
        if let Some(slot) = slots::take(&self.node, most, clock::random())? {
            let started = self.start(Some(slot.clone()));
            if started.is_err() && !self.queue.is_running() {
                // A node that cannot start must not keep those waiting that can. What cannot be given back ends with
                // its lease.
                let _ends_by_itself = slots::give_back(&self.node, &slot);
            }
            return started;
        }
        if self.refusals == 0 {
            self.journal.tell("slots-full", &[("max_parallel", &most)]);
        }
        self.refusals = (self.refusals + 1).min(10);
        let longest = (SLOT_BACKOFF * (1 << self.refusals)).min(SLOT_BACKOFF_MAX);
        let patience = SLOT_BACKOFF / 2 + clock::share_of(longest);
        self.queue.refused(self.now() + patience);
        Ok(())
    }

    /// The stamp is written before the command starts: a listener that crashes with it holds to the interval all the
    /// same.
    fn start(&mut self, slot: Option<Slot>) -> Result<(), Failure> {
        let reasons = self.queue.reasons();
        let words: Vec<String> = reasons.into_iter().map(|r| r.name().to_owned()).collect();
        let started = clock::rfc3339_exact(clock::now());
        store::restamp(&self.node.paths, |stamp| {
            *stamp = stamp.next(started.clone(), words.clone());
        })?;
        self.stand_by()?;
        let order = json!(Order { started, slot }).to_string();
        let Some((_, standby)) = self.standby.take() else {
            return Ok(());
        };
        let pid = standby.pid();
        standby
            .order(&order)
            .map_err(|error| cannot_start(&error))?;
        self.supervisor = Some(pid);
        self.mirror.begin();
        let services: Vec<&str> = self.mirror.differing().keys().map(Id::as_str).collect();
        let (reasons, services) = (words.join(","), services.join(","));
        self.journal.tell(
            "provision",
            &[
                ("reasons", &reasons),
                ("services", &services),
                ("pid", &pid),
            ],
        );
        self.queue.started(self.now());
        (self.refusals, self.deferred) = (0, None);
        self.status.count_start();
        Ok(())
    }

    /// Has a supervisor ready for the command.
    pub(super) fn stand_by(&mut self) -> Result<(), Failure> {
        let command = self.command()?;
        if self
            .standby
            .as_ref()
            .is_none_or(|(known, _)| *known != command)
        {
            let arguments = supervise::arguments(&self.global, &command);
            let started = Standby::start(&arguments).map_err(|error| cannot_start(&error));
            let (standby, child) = started?;
            event::send_end(child, self.sender.clone())?;
            // One for another command ends unneeded.
            self.standby = Some((command, standby));
        }
        Ok(())
    }

    /// A supervisor has ended.
    pub(super) fn supervisor_ended(&mut self, pid: u32, code: u8) {
        let standby = self.standby.as_ref().map(|(_, standby)| standby.pid());
        if self.supervisor == Some(pid) {
            self.supervisor = None;
            self.provision_ended(code);
        } else if standby == Some(pid) {
            self.standby = None;
        }
    }

    /// The provision that this listener started has ended.
    pub(super) fn provision_ended(&mut self, code: u8) {
        let now = self.now();
        self.queue.ended(now, code == 0);
        self.mirror.ended(&self.node, code == 0);
        self.status.count_end(code);
        let failures = self.queue.failures();
        if code == 0 {
            self.journal.tell("provision-ended", &[("exit", &code)]);
        } else {
            let due = self.queue.due().unwrap_or(now).saturating_sub(now);
            let seconds = (due + Duration::from_millis(500)).as_secs();
            let again = humantime::format_duration(Duration::from_secs(seconds));
            self.journal.tell(
                "provision-failed",
                &[
                    ("exit", &code),
                    ("in_a_row", &failures),
                    ("again_in", &again),
                ],
            );
        }
    }

    /// Somebody who provisioned this node no longer does.
    pub(super) fn freed(&mut self, holder: Holder) {
        match holder {
            Holder::Other => {
                self.journal.tell("lock-released", &[]);
                self.queue.busy(false);
            }
            Holder::Earlier => {
                let stamp = store::stamp(&self.node.paths).ok().flatten();
                let code = stamp.and_then(|stamp| stamp.exit);
                self.provision_ended(code.unwrap_or(u8::MAX));
            }
        }
    }
}

fn cannot_start(error: &std::io::Error) -> Failure {
    Failure::new(
        Code::CannotWrite,
        format!("cannot start a process: {error}"),
    )
}
