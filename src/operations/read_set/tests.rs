//! What a read set requests, and what an answer to it is.

use super::*;

#[test]
fn a_name_covers_its_announcements_and_the_rest_is_read_key_by_key() {
    let federation = Id::parse("f").unwrap();
    let key = |name: &str| {
        let path = format!("/reconf/v1/f/provides/{name}/r/api@api01");
        Key::parse(&path).unwrap().1
    };
    let mut reads = ReadSet::default();
    assert!(reads.requests().is_empty());
    reads.names(&federation, [Name::parse("A").unwrap()].iter());
    reads.announcement(&key("A"));
    reads.announcement(&key("B"));
    reads.prefix(&federation, "/reconf/v1/f/slots/".to_owned());
    let ranges = [
        Range::Prefix("/reconf/v1/f/provides/A/".to_owned()),
        Range::Prefix("/reconf/v1/f/withdrawn/A/".to_owned()),
        Range::Key("/reconf/v1/f/provides/B/r/api@api01".to_owned()),
        Range::Key("/reconf/v1/f/withdrawn/B/r/api@api01".to_owned()),
        Range::Prefix("/reconf/v1/f/slots/".to_owned()),
    ];
    assert_eq!(reads.requests(), [(federation, ranges.to_vec())]);
}

#[test]
fn an_answer_is_absent_failed_or_a_snapshot() {
    let federation = Id::parse("f").unwrap();
    let mut snapshots = Snapshots::default();
    assert!(matches!(snapshots.of(&federation), Read::NotAsked));
    assert!(matches!(snapshots.of(&federation).required(), Ok(None)));
    snapshots = Snapshots::awaited([&federation].into_iter());
    assert!(snapshots.of(&federation).error().is_some_and(|e| e.is_away));
    assert!(snapshots.of(&federation).required().is_err());
    snapshots.list(federation.clone(), Snapshot::default());
    assert!(snapshots.of(&federation).snapshot().is_some());
}
