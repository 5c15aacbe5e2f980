//! The announcements of a name in a region that a reference may use.

use std::collections::BTreeMap;

use super::{input::ResolveInput, local_offers::LocalOffers};
use crate::model::{
    announcement::{Announcement, By},
    id::Id,
    key::Key,
    name::Name,
    snapshot::{LiveEntry, Snapshot},
};

/// An announcement that a reference may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsableAnnouncement<'a> {
    pub(super) announcement: &'a Announcement,
    /// The revision of its key; 0 for an offer of this node.
    pub(super) revision: i64,
}

/// Candidates by their keys.
pub(super) type Candidates<'a> = BTreeMap<Key, UsableAnnouncement<'a>>;

/// The live announcements, with this node's current offers instead of its announcements.
pub(super) fn live<'a>(
    input: &ResolveInput<'a>,
    snapshot: &'a Snapshot,
    region: &'a Id,
    name: &'a Name,
) -> Candidates<'a> {
    let announced = announced(input, snapshot, region, name).map(|(key, live)| {
        let candidate = UsableAnnouncement {
            announcement: &live.announcement,
            revision: live.revision,
        };
        (key.clone(), candidate)
    });
    let mut candidates: Candidates = announced.collect();
    candidates.extend(offered(input, snapshot, region, name));
    candidates
}

/// Whether [`live`] has any.
pub(super) fn is_live(input: &ResolveInput, snapshot: &Snapshot, region: &Id, name: &Name) -> bool {
    let mut announced = announced(input, snapshot, region, name);
    announced.next().is_some() || offered(input, snapshot, region, name).next().is_some()
}

/// The announcements of other nodes.
fn announced<'s>(
    input: &ResolveInput<'_>,
    snapshot: &'s Snapshot,
    region: &Id,
    name: &Name,
) -> impl Iterator<Item = (&'s Key, &'s LiveEntry)> {
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
    // A range: the listener's snapshot has every name of the node, and it resolves each of them.
    let announced = snapshot.live.range(first..);
    announced
        .take_while(move |(key, _)| here(key))
        .filter(|(key, _)| !input.local_offers.owns(key))
}

/// This node's offers, but for what a person has withdrawn.
fn offered<'a>(
    input: &ResolveInput<'a>,
    snapshot: &Snapshot,
    region: &'a Id,
    name: &'a Name,
) -> impl Iterator<Item = (Key, UsableAnnouncement<'a>)> {
    let by_hand = |key: &Key| {
        let withdrawn = snapshot.withdrawn.get(key);
        withdrawn.is_some_and(|w| w.tombstone.by == By::Hand)
    };
    let federation = &input.manifest.federation;
    let own = local(input.local_offers, federation, region, name);
    own.filter(move |(key, _)| !by_hand(key))
}

/// The last known announcements, except withdrawn ones and those of this node.
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
            let candidate = UsableAnnouncement {
                announcement: &kept.announcement,
                revision: kept.revision,
            };
            (key, candidate)
        })
        .collect()
}

/// This node's offers of a name.
pub(super) fn local<'a>(
    offers: &'a LocalOffers,
    federation: &'a Id,
    region: &'a Id,
    name: &'a Name,
) -> impl Iterator<Item = (Key, UsableAnnouncement<'a>)> {
    offers
        .of(federation, region, name)
        .map(|(key, announcement)| {
            let candidate = UsableAnnouncement {
                announcement,
                revision: 0,
            };
            (key.clone(), candidate)
        })
}
