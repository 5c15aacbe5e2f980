//! The fleets that are drawn: what was announced when, and who rendered when.

use std::collections::BTreeSet;

use crate::{
    harness::seed::Dice,
    model::{
        announcement::{Announcement, By},
        applied::applied_record,
        configuration::Configuration,
        environment::Environment,
        facts::Facts,
        id::Id,
        key::{self, Key},
        last_known::LastKnown,
        local_form::LocalPorts,
        manifest::Manifest,
        name::Name,
        sample,
        snapshot::{Entry, Snapshot},
    },
    resolve::{LocalOffers, RegistryState, ResolveInput, resolve},
};

const REQUIRES: [&str; 8] = [
    r#""{A}""#,
    r#""{A}""#,
    r#""<{B}>""#,
    r#"{"value": "{A}", "pick": "all"}"#,
    r#"{"value": "{A}", "default": "d"}"#,
    r#""{A}:{B}""#,
    r#"{"value": "{A}:{B}", "pick": "all"}"#,
    r#"{"value": "{A}{C}", "optional": true}"#,
];

const DATASTORES: [&str; 4] = [
    "{}",
    "{}",
    r#"{"datastores": {"A": "a"}}"#,
    r#"{"datastores": {"B": "b", "C": "c"}}"#,
];

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// An announcement, with the revisions between which it was there.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) key: Key,
    pub(super) from: i64,
    pub(super) until: i64,
}

/// A service `www` on a node, which rendered last when the registry was at a revision.
#[derive(Clone, Debug)]
pub(super) struct Consumer {
    pub(super) node: Id,
    pub(super) requires: &'static str,
    pub(super) regions: Vec<Id>,
    pub(super) datastores: &'static str,
    pub(super) rendered: i64,
}

const NOW: i64 = 100;

pub(super) fn one<T: Clone>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.roll(all.len())].clone()
}

pub(super) fn draw_lives(dice: &mut Dice) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    for _ in 0..dice.roll(12) {
        let key = Key {
            federation: Id::default_scope(),
            name: Name::parse(one(dice, &["A", "A", "B", "C"])).unwrap(),
            region: id(one(dice, &["east", "east", "east", "west"])),
            service: id(one(dice, &["api", "api", "api", "db"])),
            node: id(one(dice, &["n1", "n2", "n3", "n4"])),
        };
        let from = one(dice, &[10, 10, 10, 20, 60]);
        let until = one(dice, &[NOW, NOW, NOW, NOW, 70]);
        if lives.iter().all(|life| life.key != key) {
            lives.push(Life { key, from, until });
        }
    }
    lives
}

pub(super) fn draw_consumer(dice: &mut Dice, number: usize) -> Consumer {
    let regions = [
        &["east"][..],
        &["east"],
        &["east", "west"],
        &["west", "east"],
    ];
    Consumer {
        node: id(&format!("web{number}")),
        requires: one(dice, &REQUIRES),
        regions: one(dice, &regions)
            .iter()
            .map(|region| id(region))
            .collect(),
        datastores: one(dice, &DATASTORES),
        rendered: one(dice, &[50, 50, 80, 99]),
    }
}

/// The announcements at a revision; those that have left have tombstones.
pub(super) fn at(
    lives: &[Life],
    revision: i64,
    left: &BTreeSet<Key>,
    more: Vec<Entry>,
) -> Snapshot {
    let mut entries = more;
    for life in lives.iter().filter(|life| !left.contains(&life.key)) {
        if (life.from..life.until).contains(&revision) {
            let announcement = Announcement {
                service: life.key.service.clone(),
                node: life.key.node.clone(),
                ..sample::announcement(&life.key.provider())
            };
            entries.push(sample::live(&life.key, &announcement, life.from));
        }
    }
    entries.extend(
        left.iter()
            .map(|key| sample::tombstone(key, By::Retired, NOW)),
    );
    Snapshot::new(&Id::default_scope(), revision, entries)
}

/// What a consumer has when it reads that, and the providers whose values it has.
pub(super) fn resolved(
    consumer: &Consumer,
    snapshot: &Snapshot,
    known: &LastKnown,
) -> Option<Environment> {
    let json = format!(
        r#"{{"id": "www", "requires": {{"URL": {}}}}}"#,
        consumer.requires
    );
    let home = Id::default_scope();
    let manifest = Manifest::parse("www.json", &json, &id("www"), &home).unwrap();
    let facts = Facts {
        node: consumer.node.clone(),
        region: id("east"),
        host: "10.0.0.1".to_owned(),
    };
    let configuration = Configuration::parse("c.json", consumer.datastores, &home);
    let datastores = configuration.unwrap().datastores;
    let input = ResolveInput {
        manifest: &manifest,
        node: &consumer.node,
        region: &facts.region,
        regions: &consumer.regions,
        registry: RegistryState::Available(snapshot),
        local_offers: &LocalOffers::new([], &facts),
        local_ports: &LocalPorts::default(),
        last_known: known,
        datastores: &datastores[&home],
    };
    resolve(&input)
        .ok()
        .map(|resolution| resolution.environment)
}

pub(super) fn known_at(lives: &[Life], revision: i64) -> LastKnown {
    let mut known = LastKnown::default();
    let names = ["A", "B", "C"]
        .map(|name| Name::parse(name).unwrap())
        .into();
    for at_revision in [15, revision] {
        known.update(
            &names,
            &at(lives, at_revision, &BTreeSet::new(), Vec::new()),
            |_| false,
        );
    }
    known
}

/// What the consumers that could render have recorded.
pub(super) fn records(lives: &[Life], consumers: &[Consumer]) -> Vec<Entry> {
    let record = |consumer: &Consumer| {
        let then = at(lives, consumer.rendered, &BTreeSet::new(), Vec::new());
        let known = known_at(lives, consumer.rendered);
        let environment = resolved(consumer, &then, &known)?;
        Some(Entry {
            key: key::applied_record(&Id::default_scope(), &consumer.node, &id("www")),
            value: serde_json::to_vec(&applied_record(&environment)).unwrap(),
            revision: consumer.rendered,
            lease: 0,
        })
    };
    consumers.iter().filter_map(record).collect()
}
