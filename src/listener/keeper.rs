//! What this node has announced, kept alive: leases while the checks pass, and made anew when they have ended; and what
//! is owed to the registry, made up for. A thread of its own, for the registry may take its time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use super::{
    event::{self, Event},
    probing::Probing,
};
use crate::{
    cli::Global,
    edge::clock,
    model::{id::Id, key::Key, service_state::ServiceState},
    node::{AssumedFiles, Node, manifests, states},
    provision::Health,
    report::{Failure, Journal, Output},
};

/// How long something is owed before it is made up for: whoever owes it may still be at it.
const OWED_GRACE: Duration = Duration::from_secs(3);

/// What the keeper is told.
pub(super) enum Word {
    /// Files may have changed, or the registry may be back.
    Look,
    /// What a service record to its check.
    Answer(Id, bool),
}

/// The keeper of a listener. It ends with it.
pub(super) struct Keeping {
    pub(super) global: Global,
    pub(super) journal: Journal,
    pub(super) node: Node,
    pub(super) events: Sender<Event>,
    pub(super) answers: Sender<Word>,
    pub(super) kept: BTreeMap<Id, KeptService>,
    pub(super) owed: BTreeMap<Id, Instant>,
    pub(super) trouble: BTreeMap<Id, String>,
}

/// A service whose announcements hang on leases.
pub(super) struct KeptService {
    /// With their federations.
    pub(super) leases: BTreeSet<(Id, i64)>,
    pub(super) ttl: Duration,
    pub(super) due: Instant,
    pub(super) health: Health,
    pub(super) probing: Option<Probing>,
}

/// Starts the keeper; it is told where to look by what is returned.
pub(super) fn start(
    global: &Global,
    journal: Journal,
    events: Sender<Event>,
) -> Result<Sender<Word>, Failure> {
    let (answers, words) = channel();
    let mut keeping = Keeping {
        global: global.clone(),
        node: Node::load(global, AssumedFiles::default(), Output::new(global))?,
        journal,
        events,
        answers: answers.clone(),
        kept: BTreeMap::new(),
        owed: BTreeMap::new(),
        trouble: BTreeMap::new(),
    };
    event::start("keeper", move || keeping.work(&words))?;
    Ok(answers)
}

impl Keeping {
    fn work(&mut self, words: &Receiver<Word>) {
        let mut look = true;
        loop {
            if look {
                self.look();
            }
            self.call();
            let due = self.kept.values().map(|kept| kept.due);
            let next = due.chain(self.owed.values().copied()).min();
            let wait = next.map(|at| at.saturating_duration_since(clock::instant()));
            let first = match wait {
                Some(wait) => words.recv_timeout(wait),
                None => words.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            look = false;
            for word in first.into_iter().chain(words.try_iter()) {
                match word {
                    Word::Look => look = true,
                    Word::Answer(id, success) => self.record(&id, success),
                }
            }
        }
    }

    /// Looks what there is to be kept. What cannot be read stays as it was.
    fn look(&mut self) {
        if let Ok(node) = self.node.reload(&self.global) {
            self.node = node;
        }
        let ids = states::all(&self.node).unwrap_or_default();
        let ids: BTreeSet<Id> = ids.into_iter().collect();
        for id in &ids {
            if let Ok(state) = states::load(&self.node, id) {
                self.take(id, &state);
            }
        }
        self.kept.retain(|id, _| ids.contains(id));
        self.owed.retain(|id, _| ids.contains(id));
        self.tell();
    }

    fn take(&mut self, id: &Id, state: &ServiceState) {
        if state.has_pending_writes() {
            let later = clock::instant() + OWED_GRACE;
            self.owed.entry(id.clone()).or_insert(later);
        } else {
            self.owed.remove(id);
        }
        let announced = state.announced.iter().filter(|(_, known)| known.lease != 0);
        let leases: BTreeSet<(Id, i64)> = announced
            .filter_map(|(path, known)| Some((Key::parse(path)?.1.federation, known.lease)))
            .collect();
        let (Some(ttl), false) = (state.ttl(), leases.is_empty() || state.held) else {
            self.kept.remove(id);
            return;
        };
        let manifest = manifests::load_one(&self.node, id).ok();
        let manifest = manifest.as_ref();
        let check = manifest.and_then(|manifest| manifest.check.as_ref());
        let health = check.map_or(Health::new(1, 1), |check| {
            Health::new(check.fall, check.rise)
        });
        let due = clock::instant();
        let kept = self.kept.entry(id.clone()).or_insert_with(|| KeptService {
            leases: leases.clone(),
            ttl,
            due,
            health,
            probing: None,
        });
        (kept.leases, kept.ttl) = (leases, ttl);
        let same = |probing: &Probing| manifest.is_some_and(|m| probing.is_that_of(m));
        if check.is_none() || !kept.probing.as_ref().is_some_and(same) {
            kept.health = health;
            kept.probing = None;
            if let (Some(manifest), Some(check)) = (manifest, check) {
                let host = self.node.settings.host.clone().unwrap_or_default();
                let started = Probing::start(manifest, check, host, self.answers.clone());
                kept.probing = started.ok();
            }
        }
    }

    fn record(&mut self, id: &Id, success: bool) {
        let Some(kept) = self.kept.get_mut(id) else {
            return;
        };
        if kept.probing.is_some() && kept.health.record(success) {
            let healthy = kept.health.is_healthy();
            kept.due = clock::instant();
            let event = if healthy {
                "check-passes"
            } else {
                "check-failed"
            };
            self.journal.tell(event, &[("service", id)]);
            self.tell();
        }
    }

    fn tell(&self) {
        let kept = self.kept.iter();
        let kept = kept.map(|(id, kept)| (id.clone(), kept.health.is_healthy()));
        // A listener that ends needs no status.
        let _ended = self.events.send(Event::Kept(kept.collect()));
    }
}
