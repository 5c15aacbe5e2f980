//! What a requirement becomes, by everything that it can follow from (design.md section 6): no registry, no disk.

use std::collections::BTreeMap;

use crate::{
    model::{announcement::By, settings::OnUnreachable},
    resolve::resolve,
};

mod local;
mod pairs;
mod trace;
mod world;

use world::{World, requiring};

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
fn what_this_node_announced_and_no_longer_provides_is_in_no_other_region() {
    let left = requiring(r#""{A}""#)
        .live("A east beside@web01 old")
        .beside(r#"{"id": "beside", "provides": {"B": "x"}}"#);
    assert_eq!(
        left.outcome(),
        "A: announced by `beside@web01`, but no manifest on this node provides it any more"
    );
    let elsewhere = left.live("A west api@w w");
    assert_eq!(
        elsewhere.outcome(),
        "A: provided by `api`, but only in region `west`"
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
        "A: from `api@api01`, withdrawn by hand at 2026-01-02T03:04:05Z; B: nothing provides it; \
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
            .starts_with("A: from `beside@web01`, withdrawn by")
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
