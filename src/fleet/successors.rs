//! What takes the place of announcements that are to be withdrawn, consumer by consumer.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{NodeRecord, RecordContent, User, perhaps_a_user, records};
use crate::model::{id::Id, key::Key, name::Name, snapshot::Snapshot, spread};

/// What each user of the `keys` would take instead when `leaving` are withdrawn: a line with node, variable and service for
/// each, by the spread rule. A record says which announcements a service runs with, not which regions and datastores its
/// node has: where nothing remains, that is said.
pub(crate) fn successors(
    federation: &Id,
    keys: &BTreeSet<Key>,
    leaving: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for record in records(federation, snapshot) {
        let NodeRecord {
            node,
            user,
            content,
        } = record;
        let RecordContent::Applied(applied) = content else {
            lines.insert(perhaps_a_user(&node, &user));
            continue;
        };
        for (variable, sources) in applied {
            let used = sources.iter().filter_map(|(path, _)| Key::parse(path));
            let used: BTreeSet<Key> = used.map(|(_, key)| key).collect();
            for key in used.intersection(keys) {
                let end = match user {
                    User::Service(_) => successor(&node, key, &used, leaving, snapshot),
                    User::Balancer { .. } => behind_balancer(key, leaving, snapshot),
                };
                lines.insert(format!("{node}   {variable} of {user}: {end}"));
            }
        }
    }
    lines
}

/// What a balancer sends to instead of one of its announcements.
fn behind_balancer(key: &Key, leaving: &BTreeSet<Key>, snapshot: &Snapshot) -> String {
    let names = BTreeSet::from([&key.name]);
    if providers_of(&names, leaving, snapshot).is_empty() {
        return "none is left behind it".to_owned();
    }
    format!("without {}, to the other providers", key.provider())
}

/// What a variable that is made of the keys `used` has instead of one of them.
fn successor(
    node: &Id,
    key: &Key,
    used: &BTreeSet<Key>,
    leaving: &BTreeSet<Key>,
    snapshot: &Snapshot,
) -> String {
    let (name, provider) = (&key.name, key.provider());
    // What one provider announces together is taken from one provider again.
    let together = used.iter().filter(|other| other.provider() == provider);
    let together: BTreeSet<&Name> = together.map(|other| &other.name).collect();
    let whole = providers_of(&together, leaving, snapshot);
    let (here, elsewhere): (Vec<&Key>, Vec<&Key>) = whole
        .into_iter()
        .partition(|other| other.region == key.region);
    let others = used.iter().filter(|other| other.name == *name).count() - 1;
    if let Some(best) = here
        .iter()
        .rev()
        .max_by_key(|other| spread::score(node, other))
    {
        return if others == 0 {
            format!("{} instead of {provider}", best.provider())
        } else {
            format!("without {provider}, from the other providers")
        };
    }
    let regions: BTreeSet<String> = elsewhere
        .iter()
        .map(|o| format!("`{}`", o.region))
        .collect();
    let regions: Vec<String> = regions.into_iter().collect();
    match regions.as_slice() {
        [] => format!("unmet, unless its node has a datastore or a default for {name}"),
        some => format!(
            "unmet, unless its node also takes {name} from region {} or has a datastore or a default for it",
            some.join(", ")
        ),
    }
}

/// A key of each provider that announces all these names in a region when `leaving` are withdrawn, in their order.
fn providers_of<'a>(
    names: &BTreeSet<&Name>,
    leaving: &BTreeSet<Key>,
    snapshot: &'a Snapshot,
) -> Vec<&'a Key> {
    let remaining = snapshot.live.keys();
    let remaining = remaining.filter(|key| !leaving.contains(key) && names.contains(&key.name));
    let mut providers: BTreeMap<(&Id, String), (&Key, BTreeSet<&Name>)> = BTreeMap::new();
    for key in remaining {
        let found = providers.entry((&key.region, key.provider()));
        found.or_insert((key, BTreeSet::new())).1.insert(&key.name);
    }
    let whole = providers.into_values().filter(|(_, found)| found == names);
    whole.map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{announcement::Announcement, key::Kind, sample, snapshot::Entry};

    fn key(text: &str) -> Key {
        let path = format!("/reconf/v1/f/provides/{text}");
        Key::parse(&path).unwrap().1
    }

    fn record(value: &str) -> Entry {
        Entry {
            key: "/reconf/v1/f/applied/web01/www".to_owned(),
            value: value.as_bytes().to_vec(),
            revision: 9,
            lease: 0,
        }
    }

    fn using(keys: &[&str]) -> Entry {
        let sources = keys.iter().map(|text| (key(text).path(Kind::Provides), 3));
        let sources: Vec<(String, i64)> = sources.collect();
        record(&serde_json::to_string(&BTreeMap::from([("URL", sources)])).unwrap())
    }

    fn live(text: &&str) -> Entry {
        let key = key(text);
        let announcement = Announcement {
            service: key.service.clone(),
            node: key.node.clone(),
            ..sample::announcement("x")
        };
        sample::live(&key, &announcement, 3)
    }

    #[test]
    fn each_consumer_takes_the_next_provider_of_all_that_it_took_from_one() {
        let (a1, a2, a3) = ("A/east/api@api01", "A/east/api@api02", "A/east/api@api03");
        let (b1, b3, west) = ("B/east/api@api01", "B/east/api@api03", "A/west/api@api09");
        let unmet = "unmet, unless its node has a datastore or a default for A";
        let elsewhere = "unmet, unless its node also takes A from region `west` or has a datastore or a default for it";
        let other = "api@api02 instead of api@api01";
        for (used, live_keys, leaving, expected) in [
            (vec![a1], vec![a1], vec![a1], unmet),
            (vec![a1], vec![a1, west], vec![a1], elsewhere),
            (vec![a1], vec![a1, a2], vec![a1], other),
            (vec![a1], vec![a1, a2, west], vec![a1], other),
            (vec![a1], vec![a1, a2], vec![a1, a2], unmet),
            (
                vec![a1, a2],
                vec![a1, a2],
                vec![a1],
                "without api@api01, from the other providers",
            ),
            (
                vec![a1, b1],
                vec![a1, b1, a2, a3, b3],
                vec![a1],
                "api@api03 instead of api@api01",
            ),
            (vec![a1, b1], vec![a1, b1, a2], vec![a1], unmet),
        ] {
            let mut entries: Vec<Entry> = live_keys.iter().map(live).collect();
            entries.push(using(&used));
            let federation = Id::parse("f").unwrap();
            let snapshot = Snapshot::new(&federation, 9, entries);
            let leaving: BTreeSet<Key> = leaving.into_iter().map(key).collect();
            let keys = [key(a1)].into();
            let found = successors(&federation, &keys, &leaving, &snapshot);
            let expected = format!("web01   URL of www: {expected}");
            assert_eq!(found, [expected].into(), "{used:?} {live_keys:?}");
        }
    }

    #[test]
    fn whose_record_cannot_be_read_may_use_it_and_whoever_uses_something_else_is_left_out() {
        let federation = Id::parse("f").unwrap();
        let keys: BTreeSet<Key> = [key("A/east/api@api01")].into();
        for (record, expected) in [
            (
                record("no JSON"),
                Some("web01   www perhaps: its record of what it runs with cannot be read"),
            ),
            (using(&["A/east/api@api02"]), None),
        ] {
            let snapshot = Snapshot::new(&federation, 9, vec![record]);
            let found = successors(&federation, &keys, &keys, &snapshot);
            assert_eq!(found.into_iter().next().as_deref(), expected);
        }
    }

    #[test]
    fn a_balancer_sends_to_those_that_are_left() {
        let federation = Id::parse("f").unwrap();
        let a1 = "A/east/api@api01";
        let record = Entry {
            key: "/reconf/v1/f/applied/web01/@balance/A".to_owned(),
            ..record(&format!(
                r#"{{"A": [["/reconf/v1/f/provides/{a1}", 3]], "__CONNECTIONS": [["/reconf/v1/f/provides/{a1}", 2]]}}"#
            ))
        };
        for (live_keys, end) in [
            (vec![a1], "none is left behind it"),
            (
                vec![a1, "A/west/api@api02"],
                "without api@api01, to the other providers",
            ),
        ] {
            let mut entries: Vec<Entry> = live_keys.iter().map(live).collect();
            entries.push(record.clone());
            let snapshot = Snapshot::new(&federation, 9, entries);
            let keys = [key(a1)].into();
            let found = successors(&federation, &keys, &keys, &snapshot);
            let expected = format!("web01   A of its balancer: {end}");
            assert_eq!(found, [expected].into(), "{live_keys:?}");
        }
    }
}
