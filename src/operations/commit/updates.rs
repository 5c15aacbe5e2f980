//! Sending the updates of many writes in as few transactions as fit, several of them at the same time.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    announce::{self, Packet, PacketLimits, Update},
    edge::registry::{Commit, MAX_OPERATIONS, RegistryError, Session},
    model::{id::Id, transaction::Transaction},
};

/// How much one transaction takes: etcd refuses requests above 1.5 MiB.
const LIMITS: PacketLimits = PacketLimits {
    operations: MAX_OPERATIONS,
    bytes: 1 << 20,
};

/// How the updates of writes ended, by the numbers of the writes; those of all others were made.
#[derive(Default)]
pub(crate) struct UpdateEnds {
    pub(crate) failed: BTreeMap<usize, RegistryError>,
    pub(crate) conflicts: BTreeSet<usize>,
    /// The revision at which each key was written.
    pub(crate) revisions: BTreeMap<String, i64>,
}

/// Sends the updates of writes, each with its number, to one federation. Each write stands alone.
pub(crate) fn send_updates(
    session: &mut Session,
    federation: &Id,
    updates: Vec<(usize, Vec<Update>)>,
) -> UpdateEnds {
    let mut ends = UpdateEnds::default();
    let mut packets = announce::pack(updates, LIMITS);
    while !packets.is_empty() {
        let transactions: Vec<Transaction> = packets.iter().map(Packet::transaction).collect();
        let results = session.commit_all(federation, &transactions);
        let ended = packets.into_iter().zip(results);
        packets = ended
            .flat_map(|(packet, result)| ends.take(packet, result))
            .collect();
    }
    ends
}

impl UpdateEnds {
    /// Takes the result of a packet; returns what of it is to be sent again.
    fn take(&mut self, packet: Packet, result: Result<Commit, RegistryError>) -> Vec<Packet> {
        match result {
            Ok(Commit::Done { revision }) => {
                let keys = packet.keys().map(|key| (key.to_owned(), revision));
                self.revisions.extend(keys);
                Vec::new()
            }
            // The registry does not say whose lease had ended.
            Ok(Commit::Conflict { changed }) if changed.is_empty() && packet.writes().len() > 1 => {
                packet.alone()
            }
            // Nothing of the packet was written, and most of it can be.
            Ok(Commit::Conflict { changed }) => {
                let about = packet.writes_about(&changed);
                let left = packet.without(&about);
                self.conflicts.extend(about);
                left.into_iter().collect()
            }
            // The registry does not say whose update it refuses.
            Err(error) if !error.is_unreachable() && packet.writes().len() > 1 => packet.alone(),
            Err(error) => {
                let failed = packet.writes().into_iter().map(|at| (at, error.clone()));
                self.failed.extend(failed);
                Vec::new()
            }
        }
    }
}
