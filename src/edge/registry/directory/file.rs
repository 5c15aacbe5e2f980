//! The file format of one federation's embedded registry, and how changes apply to it. Uses neither disk nor clock.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{edge::state::reason_without_values, model::snapshot::Entry};

use super::{
    super::{Change, Precondition, Range},
    term::{Expiry, Term},
};

/// The version that this reconf writes.
pub(super) const VERSION: u64 = 1;

/// All keys of a federation at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    version: u64,
    revision: i64,
    keys: BTreeMap<String, Record>,
}

/// The value of a key. The file stores a lease with each of its keys only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    value: String,
    revision: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Expiry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
}

impl Record {
    fn new(value: String, revision: i64, term: Option<Term>) -> Self {
        Self {
            value,
            revision,
            expires: term.map(|term| term.expires),
            lease: term.map(|term| term.lease),
            ttl: term.map(|term| term.ttl),
        }
    }

    fn term(&self) -> Option<Term> {
        Some(Term {
            expires: self.expires?,
            lease: self.lease?,
            ttl: self.ttl?,
        })
    }
}

/// The part of a file that says which version wrote it.
#[derive(Deserialize)]
struct Head {
    version: u64,
}

/// Why a text cannot be read as a registry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A newer reconf wrote it.
    Newer(u64),
    /// It is not a registry.
    Corrupt(String),
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            version: VERSION,
            revision: 0,
            keys: BTreeMap::new(),
        }
    }
}

impl Contents {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let corrupt = |error: serde_json::Error| Unreadable::Corrupt(reason_without_values(&error));
        let head: Head = serde_json::from_slice(text).map_err(corrupt)?;
        match head.version {
            VERSION => serde_json::from_slice(text).map_err(corrupt),
            newer if newer > VERSION => Err(Unreadable::Newer(newer)),
            other => Err(Unreadable::Corrupt(format!("there is no version {other}"))),
        }
    }

    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// Removes expired keys.
    pub(super) fn expire(&mut self, now: SystemTime) {
        self.keys
            .retain(|_, record| record.expires.is_none_or(|expiry| now < expiry.time()));
    }

    /// The time until the first key expires.
    pub(super) fn next_expiry(&self, now: SystemTime) -> Option<Duration> {
        let ends = self.keys.values().filter_map(|record| record.expires);
        let next = ends.map(Expiry::time).min()?;
        Some(next.duration_since(now).unwrap_or_default())
    }

    /// The entries of a range, by key.
    pub(super) fn entries<'a>(&'a self, range: &'a Range) -> impl Iterator<Item = Entry> + 'a {
        let (Range::Key(start) | Range::Prefix(start)) = range;
        let inside = move |key: &str| match range {
            Range::Key(wanted) => key == wanted,
            Range::Prefix(prefix) => key.starts_with(prefix.as_str()),
        };
        self.keys
            .range(start.clone()..)
            .take_while(move |(key, _)| inside(key))
            .map(|(key, record)| Entry {
                key: key.clone(),
                value: record.value.clone().into_bytes(),
                revision: record.revision,
                lease: record.lease.unwrap_or(0),
            })
    }

    /// Whether a check holds.
    pub(super) fn holds(&self, check: &Precondition) -> bool {
        self.keys
            .get(&check.key)
            .map_or(0, |record| record.revision)
            == check.revision
    }

    /// Applies all changes at the next revision; without any effect, the revision stays.
    pub(super) fn apply(
        &mut self,
        changes: &[Change],
        term: impl Fn(i64) -> Option<Term>,
    ) -> Result<(), String> {
        let next = self.revision + 1;
        let mut effect = false;
        for change in changes {
            effect |= match change {
                Change::Delete { key } => self.keys.remove(key).is_some(),
                Change::Put { key, value, lease } => {
                    let text = String::from_utf8(value.clone());
                    let value = text.map_err(|_| format!("the value of `{key}` is not UTF-8"))?;
                    let term = match lease {
                        0 => None,
                        id => Some(term(*id).ok_or("requested lease not found")?),
                    };
                    self.put(key, Record::new(value, next, term))
                }
            };
        }
        if effect {
            self.revision = next;
        }
        Ok(())
    }

    /// Sets a key; false when only the revision would differ.
    fn put(&mut self, key: &str, record: Record) -> bool {
        let equal = |known: &Record| {
            let revision = record.revision;
            record
                == Record {
                    revision,
                    ..known.clone()
                }
        };
        let effect = !self.keys.get(key).is_some_and(equal);
        if effect {
            self.keys.insert(key.to_owned(), record);
        }
        effect
    }

    /// The lease, if any key is attached to it.
    pub(super) fn term(&self, lease: i64) -> Option<Term> {
        self.keys
            .values()
            .filter_map(Record::term)
            .find(|term| term.lease == lease)
    }

    /// Gives every key of these leases its new term. As in etcd, revisions stay, since the keys do not change.
    pub(super) fn renew(&mut self, terms: &[Term]) {
        let terms: BTreeMap<i64, &Term> = terms.iter().map(|term| (term.lease, term)).collect();
        for record in self.keys.values_mut() {
            if let Some(term) = record.lease.and_then(|lease| terms.get(&lease)) {
                record.expires = Some(term.expires);
                record.ttl = Some(term.ttl);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn put(key: &str, lease: i64) -> Change {
        let (key, value) = (key.to_owned(), b"v".to_vec());
        Change::Put { key, value, lease }
    }

    #[test]
    fn a_key_lives_until_its_term_ends_and_is_written_as_it_is_read() {
        let mut contents = Contents::default();
        let term = Term::starting(7, 10, UNIX_EPOCH);
        contents
            .apply(&[put("a", 7), put("b", 0)], |_| Some(term))
            .unwrap();
        let text = contents.text().unwrap();
        assert!(
            text.contains(r#""expires": "1970-01-01T00:00:10.000000000Z""#),
            "{text}"
        );
        assert_eq!(Contents::parse(text.as_bytes()).unwrap(), contents);
        contents.expire(UNIX_EPOCH + Duration::from_millis(9_999));
        assert!(contents.term(7).is_some());
        contents.expire(UNIX_EPOCH + Duration::from_secs(10));
        assert!(contents.term(7).is_none());
        assert_eq!(contents.revision(), 1);
    }

    #[test]
    fn a_change_without_effect_makes_no_revision() {
        let mut contents = Contents::default();
        contents.apply(&[put("a", 0)], |_| None).unwrap();
        let gone = Change::Delete {
            key: "b".to_owned(),
        };
        contents.apply(&[put("a", 0), gone], |_| None).unwrap();
        assert_eq!(contents.revision(), 1);
    }

    #[test]
    fn a_foreign_file_is_distinguished_from_that_of_a_newer_version() {
        let newer = br#"{"version": 2, "keys": []}"#;
        assert_eq!(Contents::parse(newer), Err(Unreadable::Newer(2)));
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"version":1,"revision":1,"keys":"#,
            r#"{"version":0}"#,
        ] {
            let read = Contents::parse(text.as_bytes());
            assert!(
                matches!(read, Err(Unreadable::Corrupt(_))),
                "{text}: {read:?}"
            );
        }
    }
}
