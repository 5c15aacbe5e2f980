//! Which record of a service's state was changed when, by numbers instead of times: commands that work on one service at
//! once tell by it whether a record is still what they started from (section 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::Id;

/// The number of the last change, and of the last change of each record that there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Edits {
    last: u64,
    /// The last change that removed a record.
    removed: u64,
    keys: BTreeMap<String, u64>,
    /// The registry's revision at which something was found withdrawn last, in each federation.
    withdrawn: BTreeMap<Id, i64>,
}

impl Edits {
    /// Whether no record was ever changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.last == 0
    }

    /// The number of the last change: a moment, to ask later what has changed since.
    pub(crate) fn now(&self) -> u64 {
        self.last
    }

    /// The record of this key has a new content.
    pub(crate) fn changed(&mut self, path: String) {
        self.last += 1;
        self.keys.insert(path, self.last);
    }

    /// The record of this key is gone.
    pub(crate) fn removed(&mut self, path: &str) {
        self.last += 1;
        self.removed = self.last;
        self.keys.remove(path);
    }

    /// The registry has had a key of this federation withdrawn since that revision.
    pub(crate) fn withdrawn(&mut self, federation: &Id, revision: i64) {
        let last = self.withdrawn.entry(federation.clone()).or_default();
        *last = revision.max(*last);
    }

    /// Whether what the registry had at this revision is newer than every withdrawal that is known of the federation.
    pub(crate) fn is_after_withdrawals(&self, federation: &Id, revision: i64) -> bool {
        self.withdrawn
            .get(federation)
            .is_none_or(|last| *last < revision)
    }

    /// Whether the record of this key is what it was at that moment. Of a key that has no record, any removal since is
    /// taken for its own.
    pub(crate) fn is_unchanged_since(&self, moment: u64, path: &str) -> bool {
        *self.keys.get(path).unwrap_or(&self.removed) <= moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_withdrawal_of_each_federation_is_known() {
        let [a, b] = ["a", "b"].map(|federation| Id::parse(federation).unwrap());
        let mut edits = Edits::default();
        assert!(edits.is_after_withdrawals(&a, 0));
        edits.withdrawn(&a, 7);
        edits.withdrawn(&a, 5);
        let after = |federation, revision| edits.is_after_withdrawals(federation, revision);
        assert_eq!(
            [after(&a, 7), after(&a, 8), after(&b, 1)],
            [false, true, true]
        );
    }

    #[test]
    fn a_record_is_unchanged_until_it_is_written_or_removed() {
        let mut edits = Edits::default();
        assert!(edits.is_empty() && edits.is_unchanged_since(0, "a"));
        edits.changed("a".to_owned());
        let first = edits.now();
        edits.changed("b".to_owned());
        for (moment, path, expected) in [
            (0, "a", false),
            (first, "a", true),
            (first, "b", false),
            (0, "c", true),
        ] {
            let unchanged = edits.is_unchanged_since(moment, path);
            assert_eq!(unchanged, expected, "{path} since {moment}");
        }
        let before = edits.now();
        edits.removed("a");
        for (moment, path, expected) in [
            (before, "a", false),
            (edits.now(), "a", true),
            (before, "b", true),
        ] {
            let unchanged = edits.is_unchanged_since(moment, path);
            assert_eq!(unchanged, expected, "{path} since {moment}, removed");
        }
        // The number of a removed record is never given again.
        edits.changed("a".to_owned());
        assert!(!edits.is_unchanged_since(first, "a"));
    }
}
