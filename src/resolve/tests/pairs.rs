//! Random fleets: whatever is announced where, the values of one provider stay together.

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
