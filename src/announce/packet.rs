//! The updates of many services, packed into as few transactions as fit.

use std::collections::BTreeSet;

use super::transaction::Update;
use crate::model::transaction::{Change, Transaction};

/// How much one transaction takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketLimits {
    /// Preconditions, and changes.
    pub operations: usize,
    /// Keys and values, in bytes.
    pub bytes: usize,
}

/// One transaction: updates, each with the number of the write that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packet {
    updates: Vec<(usize, Update)>,
}

/// How much of the limits is used.
#[derive(Clone, Copy, Default)]
struct Load {
    preconditions: usize,
    changes: usize,
    bytes: usize,
}

/// Packs the updates of writes, each with its number. Those of one write stay together if one transaction takes them all.
pub(crate) fn pack(writes: Vec<(usize, Vec<Update>)>, limits: PacketLimits) -> Vec<Packet> {
    let mut packets: Vec<Packet> = Vec::new();
    let mut load = Load::default();
    for (write, updates) in writes {
        let all = updates
            .iter()
            .map(Load::of)
            .fold(Load::default(), Load::plus);
        let is_whole = all.fits(limits);
        if is_whole && !load.plus(all).fits(limits) {
            (load, packets) = (Load::default(), opened(packets));
        }
        for update in updates {
            let own = Load::of(&update);
            if packets.is_empty() || !load.plus(own).fits(limits) {
                (load, packets) = (Load::default(), opened(packets));
            }
            load = load.plus(own);
            if let Some(packet) = packets.last_mut() {
                packet.updates.push((write, update));
            }
        }
    }
    packets
}

/// With a new packet to fill, unless the last one is still empty.
fn opened(mut packets: Vec<Packet>) -> Vec<Packet> {
    if packets.last().is_none_or(|last| !last.updates.is_empty()) {
        packets.push(Packet::default());
    }
    packets
}

impl Packet {
    /// What to send.
    pub(crate) fn transaction(&self) -> Transaction {
        let updates = || self.updates.iter().map(|(_, update)| update);
        Transaction {
            preconditions: updates().flat_map(|u| u.preconditions.clone()).collect(),
            changes: updates().flat_map(|u| u.changes.clone()).collect(),
        }
    }

    /// The writes that have updates in it.
    pub(crate) fn writes(&self) -> BTreeSet<usize> {
        self.updates.iter().map(|(write, _)| *write).collect()
    }

    /// The keys of its updates.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.updates.iter().map(|(_, update)| update.key.as_str())
    }

    /// The writes whose preconditions are about one of these keys; all of them if there are no keys.
    pub(crate) fn writes_about(&self, keys: &BTreeSet<String>) -> BTreeSet<usize> {
        let is_about = |update: &Update| {
            let mut preconditions = update.preconditions.iter();
            keys.is_empty() || preconditions.any(|check| keys.contains(&check.key))
        };
        let about = self.updates.iter().filter(|(_, update)| is_about(update));
        about.map(|(write, _)| *write).collect()
    }

    /// What is left without these writes.
    pub(crate) fn without(self, writes: &BTreeSet<usize>) -> Option<Self> {
        let left = self.updates.into_iter();
        let updates: Vec<_> = left.filter(|(write, _)| !writes.contains(write)).collect();
        (!updates.is_empty()).then_some(Self { updates })
    }

    /// A packet for each write.
    pub(crate) fn alone(self) -> Vec<Self> {
        let of = |write: usize| {
            let own = self.updates.iter().filter(|(of, _)| *of == write);
            let updates = own.cloned().collect();
            Self { updates }
        };
        self.writes().into_iter().map(of).collect()
    }
}

impl Load {
    fn of(update: &Update) -> Self {
        // A key that is checked is asked for as well, if it has changed.
        let checked = update.preconditions.iter().map(|check| 2 * check.key.len());
        let changed = update.changes.iter().map(|change| match change {
            Change::Put { key, value, .. } => key.len() + value.len(),
            Change::Delete { key } => key.len(),
        });
        Self {
            preconditions: update.preconditions.len(),
            changes: update.changes.len(),
            bytes: checked.chain(changed).sum(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            preconditions: self.preconditions + other.preconditions,
            changes: self.changes + other.changes,
            bytes: self.bytes + other.bytes,
        }
    }

    fn fits(self, limits: PacketLimits) -> bool {
        let operations = self.preconditions.max(self.changes);
        operations <= limits.operations && self.bytes <= limits.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::transaction::Precondition;

    const LIMITS: PacketLimits = PacketLimits {
        operations: 4,
        bytes: 100,
    };

    /// An update with two preconditions and a value of that size.
    fn update(key: &str, size: usize) -> Update {
        let check = |kind: &str| Precondition {
            key: format!("{kind}{key}"),
            revision: 1,
        };
        let put = Change::Put {
            key: key.to_owned(),
            value: vec![b'x'; size],
            lease: 0,
        };
        Update {
            key: key.to_owned(),
            preconditions: vec![check("p"), check("w")],
            changes: vec![put],
        }
    }

    /// The numbers of the writes of each packet, once for each update.
    fn packed(sizes: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let updates = |(write, sizes): (usize, &Vec<usize>)| {
            let update = |size: &usize| update(&write.to_string(), *size);
            (write, sizes.iter().map(update).collect())
        };
        let writes = sizes.iter().enumerate().map(updates).collect();
        let packets = pack(writes, LIMITS);
        let numbers = packets.into_iter();
        let numbers = numbers.map(|packet| packet.updates.into_iter().map(|(write, _)| write));
        numbers.map(Iterator::collect).collect()
    }

    #[test]
    fn updates_fill_as_few_packets_as_the_limits_allow() {
        for (sizes, expected) in [
            (vec![], vec![]),
            (vec![vec![]], vec![]),
            (vec![vec![1]], vec![vec![0]]),
            (
                vec![vec![1], vec![], vec![1], vec![1]],
                vec![vec![0, 2], vec![3]],
            ),
            // A write that fits into one packet is not torn.
            (vec![vec![1], vec![1, 1]], vec![vec![0], vec![1, 1]]),
            (vec![vec![1], vec![1, 1, 1]], vec![vec![0, 1], vec![1, 1]]),
            (vec![vec![1, 1, 1], vec![1]], vec![vec![0, 0], vec![0, 1]]),
            // Bytes count as well; what is too large for any packet is alone.
            (vec![vec![60], vec![60]], vec![vec![0], vec![1]]),
            (
                vec![vec![1], vec![500], vec![1]],
                vec![vec![0], vec![1], vec![2]],
            ),
        ] {
            assert_eq!(packed(&sizes), expected, "{sizes:?}");
        }
    }

    fn packet() -> Packet {
        let updates = [(0, "a"), (1, "b"), (1, "c"), (2, "d")];
        let updates = updates.map(|(write, key)| (write, update(key, 1)));
        Packet {
            updates: updates.into(),
        }
    }

    #[test]
    fn a_conflict_concerns_the_writes_whose_keys_changed() {
        let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        for (changed, expected) in [
            (&["pa"][..], &[0][..]),
            (&["wc"], &[1]),
            (&["pa", "wd"], &[0, 2]),
            (&["other"], &[]),
            (&[], &[0, 1, 2]),
        ] {
            let writes = packet().writes_about(&set(changed));
            assert!(writes.iter().eq(expected), "{changed:?}: {writes:?}");
        }
    }

    #[test]
    fn a_packet_goes_on_without_some_writes_or_as_one_for_each() {
        let left = packet().without(&[1].into()).unwrap();
        assert_eq!(left.writes(), [0, 2].into());
        assert_eq!(left.transaction().changes.len(), 2);
        assert_eq!(packet().without(&[0, 1, 2].into()), None);
        let alone = packet().alone();
        let keys: Vec<Vec<&str>> = alone.iter().map(|own| own.keys().collect()).collect();
        assert_eq!(keys, [vec!["a"], vec!["b", "c"], vec!["d"]]);
    }
}
