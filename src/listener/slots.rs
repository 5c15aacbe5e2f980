//! `max_parallel`: how many nodes of a federation provision at the same time. Each holds one of as many numbered keys, on a
//! lease, so that the slot of a node that dies is free again.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    cli::Global,
    edge::{
        clock,
        registry::{Commit, Renewal, Session},
    },
    model::{
        key,
        transaction::{Change, Precondition},
    },
    node::{AssumedFiles, Node},
    operations::read_set::ReadSet,
    report::{Failure, Output},
};

/// How long a slot outlives its holder.
const TTL: Duration = Duration::from_secs(15);

/// How often the lease of a slot is kept alive.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(4);

/// A slot that this node holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) key: String,
    pub(super) lease: i64,
    /// The revision of the key.
    pub(super) revision: i64,
}

/// Takes one of `limit` slots; `None` if none is free, or another node was faster. `start` is where this node begins to
/// look, so that not all nodes try the same one.
pub(super) fn take(
    node: &Node,
    session: &mut Session,
    limit: u32,
    start: u64,
) -> Result<Option<Slot>, Failure> {
    let federation = &node.settings.federation;
    let prefix = key::slots_prefix(federation);
    let mut reads = ReadSet::default();
    reads.prefix(federation, prefix.clone());
    let snapshots = reads.read(session);
    let Some(snapshot) = snapshots.of(federation).required()? else {
        return Ok(None);
    };
    let taken: BTreeSet<&str> = snapshot.others.keys().map(String::as_str).collect();
    let free = (0..limit).map(|n| (start + u64::from(n)) % u64::from(limit));
    let Some(key) = free
        .map(|n| format!("{prefix}{n}"))
        .find(|key| !taken.contains(key.as_str()))
    else {
        return Ok(None);
    };
    let lease = session.grant_new(federation, TTL)?;
    let holder = json!({"node": node.id()?, "since": clock::rfc3339(clock::now())});
    let absent = Precondition {
        key: key.clone(),
        revision: 0,
    };
    let put = Change::Put {
        key: key.clone(),
        value: holder.to_string().into_bytes(),
        lease,
    };
    Ok(match session.commit(federation, &[absent], &[put])? {
        Commit::Done { revision } => Some(Slot {
            key,
            lease,
            revision,
        }),
        Commit::Conflict { .. } => None,
    })
}

/// Keeps a slot alive until the other side of `end` is dropped, then gives it back. `holder` is from before the provision, which
/// may break the configuration.
pub(super) fn keep(global: &Global, mut holder: Option<Holder>, slot: &Slot, end: &Receiver<()>) {
    while end.recv_timeout(KEEPALIVE_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        // Credentials may have changed.
        holder = Holder::load(global, holder);
        let Some(holder) = &mut holder else { continue };
        if !holder.keeps(slot) {
            let gone = "the slot of this provision has expired: another node may take it";
            holder.node.out.warning(gone);
            return;
        }
    }
    if let Some(mut holder) = Holder::load(global, holder) {
        holder.session.renew_budget();
        // A slot that cannot be given back expires with its lease.
        let _expires = give_back(&holder.node, &mut holder.session, slot);
    }
}

/// Whoever keeps a slot, with one session for all its calls.
pub(super) struct Holder {
    node: Node,
    session: Session,
}

impl Holder {
    /// With the configuration as it is now; where that is broken, as it was `before`.
    pub(super) fn load(global: &Global, before: Option<Self>) -> Option<Self> {
        let Ok(node) = Node::load(global, AssumedFiles::default(), Output::new(global)) else {
            return before;
        };
        let same = |before: &Self| before.node.settings.registry == node.settings.registry;
        let session = match before.filter(same) {
            Some(before) => before.session,
            None => node.session(),
        };
        Some(Self { node, session })
    }

    /// Keeps a slot alive; false if it has expired. Its lease outlives several keep-alives that fail.
    fn keeps(&mut self, slot: &Slot) -> bool {
        self.session.renew_budget();
        let federation = &self.node.settings.federation;
        let renewed = self.session.keep_alive(federation, slot.lease);
        renewed != Ok(Renewal::Ended)
    }
}

/// Gives a slot back.
pub(super) fn give_back(node: &Node, session: &mut Session, slot: &Slot) -> Result<(), Failure> {
    let ours = Precondition {
        key: slot.key.clone(),
        revision: slot.revision,
    };
    let gone = Change::Delete {
        key: slot.key.clone(),
    };
    session.commit(&node.settings.federation, &[ours], &[gone])?;
    Ok(())
}
