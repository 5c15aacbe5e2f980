//! Who could provide a name in a region.

use std::collections::BTreeMap;

use super::{LocalOffers, ResolveInput};
use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::Key,
    name::Name,
    snapshot::Snapshot,
};

/// An announcement that could be chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) announcement: &'a Announcement,
    /// The revision of its key; 0 for one that this node stands for itself.
    pub(super) revision: i64,
}

pub(super) type Candidates<'a> = BTreeMap<Key, Candidate<'a>>;

/// What the registry has, with this node's own offers in the place of its own keys.
pub(super) fn live<'a>(
    input: &ResolveInput<'a>,
    snapshot: &'a Snapshot,
    region: &'a Id,
    name: &'a Name,
) -> Candidates<'a> {
    let by_hand = |key: &Key| {
        let withdrawn = snapshot.withdrawn.get(key);
        withdrawn.is_some_and(|w| w.tombstone.by == By::Hand)
    };
    let federation = &input.manifest.federation;
    let here =
        |key: &Key| key.federation == *federation && key.name == *name && key.region == *region;
    let first = Key {
        federation: federation.clone(),
        name: name.clone(),
        region: region.clone(),
        service: Id::first(),
        node: Id::first(),
    };
    // A listener has every name of its node in one snapshot, and asks for each of them.
    let announced = snapshot.live.range(first..);
    let announced = announced
        .take_while(|(key, _)| here(key))
        .filter(|(key, _)| !input.local_offers.owns(key));
    let mut candidates: Candidates = announced
        .map(|(key, live)| {
            let candidate = Candidate {
                announcement: &live.announcement,
                revision: live.revision,
            };
            (key.clone(), candidate)
        })
        .collect();
    candidates
        .extend(own(input.local_offers, federation, region, name).filter(|(key, _)| !by_hand(key)));
    candidates
}

/// What the registry said last, less what it has since withdrawn and what this node speaks for.
pub(super) fn known<'a>(
    input: &ResolveInput<'a>,
    snapshot: Option<&Snapshot>,
    region: &Id,
    name: &Name,
) -> Candidates<'a> {
    let known = input
        .last_known
        .of(&input.manifest.federation, region, name);
    known
        .into_iter()
        .filter(|(key, _)| !input.local_offers.owns(key))
        .filter(|(key, _)| snapshot.is_none_or(|s| !s.withdrawn.contains_key(key)))
        .map(|(key, kept)| {
            let candidate = Candidate {
                announcement: &kept.announcement,
                revision: kept.revision,
            };
            (key, candidate)
        })
        .collect()
}

/// This node's own offers of a name.
pub(super) fn own<'a>(
    own: &'a LocalOffers,
    federation: &'a Id,
    region: &'a Id,
    name: &'a Name,
) -> impl Iterator<Item = (Key, Candidate<'a>)> {
    own.of(federation, region, name).map(|(key, announcement)| {
        let candidate = Candidate {
            announcement,
            revision: 0,
        };
        (key.clone(), candidate)
    })
}
