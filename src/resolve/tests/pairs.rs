//! Requirements of two names: the values of one provider stay together, by table and in random fleets.

use proptest::prelude::*;

use super::{World, requiring};
use crate::{harness::seed, model::settings::OnUnreachable};

/// What one provider of the service `db` announces: of `A` and `B`, and in which region.
#[derive(Clone, Debug)]
struct DbNode {
    names: &'static [&'static str],
    west: bool,
    known: bool,
}

fn db_node() -> impl Strategy<Value = DbNode> {
    let names = prop_oneof![
        3 => Just(&["A", "B"][..]),
        1 => Just(&["A"][..]),
        1 => Just(&["B"][..]),
    ];
    (names, any::<bool>(), any::<bool>()).prop_map(|(names, west, known)| DbNode {
        names,
        west,
        known,
    })
}

/// The value of a name is the name and the number of its node.
fn world(nodes: &[DbNode], requires: &str) -> World {
    let mut world = requiring(requires).regions(&["east", "west"]);
    for (number, node) in nodes.iter().enumerate() {
        for name in node.names {
            let region = if node.west { "west" } else { "east" };
            let text = format!("{name} {region} db@{number} {name}{number}");
            world = if node.known {
                world.known(&text)
            } else {
                world.live(&text)
            };
        }
    }
    world
}

/// The providers whose values may be taken: those of both names, in the first region with any. Of a name that is live
/// anywhere only live announcements count.
fn eligible(nodes: &[DbNode], is_away: bool) -> Vec<usize> {
    let has = |node: &DbNode, name: &str| node.names.contains(&name);
    let counts = |node: &DbNode, name: &str| {
        let is_live = nodes.iter().any(|other| has(other, name) && !other.known);
        has(node, name) && node.known == (is_away || !is_live)
    };
    let in_region = |west: bool| {
        let here = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.west == west);
        let both = here.filter(|(_, node)| counts(node, "A") && counts(node, "B"));
        both.map(|(number, _)| number).collect::<Vec<_>>()
    };
    let found = [false, true].map(in_region);
    found
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

#[test]
fn pairs_are_never_mixed() {
    let fleets = proptest::collection::vec(db_node(), 0..6);
    let pairs_of = |nodes: &[DbNode], requires: &str, away: Option<OnUnreachable>| {
        let mut world = world(nodes, requires);
        world.away = away;
        let outcome = world.outcome();
        let (values, _) = outcome.split_once(" (").unwrap_or_default();
        let values = values.split(',').filter(|value| !value.is_empty());
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    let played = seed::runner().run(&fleets, |nodes| {
        for away in [None, Some(OnUnreachable::LastKnown)] {
            let pair = |number: usize| format!("A{number}:B{number}");
            let eligible = eligible(&nodes, away.is_some());
            let eligible: Vec<String> = eligible.into_iter().map(pair).collect();
            let all = pairs_of(&nodes, r#"{"value": "{A}:{B}", "pick": "all"}"#, away);
            prop_assert_eq!(&all, &eligible);
            let one = pairs_of(&nodes, r#""{A}:{B}""#, away);
            prop_assert_eq!(one.len(), eligible.len().min(1));
            prop_assert!(one.iter().all(|pair| eligible.contains(pair)));
        }
        Ok(())
    });
    played.unwrap();
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
