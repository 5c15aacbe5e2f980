//! The boxes and arrows of small federations.

use super::*;
use crate::model::{key::Kind, sample, snapshot::Entry};

fn key(service: &str, node: &str) -> Key {
    Key {
        service: Id::parse(service).unwrap(),
        node: Id::parse(node).unwrap(),
        ..sample::key("f", "API_URL")
    }
}

fn live(key: &Key) -> Entry {
    let announcement = crate::model::announcement::Announcement {
        service: key.service.clone(),
        node: key.node.clone(),
        ..sample::announcement("x")
    };
    sample::live(key, &announcement, 3)
}

fn used(node: &str, service: Option<&str>, key: Option<&Key>) -> AnnouncementUse {
    AnnouncementUse {
        node: Id::parse(node).unwrap(),
        service: service.map(|id| Id::parse(id).unwrap()),
        key: key.cloned(),
    }
}

/// The boxes with their nodes, and the arrows with what is wrong.
fn drawn(entries: Vec<Entry>, uses: &[AnnouncementUse]) -> (Vec<String>, Vec<String>) {
    let federation = Id::parse("f").unwrap();
    let snapshot = Snapshot::new(&federation, 9, entries);
    let picture = of_registry(&federation, &snapshot, uses);
    let boxes = picture.boxes.iter().map(|shown| {
        let nodes = shown
            .nodes
            .iter()
            .map(|node| format!("{} {}", node.node, node.state));
        format!(
            "{:?} {}: {}",
            shown.kind,
            shown.label,
            nodes.collect::<Vec<_>>().join(", ")
        )
    });
    let arrows = picture.arrows.iter().map(|arrow| {
        let ends = [arrow.from, arrow.to].map(|end| &picture.boxes[end].label);
        let names = arrow.names.iter().map(|needed| {
            format!(
                "{} {}",
                needed.name,
                needed.fault.as_deref().unwrap_or("ok")
            )
        });
        format!(
            "{} -> {}: {}",
            ends[0],
            ends[1],
            names.collect::<Vec<_>>().join(", ")
        )
    });
    (boxes.collect(), arrows.collect())
}

#[test]
fn an_arrow_says_what_has_become_of_what_a_service_runs_with() {
    let (one, two) = (key("api", "api01"), key("api", "api02"));
    let www = [
        used("web01", Some("www"), Some(&one)),
        used("web02", Some("www"), Some(&two)),
        used("web03", Some("www"), Some(&two)),
    ];
    let by_hand = sample::tombstone(&two, By::Hand, 5);
    let by_manifest = sample::tombstone(&two, By::Manifest, 5);
    for (entries, expected) in [
        (vec![live(&one), live(&two)], "API_URL ok"),
        (
            vec![live(&one)],
            "API_URL expired, still used on web02 and 1 more",
        ),
        (
            vec![live(&one), by_manifest],
            "API_URL withdrawn, still used on web02 and 1 more",
        ),
        (
            vec![by_hand.clone()],
            "API_URL withdrawn, still used on web02 and 1 more; expired, still used on web01",
        ),
        (vec![live(&one), live(&two), by_hand], "API_URL ok"),
    ] {
        let (_, arrows) = drawn(entries, &www);
        assert_eq!(arrows, [format!("www -> api: {expected}")]);
    }
}

#[test]
fn a_box_says_where_its_service_runs_and_one_that_is_gone_is_unmet() {
    let gone = key("old", "old01");
    let own = key("api", "api01");
    let uses = [
        used("web01", Some("www"), Some(&gone)),
        used("web02", Some("www"), None),
        used("web02", None, Some(&own)),
        used("api01", Some("api"), None),
    ];
    let (boxes, arrows) = drawn(vec![live(&own)], &uses);
    assert_eq!(
        boxes,
        [
            "Service api: api01 announced",
            "Unmet old: ",
            "Service www: web01 runs, web02 runs",
            "Balancer local balancers: web02 balances",
        ]
    );
    assert_eq!(
        arrows,
        [
            "www -> old: API_URL expired, still used on web01",
            "local balancers -> api: API_URL ok",
        ]
    );
    assert!(own.path(Kind::Provides).contains("api@api01"));
}
