//! The ranges of the registry that reactors ask for, and their union.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use crate::{
    edge::registry::Range,
    model::{
        id::Id,
        key::{self, Kind},
        name::Name,
    },
};

/// What is to be watched of each federation.
pub(super) type Ranges = Vec<(Id, Vec<Range>)>;

/// All ranges by federation, each once; what a wider prefix covers is left out, so that no change is delivered twice.
pub(super) fn union(ranges: Ranges) -> Ranges {
    let mut federations: BTreeMap<Id, BTreeMap<String, Range>> = BTreeMap::new();
    for (federation, ranges) in ranges {
        let known = federations.entry(federation).or_default();
        known.extend(ranges.into_iter().map(|range| (start(&range), range)));
    }
    let federations = federations.into_iter();
    federations
        .map(|(federation, ranges)| (federation, without_covered(ranges)))
        .collect()
}

/// The records that some ranges cover.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Covered {
    /// The starts of disjoint prefixes, by federation.
    prefixes: BTreeMap<Id, BTreeSet<String>>,
}

impl Covered {
    /// What these ranges cover.
    pub(super) fn by(ranges: &Ranges) -> Self {
        let federations = union(ranges.clone()).into_iter();
        let prefixes = federations.map(|(federation, ranges)| {
            let starts = ranges.iter().map(start).collect();
            (federation, starts)
        });
        Self {
            prefixes: prefixes.collect(),
        }
    }

    /// Whether a path is covered.
    pub(super) fn has_path(&self, federation: &Id, path: &str) -> bool {
        let before = self.prefixes.get(federation).and_then(|prefixes| {
            let upto = (Bound::Unbounded, Bound::Included(path));
            prefixes.range::<str, _>(upto).next_back()
        });
        before.is_some_and(|prefix| path.starts_with(prefix.as_str()))
    }

    /// Whether the announcements of a name are covered.
    pub(super) fn has(&self, federation: &Id, name: &Name) -> bool {
        let path = key::name_prefix(federation, name, Kind::Provides);
        self.has_path(federation, &path)
    }
}

/// In the order of their starts, a prefix comes before everything that it covers.
fn without_covered(ranges: BTreeMap<String, Range>) -> Vec<Range> {
    let mut kept: Vec<Range> = Vec::with_capacity(ranges.len());
    let mut widest: Option<String> = None;
    for (start, range) in ranges {
        if widest
            .as_ref()
            .is_some_and(|prefix| start.starts_with(prefix))
        {
            continue;
        }
        if matches!(range, Range::Prefix(_)) {
            widest = Some(start);
        }
        kept.push(range);
    }
    kept
}

fn start(range: &Range) -> String {
    match range {
        Range::Key(start) | Range::Prefix(start) => start.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(federation: &str, paths: &[&str]) -> (Id, Vec<Range>) {
        let range = |path: &&str| {
            let start = (*path).to_owned();
            if path.ends_with('/') {
                Range::Prefix(start)
            } else {
                Range::Key(start)
            }
        };
        let federation = Id::parse(federation).unwrap();
        (federation, paths.iter().map(range).collect())
    }

    #[test]
    fn the_ranges_of_all_reactors_are_watched_once() {
        type Federations<'a> = &'a [(&'a str, &'a [&'a str])];
        let cases: [(Federations, Federations); 5] = [
            (&[], &[]),
            (&[("a", &["n/B/", "n/A/"])], &[("a", &["n/A/", "n/B/"])]),
            (
                &[("b", &["n/A/"]), ("a", &["n/A/"]), ("b", &["n/A/"])],
                &[("a", &["n/A/"]), ("b", &["n/A/"])],
            ),
            (
                &[("a", &["n/A/", "n/A/x/", "m"]), ("a", &["n/", "m"])],
                &[("a", &["m", "n/"])],
            ),
            (
                &[("a", &["n/A/", "n/A/k", "n/AB/", "n/B"])],
                &[("a", &["n/A/", "n/AB/", "n/B"])],
            ),
        ];
        for (asked, expected) in cases {
            let all = |federations: Federations| -> Ranges {
                let federations = federations.iter();
                federations.map(|(id, paths)| ranges(id, paths)).collect()
            };
            assert_eq!(union(all(asked)), all(expected), "{asked:?}");
        }
    }
    #[test]
    fn a_path_is_covered_by_the_prefix_before_it() {
        let all = vec![
            ranges("a", &["n/A/", "n/AB/", "n/C/x/"]),
            ranges("b", &["n/"]),
        ];
        let covered = Covered::by(&all);
        for (federation, path, expected) in [
            ("a", "n/A/", true),
            ("a", "n/A/r/x@y", true),
            ("a", "n/AB/r", true),
            ("a", "n/AC/r", false),
            ("a", "n/", false),
            ("a", "n/C/", false),
            ("a", "n/C/x/y", true),
            ("a", "z/", false),
            ("b", "n/Q/r", true),
            ("c", "n/A/", false),
        ] {
            let federation = Id::parse(federation).unwrap();
            assert_eq!(covered.has_path(&federation, path), expected, "{path}");
        }
    }
}
