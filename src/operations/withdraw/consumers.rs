//! What `--dry-run` says of consumers, compared with what they resolve afterwards, in random fleets.

use std::collections::BTreeSet;

use crate::{
    fleet::{self, Leaving},
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

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// An announcement, with the revisions between which it was there.
#[derive(Clone, Debug)]
struct Life {
    key: Key,
    from: i64,
    until: i64,
}

/// A service `www` on a node, which rendered last when the registry was at a revision.
#[derive(Clone, Debug)]
struct Consumer {
    node: Id,
    requires: &'static str,
    regions: Vec<Id>,
    datastores: &'static str,
    rendered: i64,
}

const NOW: i64 = 100;

fn one<T: Clone>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.roll(all.len())].clone()
}

fn draw_lives(dice: &mut Dice) -> Vec<Life> {
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

fn draw_consumer(dice: &mut Dice, number: usize) -> Consumer {
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
fn at(lives: &[Life], revision: i64, left: &BTreeSet<Key>, more: Vec<Entry>) -> Snapshot {
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
fn resolved(consumer: &Consumer, snapshot: &Snapshot, known: &LastKnown) -> Option<Environment> {
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

fn known_at(lives: &[Life], revision: i64) -> LastKnown {
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

/// How many lines were certain, and how many were not.
#[derive(Debug, Default)]
struct Counts {
    certain: usize,
    unmet: usize,
    doubtful: usize,
}

/// What the consumers that could render have recorded.
fn records(lives: &[Life], consumers: &[Consumer]) -> Vec<Entry> {
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

fn play(dice: &mut Dice, counts: &mut Counts) {
    let lives = draw_lives(dice);
    let consumers: Vec<Consumer> = (0..4).map(|number| draw_consumer(dice, number)).collect();
    let now = at(&lives, 90, &BTreeSet::new(), records(&lives, &consumers));
    let gone = id(one(dice, &["n1", "n2"]));
    let known = fleet::used_keys(&Id::default_scope(), &now);
    let all = now.live.keys().chain(&known);
    let left: BTreeSet<Key> = all.filter(|key| key.node == gone).cloned().collect();
    let leaving = Leaving {
        keys: &left,
        nodes: &[gone].into(),
    };
    let foreseen = fleet::successors(&Id::default_scope(), &left, leaving, &now);
    let after = at(&lives, 90, &left, Vec::new());
    for line in &foreseen {
        let (web, said) = line.split_once("   URL of www: ").unwrap();
        let mut all = consumers.iter();
        let consumer = all.find(|consumer| consumer.node.as_str() == web).unwrap();
        let known = known_at(&lives, consumer.rendered);
        // One that is unmet already, by what expired without a trace, stays so.
        if resolved(consumer, &now, &known).is_none() {
            continue;
        }
        let later = resolved(consumer, &after, &known);
        let shown = || format!("{line}\n{lives:#?}\n{consumer:#?}\n{later:#?}");
        check(said, consumer, later.as_ref(), counts, &shown);
    }
}

fn check(
    said: &str,
    consumer: &Consumer,
    later: Option<&Environment>,
    counts: &mut Counts,
    shown: &dyn Fn() -> String,
) {
    let variable = later.and_then(|environment| environment.values().next());
    let providers = variable
        .map(|variable| variable.providers.clone())
        .unwrap_or_default();
    if said.starts_with("not certain: ") {
        counts.doubtful += 1;
    } else if let Some((other, instead)) = said.split_once(" instead of ") {
        counts.certain += 1;
        assert!(
            providers.iter().any(|provider| provider == other),
            "{}",
            shown()
        );
        assert!(
            providers.iter().all(|provider| provider != instead),
            "{}",
            shown()
        );
    } else if let Some((without, _)) = said.split_once(", from the other providers") {
        counts.certain += 1;
        let without = without.strip_prefix("without ").unwrap();
        assert!(!providers.is_empty(), "{}", shown());
        assert!(
            providers.iter().all(|provider| provider != without),
            "{}",
            shown()
        );
    } else {
        counts.unmet += 1;
        assert!(said.starts_with("unmet, unless its node "), "{said}");
        let has_other = consumer.requires.contains("default")
            || consumer.requires.contains("optional")
            || consumer.datastores != "{}"
            || consumer.regions.len() > 1
            || variable.is_some_and(|variable| variable.source.name() == "last-known");
        assert!(has_other || later.is_none(), "{}", shown());
    }
}

fn play_fleets(fleets: usize) {
    let (mut dice, mut counts) = (Dice::new(), Counts::default());
    for _ in 0..fleets {
        play(&mut dice, &mut counts);
    }
    #[expect(clippy::print_stdout, reason = "shown with the test's failure")]
    {
        println!("{counts:?}");
    }
}

#[test]
fn what_a_dry_run_is_certain_of_comes_true() {
    play_fleets(300);
}

#[test]
#[ignore = "long: script/prove"]
fn what_a_dry_run_is_certain_of_comes_true_in_ten_thousand_fleets() {
    play_fleets(10_000);
}
