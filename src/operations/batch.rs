//! What the services of one call are to write to the registry, planned before anything is written.

use std::collections::BTreeMap;

use crate::{
    announce::{Hold, Intent, Plan, ServiceLease},
    model::{id::Id, key::Key, service_state::AnnounceProgress, withdrawal_note::WithdrawalNote},
    report::{Code, Failure},
};

/// What is to be done for the services of one call.
#[derive(Default)]
pub(crate) struct WriteBatch {
    /// The services that it is about, and what their states say from now on.
    pub(crate) marks: BTreeMap<Id, Mark>,
    /// What is written, a service's own writes in the order in which they are reported.
    pub(crate) writes: Vec<PlannedWrite>,
}

/// What the state of a service says of its being held from now on.
#[derive(PartialEq, Eq)]
pub(crate) enum HoldMark {
    /// It was withdrawn by hand.
    Held(WithdrawalNote),
    /// It is held no more.
    Ended,
}

/// What the state of a service says from now on, whatever becomes of its writes.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Whether it is held, where no write decides that; `None`: as before.
    pub(crate) held: Option<HoldMark>,
    /// Keys of which the registry was found to say that it is held.
    pub(crate) found_held: Vec<Key>,
    /// What the tombstones of these say of themselves.
    pub(crate) found_note: WithdrawalNote,
    /// When the state was read, before the registry was.
    pub(crate) read: u64,
    /// Keys that are another machine's to withdraw.
    pub(crate) forgotten: Vec<Key>,
}

impl Mark {
    /// Whether it changes anything.
    pub(crate) fn is_set(&self) -> bool {
        self.held.is_some() || !self.forgotten.is_empty() || !self.found_held.is_empty()
    }
}

/// What one service is to change in one federation.
pub(crate) struct PlannedWrite {
    pub(crate) service: Id,
    pub(crate) federation: Id,
    pub(crate) plan: Plan,
    /// The lease of its announcements.
    pub(crate) lease: Option<ServiceLease>,
    /// How new announcements are recorded before the registry has them.
    pub(crate) progress: AnnounceProgress,
    /// What becomes of the service's being held.
    pub(crate) hold: Hold,
    /// When the state was read: before the registry was.
    pub(crate) read: u64,
    /// Whether this node's state of the service records it.
    pub(crate) recorded: bool,
    /// Other records to remove: those with a revision only if they still have it.
    pub(crate) cleared: BTreeMap<String, Option<i64>>,
    /// Why the registry cannot be written, so that the plan is recorded only.
    pub(crate) unread: Option<Failure>,
    /// Why the registry refused it, where that is no failure: outside the node's own federations.
    pub(crate) refused: Option<Failure>,
}

impl PlannedWrite {
    /// A write that changes nothing yet, of a service whose state was read at the moment `read`.
    pub(crate) fn new(service: Id, federation: Id, read: u64) -> Self {
        Self {
            service,
            federation,
            plan: Plan::default(),
            lease: None,
            progress: AnnounceProgress::Pending,
            hold: Hold::Keep,
            read,
            recorded: true,
            cleared: BTreeMap::new(),
            unread: None,
            refused: None,
        }
    }

    /// A warning about what stays announced, because the registry refuses to take it back.
    pub(crate) fn refusal(&self) -> Option<String> {
        let reason = self.refused.as_ref()?.in_short();
        let (service, federation) = (&self.service, &self.federation);
        Some(format!(
            "what `{service}` announced in federation `{federation}` stays announced: {reason}"
        ))
    }

    /// Whether the registry refuses for certain to take something back outside the node's own `federations`.
    pub(crate) fn is_foreign_refusal(&self, federations: &[Id], failure: &Failure) -> bool {
        let is_certain = matches!(failure.code, Code::NotPermitted | Code::Data);
        is_certain && self.plan.puts.is_empty() && !federations.contains(&self.federation)
    }

    /// What the state records before it is sent.
    pub(super) fn intent(&self) -> Intent<'_> {
        let lease = self.lease.map(ServiceLease::lease);
        Intent::of(&self.plan, lease, self.progress, self.hold)
    }
}
