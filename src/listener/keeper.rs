//! The keeper of this node's announcements: keeps leases alive while the checks pass, announces again what expired, and
//! retries pending writes. A thread of its own, since the registry may be slow.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
};

use super::{
    event::{self, Event, KeeperMessage, KeptAlive},
    kept_service::KeptService,
    maintenance::{self, Maintenance},
    pending_writes::{self, PendingWrites},
    renewals::{self, KeepAlive},
};
use crate::{
    cli::Global,
    edge::{
        clock,
        registry::{Logins, Session},
    },
    model::{id::Id, service_state::ServiceState},
    node::{AssumedFiles, Node, manifests, states},
    operations::announce,
    report::{Failure, Journal, LastError, Output},
};

/// The keeper of a listener; it ends with the process.
struct Keeper {
    global: Global,
    journal: Journal,
    node: Node,
    logins: Logins,
    /// One for all leases and owed writes; it shares the watch's login.
    session: Session,
    events: Sender<Event>,
    messages: Sender<KeeperMessage>,
    kept: BTreeMap<Id, KeptService>,
    /// What the main thread knows of them.
    reported: KeptAlive,
    pending: PendingWrites,
    maintenance: Maintenance,
    reload_error: LastError,
    keepalive_errors: BTreeMap<Id, LastError>,
    pending_errors: BTreeMap<Id, LastError>,
    maintenance_errors: BTreeMap<Id, LastError>,
}

/// Starts the keeper; returns where it receives messages.
pub(super) fn start(
    global: &Global,
    journal: Journal,
    events: Sender<Event>,
    logins: Logins,
) -> Result<Sender<KeeperMessage>, Failure> {
    let (messages, receiver) = channel();
    let node = Node::load(global, AssumedFiles::default(), Output::new(global))?;
    let mut keeper = Keeper {
        global: global.clone(),
        session: node.session_sharing(&logins),
        logins,
        node,
        journal,
        events,
        messages: messages.clone(),
        kept: BTreeMap::new(),
        reported: KeptAlive::default(),
        pending: PendingWrites::default(),
        maintenance: Maintenance::default(),
        reload_error: LastError::default(),
        keepalive_errors: BTreeMap::new(),
        pending_errors: BTreeMap::new(),
        maintenance_errors: BTreeMap::new(),
    };
    event::spawn("keeper", move || keeper.run(&receiver))?;
    Ok(messages)
}

impl Keeper {
    fn run(&mut self, messages: &Receiver<KeeperMessage>) {
        self.reload();
        loop {
            // A registry that is slow does not delay the report.
            self.report_kept();
            self.keep_alive();
            self.retry_pending_writes();
            self.end_maintenance();
            self.report_kept();
            let due = self.kept.values().map(KeptService::due);
            let due = due.chain(self.pending.next_due());
            let next = due.chain(self.maintenance.next_due()).min();
            let wait = next.map(|at| at.saturating_duration_since(clock::instant()));
            let first = match wait {
                Some(wait) => messages.recv_timeout(wait),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut has_to_reload = false;
            for message in first.into_iter().chain(messages.try_iter()) {
                match message {
                    KeeperMessage::Reload => has_to_reload = true,
                    KeeperMessage::CheckResult(id, result) => self.record(&id, result),
                }
            }
            if has_to_reload {
                self.reload();
            }
        }
    }

    /// Reads this node's files again. What cannot be read stays as it was.
    fn reload(&mut self) {
        if let Ok(node) = self.node.reload(&self.global) {
            if node.settings.registry != self.node.settings.registry {
                self.session = node.session_sharing(&self.logins);
            }
            self.node = node;
        }
        match states::all(&self.node) {
            Ok(ids) => {
                self.reload_error.clear();
                self.reload_services(&ids.into_iter().collect());
            }
            Err(failure) => {
                let reason = failure.in_short();
                self.reload_error
                    .report(self.journal, "error", None, &reason);
            }
        }
    }

    fn reload_services(&mut self, ids: &BTreeSet<Id>) {
        for id in ids {
            if let Ok(state) = states::load(&self.node, id) {
                self.take_state(id, &state);
            }
        }
        self.kept.retain(|id, _| ids.contains(id));
        self.pending.retain(ids);
        self.maintenance.retain(ids);
        self.maintenance_errors.retain(|id, _| ids.contains(id));
        self.keepalive_errors.retain(|id, _| ids.contains(id));
        self.pending_errors.retain(|id, _| ids.contains(id));
    }

    fn take_state(&mut self, id: &Id, state: &ServiceState) {
        let now = clock::instant();
        self.pending.update(id, state, now);
        self.maintenance.update(id, state, (clock::now(), now));
        let leases = renewals::leases(state);
        let Some(ttl) = state.ttl().filter(|_| !leases.is_empty() && !state.held) else {
            self.kept.remove(id);
            return;
        };
        let kept = self.kept.entry(id.clone());
        let kept = kept.or_insert_with(|| KeptService::new(now));
        kept.set_leases(leases, ttl);
        let manifest = manifests::load_one(&self.node, id).ok();
        let host = self.node.settings.host.as_deref().unwrap_or_default();
        kept.set_check(manifest.as_ref(), host, &self.messages);
    }

    fn record(&mut self, id: &Id, result: Result<(), String>) {
        let kept = self.kept.get_mut(id);
        if kept.is_some_and(|kept| kept.record(result.clone(), clock::instant())) {
            match result {
                Ok(()) => self.journal.event("check-passed", &[("service", id)]),
                Err(reason) => self
                    .journal
                    .event("check-failed", &[("service", id), ("reason", &reason)]),
            }
        }
    }

    /// Keeps the leases alive that are due.
    fn keep_alive(&mut self) {
        let now = clock::instant();
        let kept = self.kept.iter_mut();
        let due = kept.filter_map(|(id, kept)| Some((id.clone(), kept.take_due(now)?)));
        let due: BTreeMap<_, _> = due.collect();
        if due.is_empty() {
            return;
        }
        self.session.renew_budget();
        for (id, result) in renewals::renew(&mut self.session, &due) {
            let result = match result {
                Ok(KeepAlive::Alive) => Ok(false),
                Ok(KeepAlive::Expired) => self.announce_again(&id),
                Err(failure) => {
                    if let Some(kept) = self.kept.get_mut(&id) {
                        kept.retry(now);
                    }
                    Err(failure)
                }
            };
            let last = self.keepalive_errors.entry(id.clone()).or_default();
            let events = ("lease-renewed", "keepalive-failed");
            report(self.journal, &id, result, last, events);
        }
    }

    /// Returns whether the registry changed.
    fn announce_again(&mut self, id: &Id) -> Result<bool, Failure> {
        self.session.renew_budget();
        let report = announce::again(&self.node, &mut self.session, id)?;
        self.pending.done(id);
        Ok(report.changed)
    }

    /// Retries the pending writes that are due.
    fn retry_pending_writes(&mut self) {
        for id in self.pending.due(clock::instant()) {
            self.session.renew_budget();
            let result = pending_writes::retry(&self.node, &mut self.session, &id);
            match &result {
                Ok(_) => self.pending.done(&id),
                Err(_) => self.pending.defer(&id, clock::instant()),
            }
            let last = self.pending_errors.entry(id.clone()).or_default();
            let events = ("resynced", "pending-write-failed");
            report(self.journal, &id, result, last, events);
        }
    }

    /// Announces the services again whose withdrawal is over.
    fn end_maintenance(&mut self) {
        for id in self.maintenance.over((clock::now(), clock::instant())) {
            self.session.renew_budget();
            let result = maintenance::end(&self.node, &mut self.session, &id);
            let last = self.maintenance_errors.entry(id.clone()).or_default();
            let events = ("maintenance-ended", "announce-failed");
            report(self.journal, &id, result, last, events);
        }
    }

    /// Reports what is kept alive to the main thread, unless that is what was reported last.
    fn report_kept(&mut self) {
        let leases = |(id, kept): (&Id, &KeptService)| {
            let error = self.keepalive_errors.get(id).and_then(LastError::reason);
            (id.clone(), kept.status(error))
        };
        let health = self.kept.iter();
        let kept = KeptAlive {
            health: health
                .map(|(id, kept)| (id.clone(), kept.is_healthy()))
                .collect(),
            leases: self.kept.iter().map(leases).collect(),
        };
        if kept != self.reported {
            self.reported.clone_from(&kept);
            // The main thread ends with the process.
            let _ended = self.events.send(Event::KeptAlive(kept));
        }
    }
}

/// Logs whether the registry was changed for a service, or why that failed.
fn report(
    journal: Journal,
    id: &Id,
    result: Result<bool, Failure>,
    last: &mut LastError,
    (changed, failed): (&str, &str),
) {
    match result {
        Ok(has_changed) => {
            last.clear();
            if has_changed {
                journal.event(changed, &[("service", id)]);
            }
        }
        Err(failure) => last.report(journal, failed, Some(id), &failure.in_short()),
    }
}
