//! What a requirement becomes, by everything that it can follow from (design.md section 6): no registry, no disk.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        announcement::{Announcement, By, Tombstone},
        datastores::Datastores,
        facts::Facts,
        id::Id,
        key::{Key, Kind},
        last_known::LastKnown,
        manifest::Manifest,
        name::Name,
        settings::OnUnreachable,
        snapshot::{Entry, Snapshot},
    },
    resolve::{LocalOffers, Reference, RegistryState, ResolveInput, explain, resolve},
};

mod pairs;

/// The inputs of a resolution, in short.
struct World {
    requires: String,
    regions: Vec<&'static str>,
    entries: Vec<Entry>,
    known: Vec<Entry>,
    away: Option<OnUnreachable>,
    datastores: &'static str,
    own: Vec<&'static str>,
}

/// A world in which `app` on `web01`, in region `east`, requires `URL`.
fn requiring(url: &str) -> World {
    World {
        requires: url.to_owned(),
        regions: vec!["east"],
        entries: Vec::new(),
        known: Vec::new(),
        away: None,
        datastores: "{}",
        own: Vec::new(),
    }
}

impl World {
    fn regions(mut self, regions: &[&'static str]) -> Self {
        self.regions = regions.to_vec();
        self
    }

    /// `A east api@api01 value`: an announcement, in the registry.
    fn live(mut self, text: &str) -> Self {
        self.entries.push(announcement(text));
        self
    }

    /// The same, as it was last seen.
    fn known(mut self, text: &str) -> Self {
        self.known.push(announcement(text));
        self
    }

    /// `A east api@api01`: taken back.
    fn withdrawn(mut self, text: &str, by: By) -> Self {
        let at = "2026-01-02T03:04:05Z".to_owned();
        let tombstone = serde_json::to_vec(&Tombstone { by, at }).unwrap();
        self.entries.push(entry(text, Kind::Withdrawn, tombstone));
        self
    }

    /// The registry does not answer.
    fn away(mut self, then: OnUnreachable) -> Self {
        self.away = Some(then);
        self
    }

    fn datastores(mut self, json: &'static str) -> Self {
        self.datastores = json;
        self
    }

    /// Adds another manifest of this node.
    fn beside(mut self, json: &'static str) -> Self {
        self.own.push(json);
        self
    }

    /// Asks as `consumer`.
    fn ask<T>(&self, consumer: &str, answer: impl FnOnce(&ResolveInput, &Snapshot) -> T) -> T {
        let manifest = format!(
            r#"{{"id": "app", "requires": {{"URL": {}}}}}"#,
            self.requires
        );
        let (default, region) = (Id::default_scope(), id("east"));
        let regions: Vec<Id> = self.regions.iter().map(|region| id(region)).collect();
        let snapshot = Snapshot::new(&default, 9, self.entries.clone());
        let mut known = LastKnown::default();
        let names: BTreeSet<Name> = ["A", "B"].map(|name| Name::parse(name).unwrap()).into();
        known.update(
            &names,
            &Snapshot::new(&default, 1, self.known.clone()),
            |_| false,
        );
        let datastores = Datastores::parse("configuration.json", self.datastores, &default);
        let (node, host) = (id(consumer), "10.0.0.5".to_owned());
        let facts = Facts { node, region, host };
        let own: Vec<Manifest> = self.own.iter().map(|json| parse(json, "beside")).collect();
        let input = ResolveInput {
            manifest: &parse(&manifest, "app"),
            node: &facts.node,
            region: &facts.region,
            regions: &regions,
            registry: self.away.map_or(
                RegistryState::Available(&snapshot),
                RegistryState::Unavailable,
            ),
            local_offers: &LocalOffers::new(&own, &facts),
            last_known: &known,
            datastores: &datastores.unwrap().remove(&default).unwrap_or_default(),
        };
        answer(&input, &snapshot)
    }

    /// `value (source, provider)`, `left out`, or the explanation of each missing name.
    fn outcome(&self) -> String {
        self.ask("web01", |input, snapshot| match resolve(input) {
            Ok(resolution) => resolution.environment.values().next().map_or_else(
                || "left out".to_owned(),
                |v| {
                    format!(
                        "{} ({}, {})",
                        v.value,
                        v.source.name(),
                        v.providers.join(" ")
                    )
                },
            ),
            Err(missing) => explanations(input, snapshot, &missing),
        })
    }
}

fn explanations(input: &ResolveInput, snapshot: &Snapshot, missing: &[Reference]) -> String {
    let names = snapshot.live.keys().map(|key| key.name.clone()).collect();
    let line = |reference: &Reference| {
        let reason = explain(input, snapshot, reference, &names);
        format!("{}: {reason}", reference.name)
    };
    missing.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn parse(json: &str, name: &str) -> Manifest {
    Manifest::parse("manifest.json", json, &id(name), &Id::default_scope()).unwrap()
}

fn announcement(text: &str) -> Entry {
    let (place, value) = text.rsplit_once(' ').unwrap();
    let provider = place.rsplit_once(' ').unwrap().1;
    let (service, node) = provider.split_once('@').unwrap();
    let announcement = Announcement {
        value: value.to_owned(),
        pattern: value.to_owned(),
        host: "10.0.0.9".to_owned(),
        port: None,
        local_port: None,
        service: id(service),
        node: id(node),
        public: false,
        since: "2026-01-01T00:00:00Z".to_owned(),
    };
    entry(
        place,
        Kind::Provides,
        serde_json::to_vec(&announcement).unwrap(),
    )
}

fn entry(place: &str, kind: Kind, value: Vec<u8>) -> Entry {
    let words: Vec<&str> = place.split(' ').collect();
    let (service, node) = words[2].split_once('@').unwrap();
    let key = Key {
        federation: Id::default_scope(),
        name: Name::parse(words[0]).unwrap(),
        region: id(words[1]),
        service: id(service),
        node: id(node),
    };
    Entry {
        key: key.path(kind),
        value,
        revision: 5,
        lease: 0,
    }
}

#[test]
fn announcements_come_before_last_known_before_datastores_before_the_default() {
    let all = || {
        requiring(r#"{"value": "{A}", "default": "default"}"#)
            .known("A east api@old known")
            .datastores(r#"{"datastores": {"A": "store"}}"#)
    };
    assert_eq!(
        all().live("A east api@api01 live").outcome(),
        "live (registry, api@api01)"
    );
    assert_eq!(all().outcome(), "known (last-known, api@old)");
    let forgotten = all().withdrawn("A east api@old", By::Manifest);
    assert_eq!(forgotten.outcome(), "store (datastores, )");
    assert_eq!(
        requiring(r#"{"value": "{A}", "default": "default"}"#).outcome(),
        "default (default, )"
    );
    assert_eq!(
        requiring(r#"{"value": "{A}", "optional": true}"#).outcome(),
        "left out"
    );
}

#[test]
fn the_first_region_that_has_any_counts_alone() {
    let two = || {
        requiring(r#""{A}""#)
            .live("A east api@e e")
            .live("A west api@w w")
    };
    assert_eq!(two().outcome(), "e (registry, api@e)");
    assert_eq!(
        two().regions(&["west", "east"]).outcome(),
        "w (registry, api@w)"
    );
    assert_eq!(
        two().regions(&["north", "west"]).outcome(),
        "w (registry, api@w)"
    );
    assert_eq!(
        two().regions(&["north"]).outcome(),
        "A: provided by `api`, but only in regions `east`, `west`"
    );
}

#[test]
fn a_regional_datastore_overrides_the_common_one() {
    let stores = r#"{"datastores": {"A": "common", "B": "common", "C": null}, "regions": {
        "west": {"datastores": {"A": "west", "C": "west"}}, "east": {"datastores": {"B": "east"}}}}"#;
    for (requires, expected) in [
        (r#""{A}""#, "common (datastores, )"),
        (r#""{B}""#, "east (datastores, )"),
        (
            r#""{C}""#,
            "C: set by a datastore, but only in region `west`",
        ),
    ] {
        let world = requiring(requires).datastores(stores);
        assert_eq!(world.outcome(), expected);
    }
}

#[test]
fn a_datastore_that_is_no_text_is_an_error_for_those_who_need_it() {
    let stores = r#"{"datastores": {"A": ["x"], "B": "fine"}}"#;
    let reason = "A: its datastore is a list, not a string, number or boolean (line 1 of configuration.json)";
    for (requires, expected) in [
        (r#""{A}""#, reason),
        (r#"{"value": "{A}", "default": "x"}"#, reason),
        (r#"{"value": "{A}", "optional": true}"#, reason),
        (r#""{B}""#, "fine (datastores, )"),
    ] {
        assert_eq!(requiring(requires).datastores(stores).outcome(), expected);
    }
    let announced = requiring(r#""{A}""#)
        .datastores(stores)
        .live("A east api@a x");
    assert_eq!(announced.outcome(), "x (registry, api@a)");
}

#[test]
fn a_datastore_that_ends_in_a_line_break_is_used_and_named() {
    for (value, expected) in [("x\\n", 1), ("x\\r", 1), ("x\\ny", 0), ("", 0)] {
        let stores = format!(r#"{{"datastores": {{"A": "{value}"}}}}"#).leak();
        let world = requiring(r#""<{A}>""#).datastores(stores);
        let line_breaks = world.ask("web01", |input, _| resolve(input).unwrap().line_breaks);
        assert_eq!(line_breaks.len(), expected, "{value}");
    }
}

#[test]
fn every_missing_name_is_reported_with_the_nearest_explanation() {
    let world = requiring(r#""{A}{B}{LONG_NAMED_URL}{A}""#)
        .withdrawn("A east api@api01", By::Hand)
        .datastores(r#"{"datastores": {"LONG_NAMED_URI": "x"}}"#);
    assert_eq!(
        world.outcome(),
        "A: withdrawn from `api@api01` by hand at 2026-01-02T03:04:05Z; B: nothing provides it; \
         LONG_NAMED_URL: nothing provides it; did you mean `LONG_NAMED_URI`?"
    );
}

#[test]
fn all_joins_every_value_sorted_and_once() {
    let world = requiring(r#"{"value": "<{A}>", "pick": "all", "separator": "|"}"#)
        .live("A east api@c b")
        .live("A east api@b a")
        .live("A east api@a b");
    assert_eq!(world.outcome(), "<a|b> (registry, api@a api@b api@c)");
}

#[test]
fn while_the_registry_is_unreachable_last_known_values_are_used_and_no_default_replaces_them() {
    let world = |then| {
        requiring(r#"{"value": "{A}", "default": "default"}"#)
            .datastores(r#"{"datastores": {"A": "store"}}"#)
            .away(then)
    };
    let known = |then| world(then).known("A east api@old known").outcome();
    assert_eq!(
        known(OnUnreachable::LastKnown),
        "known (last-known, api@old)"
    );
    assert_eq!(known(OnUnreachable::Datastores), "A: nothing provides it");
    assert_eq!(known(OnUnreachable::Fail), "A: nothing provides it");
    let unknown = |then| world(then).outcome();
    assert_eq!(unknown(OnUnreachable::LastKnown), "store (datastores, )");
    assert_eq!(unknown(OnUnreachable::Datastores), "store (datastores, )");
    assert_eq!(unknown(OnUnreachable::Fail), "A: nothing provides it");
    // What could not be read is covered neither by a default nor by being optional.
    let optional = requiring(r#"{"value": "{A}", "optional": true}"#);
    let optional = optional.away(OnUnreachable::LastKnown);
    assert_eq!(optional.outcome(), "A: nothing provides it");
}

#[test]
fn a_service_on_this_node_counts_as_announced_by_its_manifest() {
    let beside = r#"{"id": "beside", "environment": {"PORT": 80}, "provides": {"A": "http://{HOST}:{PORT}"}}"#;
    let alone = requiring(r#""{A}""#).beside(beside);
    assert_eq!(
        alone.outcome(),
        "http://10.0.0.5:80 (registry, beside@web01)"
    );
    // An older announcement of it in the registry is ignored.
    let announced = requiring(r#""{A}""#)
        .beside(beside)
        .live("A east beside@web01 old");
    assert_eq!(announced.outcome(), alone.outcome());
    // So is an announcement of a name that it no longer provides.
    let other = r#"{"id": "beside", "provides": {"B": "x"}}"#;
    let left = requiring(r#""{A}""#)
        .beside(other)
        .live("A east beside@web01 old");
    assert!(left.outcome().starts_with("A: "));
    // A withdrawal by hand, in any region, overrides the manifest.
    let withdrawn = requiring(r#""{A}""#).beside(beside);
    let withdrawn = withdrawn.withdrawn("A east beside@web01", By::Hand);
    assert!(
        withdrawn
            .outcome()
            .starts_with("A: withdrawn from `beside@web01`")
    );
    let away = requiring(r#""{A}""#)
        .beside(beside)
        .away(OnUnreachable::LastKnown);
    assert_eq!(away.outcome(), alone.outcome());
}

#[test]
fn consumers_spread_evenly_and_only_a_lost_share_moves() {
    let picked = |providers: &[usize], consumer: usize| {
        let world = providers
            .iter()
            .fold(requiring(r#""{A}""#), |world, provider| {
                world.live(&format!("A east api@n{provider} {provider}"))
            });
        world.ask(&format!("web{consumer}"), |input, _| {
            let environment = resolve(input).unwrap().environment;
            environment.into_values().next().unwrap().value
        })
    };
    let (all, less) = ([0, 1, 2, 3], [0, 1, 2]);
    let mut shares: BTreeMap<String, usize> = BTreeMap::new();
    for consumer in 0..400 {
        let before = picked(&all, consumer);
        let after = picked(&less, consumer);
        assert!(
            before == after || before == "3",
            "{consumer} moved from {before} to {after}"
        );
        *shares.entry(before).or_default() += 1;
    }
    assert_eq!(shares.len(), 4);
    assert!(
        shares.values().all(|share| (70..=130).contains(share)),
        "{shares:?}"
    );
}

#[test]
fn the_url_filter_encodes_each_value_and_neither_separator_nor_default() {
    let one = requiring(r#""db://u:{A|url}@{B}/{A}""#)
        .datastores(r#"{"datastores": {"A": "p@ss/é", "B": "h:1"}}"#);
    assert_eq!(
        one.outcome(),
        "db://u:p%40ss%2F%C3%A9@h:1/p@ss/é (datastores, )"
    );
    let all = requiring(r#"{"value": "[{A|url}]", "pick": "all", "separator": "/?"}"#)
        .live("A east api@a x/y")
        .live("A east api@b a+b");
    assert_eq!(all.outcome(), "[a%2Bb/?x%2Fy] (registry, api@a api@b)");
    let default = requiring(r#"{"value": "{A|url}", "default": "a/b"}"#);
    assert_eq!(default.outcome(), "a/b (default, )");
}

#[test]
fn several_references_take_their_values_from_one_provider() {
    let all = r#"{"value": "{A}:{B}", "pick": "all"}"#;
    let two = |requires: &str| {
        requiring(requires)
            .live("A east r@1 h1")
            .live("B east r@1 1")
            .live("A east r@2 h2")
            .live("B east r@2 2")
    };
    assert_eq!(two(all).outcome(), "h1:1,h2:2 (registry, r@1 r@2)");
    assert_eq!(two(r#""{A}:{B}""#).outcome(), "h1:1 (registry, r@1)");
    // One that announces only a part is left out, and so is its region.
    let part = two(all)
        .live("A east r@3 h3")
        .live("A west r@0 h0")
        .regions(&["west", "east"]);
    assert_eq!(part.outcome(), "h1:1,h2:2 (registry, r@1 r@2)");
    // A datastore fills what the providers need not announce.
    let stored = requiring(all).live("A east r@1 h1").live("A east r@2 h2");
    let stored = stored.datastores(r#"{"datastores": {"B": "9"}}"#);
    assert_eq!(stored.outcome(), "h1:9,h2:9 (datastores, r@1 r@2)");
    // The same reference twice is filled with one provider's value.
    let twice = requiring(r#"{"value": "{A}={A|url}", "pick": "all"}"#);
    let twice = twice.live("A east r@1 /").live("A east r@2 x");
    assert_eq!(twice.outcome(), "/=%2F,x=x (registry, r@1 r@2)");
}

#[test]
fn references_that_no_provider_has_together_are_unmet() {
    let apart = |requires: &str| {
        requiring(requires)
            .live("A east r@1 h1")
            .live("B east r@2 2")
            .outcome()
    };
    let reason = "no provider in these regions announces `A`, `B` together";
    let unmet = format!("A: {reason}; B: {reason}");
    assert_eq!(apart(r#""{A}:{B}""#), unmet);
    assert_eq!(apart(r#"{"value": "{A}:{B}", "pick": "all"}"#), unmet);
    assert_eq!(
        apart(r#"{"value": "{A}:{B}", "default": "none"}"#),
        "none (default, )"
    );
    // Services that share no name are no pair: one of each is taken, but there is nothing to join.
    let unrelated = |requires: &str| {
        requiring(requires)
            .live("A east www@1 w")
            .live("B east api@2 a")
            .outcome()
    };
    assert_eq!(unrelated(r#""{A},{B}""#), "w,a (registry, www@1 api@2)");
    assert_eq!(unrelated(r#"{"value": "{A},{B}", "pick": "all"}"#), unmet);
}
