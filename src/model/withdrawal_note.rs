//! What a withdrawal by hand says of itself: until when, why, and who said it where.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

/// The length of an RFC 3339 time with nanoseconds and an offset.
const LONGEST_TIME: usize = 35;

/// The longest text of a note that messages show, in characters.
const LONGEST_TEXT: usize = 200;

/// The additions to a withdrawal by hand; records of earlier versions have none. Displays as `by alice on web01 …`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WithdrawalNote {
    /// When it ends by itself (RFC 3339, UTC, seconds); never, if that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The user who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The node where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl WithdrawalNote {
    /// When it ends by itself. A time that cannot be read ends nothing.
    pub(crate) fn end(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.until.as_deref()?).ok()
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.end().is_some_and(|end| end <= now)
    }

    /// Whether both say the same, whoever says it.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        (&self.until, &self.reason) == (&other.until, &other.reason)
    }

    /// Whether it lasts longer than another one.
    pub(crate) fn outlasts(&self, other: &Self) -> bool {
        match (self.end(), other.end()) {
            (end, Some(other)) => end.is_none_or(|end| end > other),
            (_, None) => false,
        }
    }

    /// That it was withdrawn by hand: by whom, until when and why, as one clause. `when` is nothing, or begins with a blank.
    pub(crate) fn withdrawn(&self, when: &str) -> String {
        let terms = self.terms().map(|terms| format!(", {terms}"));
        format!("withdrawn {self}{when}{}", terms.unwrap_or_default())
    }

    /// Until when and why, as one clause.
    pub(crate) fn terms(&self) -> Option<String> {
        let until = self.until.as_deref();
        let until = until.map(|until| format!("until {}", time_only(until)));
        let reason = self.reason.as_deref().map(shortened);
        match (until, reason) {
            (Some(until), Some(reason)) => Some(format!("{until}: {reason}")),
            (Some(until), None) => Some(until),
            (None, Some(reason)) => Some(format!("until it is announced by hand: {reason}")),
            (None, None) => None,
        }
    }
}

impl fmt::Display for WithdrawalNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "by {}", shortened(user))?,
            None => f.write_str("by hand")?,
        }
        match &self.node {
            Some(node) => write!(f, " on {}", shortened(node)),
            None => Ok(()),
        }
    }
}

/// A time as messages name it: nothing but a time, whatever the registry holds.
pub(crate) fn time_only(text: &str) -> &str {
    let is_of_time = |c: char| c.is_ascii_digit() || "-:.+TZ".contains(c);
    if text.len() <= LONGEST_TIME && text.chars().all(is_of_time) {
        text
    } else {
        "an unknown time"
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn note(until: Option<&str>, reason: Option<&str>, user: Option<&str>) -> WithdrawalNote {
        WithdrawalNote {
            until: until.map(str::to_owned),
            reason: reason.map(str::to_owned),
            user: user.map(str::to_owned),
            node: user.map(|_| "web01".to_owned()),
        }
    }

    #[test]
    fn a_withdrawal_ends_with_its_time_and_without_one_never() {
        let noon = humantime::parse_rfc3339(NOON).unwrap();
        let (before, after) = (noon - Duration::from_secs(1), noon + Duration::from_secs(1));
        for (until, now, expected) in [
            (None, after, false),
            (Some(NOON), before, false),
            (Some(NOON), noon, true),
            (Some(NOON), after, true),
            (Some("noon"), after, false),
            (Some(""), after, false),
        ] {
            let note = note(until, None, None);
            assert_eq!(note.is_over(now), expected, "{note:?}");
        }
    }

    #[test]
    fn the_longer_of_two_withdrawals_is_the_one_that_ends_later_or_never() {
        let (noon, later) = (Some(NOON), Some("2026-03-01T12:00:01Z"));
        for (one, other, expected) in [
            (None, None, false),
            (None, noon, true),
            (noon, None, false),
            (noon, noon, false),
            (later, noon, true),
            (noon, later, false),
        ] {
            let (one, other) = (note(one, None, None), note(other, None, None));
            assert_eq!(one.outlasts(&other), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_note_is_shown_as_far_as_it_says_anything_and_never_at_length() {
        let long = "x".repeat(5000);
        for (note, who, terms) in [
            (note(None, None, None), "by hand", None),
            (note(None, None, Some("alice")), "by alice on web01", None),
            (
                note(Some(NOON), None, Some("alice")),
                "by alice on web01",
                Some(format!("until {NOON}")),
            ),
            (
                note(Some(NOON), Some("new disk"), None),
                "by hand",
                Some(format!("until {NOON}: new disk")),
            ),
            (
                note(None, Some("new disk"), None),
                "by hand",
                Some("until it is announced by hand: new disk".to_owned()),
            ),
            (
                note(Some(&long), Some(&long), None),
                "by hand",
                Some(format!("until an unknown time: {}", &long[..LONGEST_TEXT])),
            ),
        ] {
            assert_eq!(note.to_string(), who);
            assert_eq!(note.terms(), terms);
        }
    }

    #[test]
    fn a_note_that_says_nothing_adds_nothing_to_a_record() {
        let empty = WithdrawalNote::default();
        assert_eq!(serde_json::to_string(&empty).unwrap(), "{}");
        assert!(empty.says_the_same(&note(None, None, Some("alice"))));
        assert!(!empty.says_the_same(&note(None, Some("x"), None)));
        assert!(!empty.says_the_same(&note(Some(NOON), None, None)));
    }
}
