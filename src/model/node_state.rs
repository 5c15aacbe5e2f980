//! The content of `/var/lib/reconf/node.json`: whose state this is, and what this machine last knew of itself and of the
//! registry (design.md section 2).

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// How often the time of the last read is written at most.
const READ_INTERVAL: Duration = Duration::from_secs(60);

/// How many characters a machine-id has.
const MACHINE_ID_LENGTH: usize = 32;

/// What this machine keeps of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeState {
    /// The `host` used last. Release 66c5c83 requires it.
    #[serde(default)]
    pub host: String,
    /// Whether `host` was neither given nor found on the way to the registry.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guessed: bool,
    /// The machine-id of the machine to which the state belongs; `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// Whether the state was another machine's, and no key was taken by hand since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub copied: bool,
    /// When the registry was last read (RFC 3339, UTC, seconds), a minute too early at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
}

/// Whose state this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// This machine's, or nothing says otherwise.
    This,
    /// Nobody's yet: it becomes this machine's.
    Unclaimed,
    /// Another machine's: this one is a copy of it.
    Another,
}

impl NodeState {
    /// Whose state this is, on a machine with that machine-id.
    pub(crate) fn ownership(&self, machine_id: Option<&str>) -> Ownership {
        let Some(present) = machine_id.filter(|id| is_machine_id(id)) else {
            return Ownership::This;
        };
        match self.machine_id.as_deref() {
            None => Ownership::Unclaimed,
            Some(recorded) if is_machine_id(recorded) && recorded != present => Ownership::Another,
            Some(_) => Ownership::This,
        }
    }

    /// The last `host` that was given, or found on the way to the registry.
    pub(crate) fn known_host(&self) -> Option<&str> {
        let is_known = !self.guessed && !self.host.is_empty();
        is_known.then_some(self.host.as_str())
    }

    /// Takes over the `host` that this machine uses now.
    pub(crate) fn use_host(&mut self, host: &str, guessed: bool) {
        // A guess replaces nothing that was known.
        if !guessed || self.known_host().is_none() {
            host.clone_into(&mut self.host);
            self.guessed = guessed;
        }
    }

    /// Whether the time of the last read, `read` if it can be parsed, is to be written again at `now`. One in the future
    /// comes from a clock that was wrong.
    pub(crate) fn is_read_outdated(read: Option<SystemTime>, now: SystemTime) -> bool {
        let age = read.map(|read| now.duration_since(read));
        !matches!(age, Some(Ok(age)) if age < READ_INTERVAL)
    }
}

/// Whether a text is a machine-id. `uninitialized`, an empty file and 32 zeros stand for none.
fn is_machine_id(text: &str) -> bool {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == MACHINE_ID_LENGTH && text.bytes().all(is_hex) && text.bytes().any(|b| b != b'0')
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    fn of(machine_id: Option<&str>) -> NodeState {
        NodeState {
            machine_id: machine_id.map(str::to_owned),
            ..NodeState::default()
        }
    }

    #[test]
    fn only_two_different_machine_ids_tell_machines_apart() {
        use Ownership::{Another, This, Unclaimed};
        for (recorded, present, expected) in [
            (Some(ONE), Some(ONE), This),
            (Some(ONE), Some(OTHER), Another),
            (None, Some(ONE), Unclaimed),
            (None, None, This),
            (Some(ONE), None, This),
            (Some(ONE), Some(""), This),
            (Some(ONE), Some("uninitialized"), This),
            (Some(ONE), Some("00000000000000000000000000000000"), This),
            (Some("uninitialized"), Some(ONE), This),
            (Some(""), Some(ONE), This),
            (Some(ONE), Some("FEDCBA9876543210FEDCBA9876543210"), This),
        ] {
            let found = of(recorded).ownership(present);
            assert_eq!(found, expected, "{recorded:?} {present:?}");
        }
    }

    #[test]
    fn a_guess_replaces_only_a_guess() {
        let mut state = NodeState::default();
        for (host, guessed, known) in [
            ("192.0.2.1", true, None),
            ("192.0.2.2", true, None),
            ("10.0.0.5", false, Some("10.0.0.5")),
            ("192.0.2.3", true, Some("10.0.0.5")),
            ("10.0.0.6", false, Some("10.0.0.6")),
        ] {
            state.use_host(host, guessed);
            assert_eq!(state.known_host(), known, "{host}");
        }
    }

    #[test]
    fn the_time_of_the_last_read_is_written_once_a_minute() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        for (read, expected) in [
            (None, true),
            (Some(1000), false),
            (Some(941), false),
            (Some(940), true),
            (Some(1001), true),
        ] {
            let at = read.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(NodeState::is_read_outdated(at, now), expected, "{read:?}");
        }
    }
}
