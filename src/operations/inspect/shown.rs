//! What `why` shows of values without `--show-values`: what `ls` would show, and nothing of what may be a secret.

use std::collections::BTreeSet;

use crate::{
    model::{
        last_known::LastKnown,
        manifest::Requirement,
        name::Name,
        pattern::{Pattern, Piece},
        secret::mask_passwords,
    },
    resolve::{DatastoreUse, NameTrace, RegistryState, ResolveInput, Trace, TraceOutcome},
};

/// What stands for a value that may be a secret.
const HIDDEN: &str = "***";

/// What may be shown of the values of one variable.
pub(super) enum ShownValues {
    /// All of each.
    All,
    /// Nothing but values that are announced, without passwords.
    Announced(BTreeSet<String>),
}

impl ShownValues {
    /// Hides every value, unless all are to be shown.
    pub(super) fn hiding(show_values: bool) -> Self {
        if show_values {
            Self::All
        } else {
            Self::Announced(BTreeSet::new())
        }
    }

    /// What may be shown of a required variable. A value is made of announcements alone where neither a datastore nor a
    /// default nor a text of the manifest is in it.
    pub(super) fn new(
        show_values: bool,
        input: &ResolveInput,
        requirement: &Requirement,
        trace: &Trace,
        seen: &LastKnown,
    ) -> Self {
        if show_values {
            return Self::All;
        }
        let mut announced = BTreeSet::new();
        if is_open(&requirement.pattern) {
            let names = requirement.pattern.holes();
            announced.extend(names.flat_map(|name| announced_values(input, name, seen)));
            announced.extend(value_of_announcements(trace));
        }
        Self::Announced(announced)
    }

    /// A value as it may be shown.
    pub(super) fn value(&self, value: &str) -> String {
        match self {
            Self::All => value.to_owned(),
            Self::Announced(announced) if announced.contains(value) => mask_passwords(value),
            Self::Announced(_) => HIDDEN.to_owned(),
        }
    }
}

/// Whether a pattern adds nothing of its own but a scheme and punctuation.
fn is_open(pattern: &Pattern) -> bool {
    pattern
        .pieces()
        .iter()
        .enumerate()
        .all(|(at, piece)| match piece {
            Piece::Hole(_) => true,
            Piece::Text(text) => {
                let rest = match text.split_once("://") {
                    Some((_scheme, rest)) if at == 0 => rest,
                    _ => text,
                };
                !rest.contains(char::is_alphanumeric)
            }
        })
}

/// The value itself, if announcements alone have filled the pattern.
fn value_of_announcements(trace: &Trace) -> Option<String> {
    let TraceOutcome::Value(variable) = &trace.outcome else {
        return None;
    };
    let is_announced = |of_name: &NameTrace| {
        let mut datastores = of_name.datastores.values();
        !of_name.taken.is_empty() && !datastores.any(|used| *used == DatastoreUse::Taken)
    };
    trace
        .names
        .iter()
        .all(is_announced)
        .then(|| variable.value.clone())
}

/// What is or was announced of a name: a conf may have it from before.
fn announced_values(input: &ResolveInput, name: &Name, seen: &LastKnown) -> Vec<String> {
    let federation = &input.manifest.federation;
    let regions = input.regions.iter();
    let known = regions.flat_map(|region| seen.of(federation, region, name).into_values());
    let mut values: Vec<String> = known
        .map(|known| known.announcement.value.clone())
        .collect();
    if let RegistryState::Available(snapshot) = input.registry {
        let live = snapshot.live.iter().filter(|(key, _)| key.name == *name);
        values.extend(live.map(|(_, live)| live.announcement.value.clone()));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_open_if_all_of_its_letters_are_announced() {
        for (pattern, expected) in [
            ("{A}", true),
            ("http://{HOST}:{PORT}/", true),
            ("{A},{B}", true),
            ("postgres://app:secret@{HOST}", false),
            ("{A}/secret://", false),
            ("token {A}", false),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(is_open(&pattern), expected, "{pattern:?}");
        }
    }
}
