//! The ranges of the registry that reactors ask for, and their union.

use std::collections::BTreeMap;

use crate::{edge::registry::Range, model::id::Id};

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
}
