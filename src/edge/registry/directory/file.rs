//! The file of one federation's embedded registry: its format, and what a change to it is. No disk, no clock.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{edge::state::reason_without_values, model::snapshot::Entry};

use super::super::{Change, Precondition, Range};

/// The version that this reconf writes.
pub(super) const VERSION: u64 = 1;

/// All keys of a federation at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    version: u64,
    revision: i64,
    keys: BTreeMap<String, Record>,
}

/// What a key holds. A lease is told by its keys alone, so it needs no place of its own.
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

/// The lease that a key hangs on; the same for every key of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// When the key becomes invisible.
    expires: Expiry,
    /// The lease's id.
    lease: i64,
    /// How many seconds it lives from each time that it is kept alive.
    ttl: u64,
}

impl Term {
    /// A lease that begins now.
    pub(super) fn starting(lease: i64, ttl: u64, now: SystemTime) -> Self {
        let expires = Expiry(now + Duration::from_secs(ttl.min(LONGEST)));
        Self {
            expires,
            lease,
            ttl,
        }
    }

    /// The same lease, kept alive now.
    pub(super) fn again(self, now: SystemTime) -> Self {
        Self::starting(self.lease, self.ttl, now)
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.expires.0 <= now
    }
}

/// A time as it stands in the file: RFC 3339, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Expiry(SystemTime);

impl TryFrom<String> for Expiry {
    type Error = humantime::TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        humantime::parse_rfc3339(&text).map(Self)
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        humantime::format_rfc3339_nanos(expiry.0).to_string()
    }
}

/// A century, in seconds: a clock that is added more to may overflow.
const LONGEST: u64 = 100 * 365 * 24 * 3600;

/// Just enough of a file to tell which reconf wrote it.
#[derive(Deserialize)]
struct Head {
    version: u64,
}

/// Why a text is not the contents of a registry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A newer reconf wrote it.
    Newer(u64),
    /// It is something else.
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
            other => Err(Unreadable::Corrupt(format!("version {other} never was"))),
        }
    }

    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// Removes what has expired.
    pub(super) fn expire(&mut self, now: SystemTime) {
        self.keys
            .retain(|_, record| record.expires.is_none_or(|expiry| now < expiry.0));
    }

    /// How long it takes until the first key becomes invisible.
    pub(super) fn next_end(&self, now: SystemTime) -> Option<Duration> {
        let ends = self.keys.values().filter_map(|record| record.expires);
        let next = ends.map(|expiry| expiry.0).min()?;
        Some(next.duration_since(now).unwrap_or_default())
    }

    /// What lies in a range, by key.
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

    /// Makes all changes at the next revision; changes that change nothing leave it as it was.
    pub(super) fn apply(
        &mut self,
        changes: &[Change],
        term: impl Fn(i64) -> Option<Term>,
    ) -> Result<(), String> {
        let next = self.revision + 1;
        let mut moved = false;
        for change in changes {
            match change {
                Change::Delete { key } => moved |= self.keys.remove(key).is_some(),
                Change::Put { key, value, lease } => {
                    let text = String::from_utf8(value.clone());
                    let value = text.map_err(|_| format!("the value of `{key}` is not UTF-8"))?;
                    let term = match lease {
                        0 => None,
                        id => Some(term(*id).ok_or("requested lease not found")?),
                    };
                    let record = Record::new(value, next, term);
                    let same = |known: &Record| {
                        let revision = known.revision;
                        *known
                            == Record {
                                revision,
                                ..record.clone()
                            }
                    };
                    if !self.keys.get(key).is_some_and(same) {
                        self.keys.insert(key.clone(), record);
                        moved = true;
                    }
                }
            }
        }
        if moved {
            self.revision = next;
        }
        Ok(())
    }

    /// The lease, if any key hangs on it.
    pub(super) fn term(&self, lease: i64) -> Option<Term> {
        self.keys
            .values()
            .filter_map(Record::term)
            .find(|term| term.lease == lease)
    }

    /// Gives every key of a lease a new term. As in etcd, this is no change of the keys: no revision changes.
    pub(super) fn renew(&mut self, term: Term) {
        for record in self.keys.values_mut() {
            if record.lease == Some(term.lease) {
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
    fn a_change_that_changes_nothing_moves_no_revision() {
        let mut contents = Contents::default();
        contents.apply(&[put("a", 0)], |_| None).unwrap();
        let gone = Change::Delete {
            key: "b".to_owned(),
        };
        contents.apply(&[put("a", 0), gone], |_| None).unwrap();
        assert_eq!(contents.revision(), 1);
    }

    #[test]
    fn what_reconf_did_not_write_is_told_apart_from_what_a_newer_one_wrote() {
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
