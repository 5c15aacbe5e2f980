//! Who is behind the registry, by table.

use super::*;
use crate::model::{sample, snapshot::Entry};

const KEY: &str = "/reconf/v1/f/provides/API_URL/default/api@api01";

fn entry(key: &str, value: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
        revision: 9,
        lease: 0,
    }
}

fn snapshot(entries: Vec<Entry>) -> Snapshot {
    Snapshot::new(&Id::parse("f").unwrap(), 10, entries)
}

#[test]
fn a_user_is_as_current_as_the_worst_that_it_uses() {
    use Currency::{Behind, Current, Perhaps};
    let key = sample::key("f", "API_URL");
    let live = |revision| sample::live(&key, &sample::announcement("x"), revision);
    let tombstone = sample::tombstone(&key, By::Hand, 6);
    let unreadable = entry(KEY, "{}");
    for (entries, sources, expected) in [
        (vec![live(5)], vec![(KEY, 5)], Current),
        (vec![live(5)], vec![(KEY, 4)], Perhaps),
        (vec![live(5)], vec![(KEY, OFFERED)], Current),
        (vec![], vec![(KEY, OFFERED)], Behind),
        // A registry that was restored from a backup.
        (vec![live(5)], vec![(KEY, 7)], Perhaps),
        (vec![tombstone.clone()], vec![(KEY, 5)], Behind),
        (vec![], vec![(KEY, 5)], Behind),
        (vec![unreadable], vec![(KEY, 5)], Perhaps),
        (vec![live(5), tombstone], vec![(KEY, 5)], Current),
        (vec![live(5)], vec![(KEY, 5), ("no key", 5)], Perhaps),
        (
            vec![live(5)],
            vec![
                (KEY, 4),
                ("/reconf/v1/f/provides/API_URL/default/api@api02", 5),
            ],
            Behind,
        ),
        (vec![], vec![], Current),
    ] {
        let record = serde_json::json!({ "API": sources }).to_string();
        let mut entries = entries.clone();
        entries.push(entry("/reconf/v1/f/applied/web01/www", &record));
        let snapshot = snapshot(entries);
        let users = users(&Id::parse("f").unwrap(), &snapshot);
        assert_eq!(users[0].currency, expected, "{record} {snapshot:?}");
    }
}

#[test]
fn the_records_of_a_balancer_are_those_of_one_user() {
    let record = |name: &str, node: &str| {
        let key = format!("/reconf/v1/f/applied/web01/@balance/{name}");
        let used = format!("/reconf/v1/f/provides/{name}/default/api@{node}");
        entry(
            &key,
            &format!(r#"{{"{name}": [["{used}", 5]], "__CONNECTIONS": [["x", 2]]}}"#),
        )
    };
    let live = sample::live(&sample::key("f", "A_URL"), &sample::announcement("x"), 5);
    let entries = vec![
        live,
        record("A_URL", "api01"),
        record("B_URL", "api01"),
        entry("/reconf/v1/f/applied/web01/@balance/C_URL", "[]"),
        entry("/reconf/v1/f/applied/web01/api", "[]"),
        entry("/reconf/v1/f/applied/web01/www", "{}"),
    ];
    let snapshot = snapshot(entries);
    let found = users(&Id::parse("f").unwrap(), &snapshot);
    let found: Vec<_> = found
        .iter()
        .map(|user| {
            (
                user.user.as_str(),
                user.currency,
                user.unreadable.clone(),
                user.outdated.len(),
                user.is_unknown(),
            )
        })
        .collect();
    let key = |user: &str| vec![format!("/reconf/v1/f/applied/web01/{user}")];
    let balancer = key("@balance/C_URL");
    let expected = [
        ("its balancer", Currency::Behind, balancer, 1, false),
        ("api", Currency::Perhaps, key("api"), 0, true),
        ("www", Currency::Current, Vec::new(), 0, false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn withdrawals_by_hand_are_told_apart_by_what_they_say_and_whether_they_hold() {
    let [a, b, c] = ["A_URL", "B_URL", "C_URL"].map(|name| sample::key("f", name));
    let snapshot = snapshot(vec![
        sample::tombstone(&a, By::Hand, 5),
        sample::tombstone(&b, By::Hand, 5),
        sample::tombstone(&c, By::Hand, 5),
        sample::live(&c, &sample::announcement("x"), 6),
        sample::tombstone(&sample::key("f", "D_URL"), By::Manifest, 5),
    ]);
    let found = held(&snapshot);
    let found: Vec<_> = found
        .iter()
        .map(|held| (held.names.len(), held.is_live))
        .collect();
    assert_eq!(found, [(2, false), (1, true)]);
}
