//! What a service offers, and what the registry may have of it.

use std::collections::BTreeMap;

use crate::model::{
    announcement::{Announcement, By, Tombstone},
    facts::Facts,
    id::Id,
    key::{Key, Kind},
    manifest::Manifest,
    offer::{offered_keys, offers},
    snapshot::{Entry, Snapshot},
    withdrawal_note::WithdrawalNote,
};

pub(super) const API: &str = r#"{"id": "api", "environment": {"PORT": 1100, "MOUNT": "v1"}, "local_port": 7,
    "provides": {"API_URL": "http://{HOST}:{PORT}/{MOUNT}?{node}-{REGION}-{FEDERATION}"}}"#;

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(super) fn offered(json: &str, since: &str) -> BTreeMap<Key, Announcement> {
    let json = json.replace("{node}", "{NODE}");
    let manifest = Manifest::parse("api.json", &json, &id("api"), &Id::default_scope()).unwrap();
    let facts = Facts {
        node: id("api01"),
        region: id("east"),
        host: "fe80::1".into(),
    };
    let offers = offers(&manifest, &facts, since);
    assert!(
        offers
            .keys()
            .eq(&offered_keys(&manifest, &facts.node, &facts.region))
    );
    offers
}

pub(super) fn the_one(offers: &BTreeMap<Key, Announcement>) -> (Key, Announcement) {
    let (key, announcement) = offers.first_key_value().unwrap();
    (key.clone(), announcement.clone())
}

pub(super) fn live(key: &Key, announcement: &Announcement, lease: i64) -> Entry {
    let (key, value) = (
        key.path(Kind::Provides),
        serde_json::to_vec(announcement).unwrap(),
    );
    Entry {
        key,
        value,
        revision: 5,
        lease,
    }
}

pub(super) fn tombstone(key: &Key, by: By) -> Entry {
    let value = serde_json::to_vec(&Tombstone {
        by,
        at: "2026-01-01T00:00:00Z".into(),
        note: WithdrawalNote::default(),
    })
    .unwrap();
    Entry {
        key: key.path(Kind::Withdrawn),
        value,
        revision: 6,
        lease: 3,
    }
}

/// The same tombstone, which says this.
pub(super) fn noted(entry: Entry, note: WithdrawalNote) -> Entry {
    let tombstone: Tombstone = serde_json::from_slice(&entry.value).unwrap();
    let value = serde_json::to_vec(&Tombstone { note, ..tombstone }).unwrap();
    Entry { value, ..entry }
}

pub(super) fn snapshot(entries: &[Entry]) -> Snapshot {
    Snapshot::new(&Id::default_scope(), 9, entries.to_vec())
}
