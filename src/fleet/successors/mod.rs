//! What takes the place of announcements that are to be withdrawn, consumer by consumer.

mod providers;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

use super::records::{NodeRecord, RecordContent, User, perhaps_a_user, records};
use crate::model::{id::Id, key::Key, name::Name, snapshot::Snapshot};
use providers::Providers;

/// What is about to leave, all at the same time.
#[derive(Clone, Copy)]
pub(crate) struct Leaving<'a> {
    /// The announcements.
    pub keys: &'a BTreeSet<Key>,
    /// The nodes that are gone: nothing runs there any more.
    pub nodes: &'a BTreeSet<Id>,
}

/// What a variable has instead of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Successor {
    /// The value of this provider.
    Other(String),
    /// Those of the other providers, all of which it has.
    Others,
    /// One of these, but not for certain, and why.
    Perhaps(String, Doubt),
    /// None: its region has no provider of these names, and these other regions have some.
    Unmet(BTreeSet<Name>, BTreeSet<Id>),
    /// None: no provider has all of the names that it took from one.
    Apart(BTreeSet<Name>),
}

/// Why the records do not say for certain what a variable will have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Doubt {
    /// It does not run with what it would take now.
    Outdated,
    /// Another region has the name since: the node may read that first.
    Region(Id),
    /// A provider that lacks a name may be taken where a datastore has that.
    Datastores,
    /// Providers that the node may not have seen: it may take all.
    All,
}

/// What each user of the `keys` would take instead when they leave with everything else of `leaving`: a line with node,
/// variable and service for each. A record says which announcements a service runs with, not which regions and datastores
/// its node has: what does not follow from the records alone is marked as not certain.
pub(crate) fn successors(
    federation: &Id,
    keys: &BTreeSet<Key>,
    leaving: Leaving,
    snapshot: &Snapshot,
) -> BTreeSet<String> {
    let none = BTreeSet::new();
    let (now, after) = (
        Providers::of(snapshot, &none),
        Providers::of(snapshot, leaving.keys),
    );
    let mut lines = BTreeSet::new();
    for record in records(federation, snapshot) {
        let NodeRecord { node, user, .. } = &record;
        if leaving.nodes.contains(node) {
            continue;
        }
        let RecordContent::Applied(applied) = &record.content else {
            lines.insert(perhaps_a_user(node, user));
            continue;
        };
        for (variable, sources) in applied {
            let used = sources.iter().filter_map(|(path, _)| Key::parse(path));
            let used: BTreeSet<Key> = used.map(|(_, key)| key).collect();
            let ends = match user {
                User::Service(_) => {
                    let consumer = Consumer {
                        node,
                        used: &used,
                        revision: record.revision,
                        now: &now,
                        after: &after,
                    };
                    consumer.ends(leaving.keys)
                }
                User::Balancer { .. } => balancer_ends(&used, leaving.keys, &after),
            };
            let ends = ends.iter().filter(|(key, _)| keys.contains(key));
            lines.extend(ends.map(|(_, end)| format!("{node}   {variable} of {user}: {end}")));
        }
    }
    lines
}

/// What a balancer sends to instead of each of its announcements that leave.
fn balancer_ends<'k>(
    used: &'k BTreeSet<Key>,
    leaving: &BTreeSet<Key>,
    after: &Providers,
) -> Vec<(&'k Key, String)> {
    let others_stay = used.iter().any(|key| after.has(key));
    let end = |key: &Key| {
        let regions = after.regions_of(&BTreeSet::from([&key.name]));
        match listed(&regions).as_str() {
            _ if others_stay => format!("without {}, to the other providers", key.provider()),
            "" => "none is left behind it".to_owned(),
            regions => format!("none of those behind it is left; region {regions} has others"),
        }
    };
    let gone = used.iter().filter(|key| leaving.contains(*key));
    gone.map(|key| (key, end(key))).collect()
}

/// A variable of a service on a node.
struct Consumer<'a> {
    node: &'a Id,
    /// What it is made of.
    used: &'a BTreeSet<Key>,
    /// The revision of the record that says so.
    revision: i64,
    now: &'a Providers<'a>,
    after: &'a Providers<'a>,
}

impl<'a> Consumer<'a> {
    /// What it has instead of each of its keys that leave. Without one of its names it has no value at all.
    fn ends(&self, leaving: &BTreeSet<Key>) -> Vec<(&'a Key, String)> {
        let gone = self.used.iter().filter(|key| leaving.contains(*key));
        let mut found: Vec<(&Key, Successor)> =
            gone.map(|key| (key, self.successor(key))).collect();
        let unmet = found.iter().find_map(|(_, successor)| match successor {
            Successor::Unmet(..) => Some(successor.clone()),
            _ => None,
        });
        let is_certain =
            |successor: &Successor| matches!(successor, Successor::Other(_) | Successor::Others);
        let is_doubtful = found.iter().any(|(_, successor)| !is_certain(successor));
        let mut staying = self.used.iter().filter(|key| !leaving.contains(*key));
        let is_outdated = staying.any(|key| !self.now.has(key));
        for (key, successor) in &mut found {
            match (&unmet, &*successor) {
                (Some(unmet), _) => *successor = unmet.clone(),
                (None, certain) if is_certain(certain) && (is_doubtful || is_outdated) => {
                    let whole = self
                        .after
                        .with_all(&key.region, &BTreeSet::from([&key.name]));
                    let others: Vec<String> = whole.iter().map(|key| key.provider()).collect();
                    *successor = Successor::Perhaps(others.join(", "), Doubt::Outdated);
                }
                _ => {}
            }
        }
        let written = found
            .iter()
            .map(|(key, successor)| (*key, written(key, successor)));
        written.collect()
    }

    /// What it has instead of one of its keys.
    fn successor(&self, key: &Key) -> Successor {
        let (provider, region) = (key.provider(), &key.region);
        // What one provider announces together is taken from one provider again.
        let together = self
            .used
            .iter()
            .filter(|other| other.provider() == provider);
        let together: BTreeSet<&Name> = together.map(|other| &other.name).collect();
        let whole = self.after.with_all(region, &together);
        if whole.is_empty() {
            return self.without_any(&together);
        }
        let takes_all = self
            .used
            .iter()
            .any(|other| other.name == key.name && other.provider() != provider);
        let chosen = if takes_all {
            Successor::Others
        } else {
            Successor::Other(providers::best(self.node, &whole).unwrap_or_default())
        };
        match self.doubt(key, &together, takes_all) {
            None => chosen,
            Some(doubt) => {
                let names = whole.iter().map(|key| key.provider());
                let names: Vec<String> = names.collect();
                Successor::Perhaps(names.join(", "), doubt)
            }
        }
    }

    fn without_any(&self, together: &BTreeSet<&Name>) -> Successor {
        let all_are_left = together.iter().all(|name| {
            let name = BTreeSet::from([*name]);
            !self.after.regions_of(&name).is_empty()
        });
        let names = together.iter().map(|name| (*name).clone()).collect();
        if together.len() > 1 && all_are_left {
            return Successor::Apart(names);
        }
        Successor::Unmet(names, self.after.regions_of_any(together))
    }

    /// Why what is taken does not follow from the records alone.
    fn doubt(&self, key: &Key, together: &BTreeSet<&Name>, takes_all: bool) -> Option<Doubt> {
        let region = &key.region;
        let unseen = |region: &Id| self.now.newest(region, together) > self.revision;
        let mut others = self.after.regions_of_any(together).into_iter();
        if let Some(other) = others.find(|other| other != region && unseen(other)) {
            return Some(Doubt::Region(other));
        }
        if self.now.may_be_completed(key, together) || self.is_joined(together) {
            return Some(Doubt::Datastores);
        }
        let whole = self.now.with_all(region, together);
        if takes_all {
            // Names that no service announces together any more are no pair, and cannot be joined.
            let stay_joined = self.now.joints_of(together) == self.after.joints_of(together);
            return (!stay_joined).then_some(Doubt::Datastores);
        }
        if providers::best(self.node, &whole) != Some(key.provider()) {
            let left = self.after.with_all(region, together);
            return (left.len() > 1).then_some(Doubt::Outdated);
        }
        // A single one may be all that there was.
        let seen = |other: &&&Key| self.now.revision(other) <= self.revision;
        let is_one_of_several = whole.iter().filter(seen).count() > 1;
        (!is_one_of_several && whole.len() > 2).then_some(Doubt::All)
    }

    /// Whether a service announces names of this provider together with others that the variable has from elsewhere.
    fn is_joined(&self, together: &BTreeSet<&Name>) -> bool {
        let apart = self.used.iter().map(|key| &key.name);
        let apart: BTreeSet<&Name> = apart.filter(|name| !together.contains(name)).collect();
        self.now.are_joined(together, &apart)
    }
}

/// The end of a line: what takes the place of this key.
fn written(key: &Key, successor: &Successor) -> String {
    let provider = key.provider();
    match successor {
        Successor::Other(other) => format!("{other} instead of {provider}"),
        Successor::Others => format!("without {provider}, from the other providers"),
        Successor::Perhaps(others, doubt) => {
            format!("not certain: {others} instead of {provider}; {doubt}")
        }
        Successor::Unmet(names, regions) => unmet(&joined(names), &listed(regions)),
        Successor::Apart(names) => format!(
            "not certain: no provider in its region announces {} together any more",
            joined(names)
        ),
    }
}

fn unmet(names: &str, regions: &str) -> String {
    let unless = format!("has a datastore, a default or a last known value for {names}");
    match regions {
        "" => format!("unmet, unless its node {unless}"),
        regions => format!("unmet, unless its node reads region {regions}, or {unless}"),
    }
}

fn joined(names: &BTreeSet<Name>) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    names.join(", ")
}

fn listed(regions: &BTreeSet<Id>) -> String {
    let regions: Vec<String> = regions.iter().map(|region| format!("`{region}`")).collect();
    regions.join(", ")
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outdated => f.write_str("it does not run with what it would take now"),
            Self::Region(region) => write!(f, "its node may take it from region `{region}`"),
            Self::Datastores => f.write_str("what its node has in datastores decides"),
            Self::All => f.write_str("it may take all of them"),
        }
    }
}
