//! Conflicts: services whose keys have changed since they were read are tried again, with new reads.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    edge::clock,
    model::id::Id,
    operations::machine::AskedBy,
    report::{Code, Failure},
};

/// How often a conflicting transaction is tried, and the longest wait before the second try: the n-th wait is a random
/// part of n times that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    attempts: u32,
    backoff: Duration,
}

impl Tries {
    /// A run is followed by another one. What a person asks for must win against all runs that go on meanwhile.
    pub(crate) fn of(asked: AskedBy) -> Self {
        match asked {
            AskedBy::Hand => Self {
                attempts: 12,
                backoff: Duration::from_millis(20),
            },
            AskedBy::Run | AskedBy::Removal => Self {
                attempts: 3,
                backoff: Duration::ZERO,
            },
        }
    }
}

/// How a try to change the registry ended.
#[derive(Debug)]
#[must_use]
pub(crate) enum Attempt<T> {
    Done(T),
    /// Something has changed since it was read.
    Conflict,
}

/// How the tries of services ended.
pub(crate) type Attempts<T> = BTreeMap<Id, Result<Attempt<T>, Failure>>;

/// Tries the conflicting services again, and only these; `first` is how the first try ended.
pub(crate) fn retry_on_conflict<T>(
    tries: Tries,
    first: Attempts<T>,
    mut again: impl FnMut(Vec<Id>) -> Attempts<T>,
) -> BTreeMap<Id, Result<T, Failure>> {
    let mut attempts = first;
    for tried in 1..tries.attempts {
        let is_conflict = |attempt: &_| matches!(attempt, Ok(Attempt::Conflict));
        let conflicts = attempts.iter().filter(|(_, attempt)| is_conflict(*attempt));
        let conflicts: Vec<Id> = conflicts.map(|(id, _)| id.clone()).collect();
        if conflicts.is_empty() {
            break;
        }
        clock::pause(clock::share_of(tries.backoff * tried));
        attempts.extend(again(conflicts));
    }
    let ended = attempts.into_iter().map(|(id, attempt)| {
        let end = match attempt {
            Ok(Attempt::Done(done)) => Ok(done),
            Ok(Attempt::Conflict) => Err(gave_up(&id, tries.attempts)),
            Err(failure) => Err(failure),
        };
        (id, end)
    });
    ended.collect()
}

fn gave_up(service: &Id, attempts: u32) -> Failure {
    let message = format!("concurrent changes to the announcements of `{service}`");
    Failure::new(Code::TryAgain, message)
        .facts([format!("gave up after {attempts} attempts")])
        .hint("try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a try of one service ends.
    #[derive(Clone, Copy)]
    enum End {
        Done,
        Conflict,
        Failed,
    }

    /// How often each service was tried, and whether it was done in the end; each is tried as its list of ends says.
    fn tries(ends: &[&[End]]) -> Vec<(usize, bool)> {
        let ids: Vec<Id> = (0..ends.len())
            .map(|at| Id::parse(&format!("s{at}")).unwrap())
            .collect();
        let mut tried = vec![0; ends.len()];
        let mut attempt = |some: Vec<Id>| -> Attempts<()> {
            let end = |id: Id| {
                let at = ids.iter().position(|other| *other == id).unwrap();
                tried[at] += 1;
                let end = match ends[at][tried[at] - 1] {
                    End::Done => Ok(Attempt::Done(())),
                    End::Conflict => Ok(Attempt::Conflict),
                    End::Failed => Err(Failure::new(Code::Unreachable, "away")),
                };
                (id, end)
            };
            some.into_iter().map(end).collect()
        };
        let first = attempt(ids.clone());
        let done = retry_on_conflict(Tries::of(AskedBy::Run), first, attempt);
        let done = done.into_values().map(|end| end.is_ok());
        tried.into_iter().zip(done).collect()
    }

    #[test]
    fn a_conflict_is_tried_three_times_and_nothing_else_again() {
        use End::{Conflict, Done, Failed};
        for (ends, expected) in [
            (&[][..], vec![]),
            (&[&[Done][..]], vec![(1, true)]),
            (&[&[Conflict, Done]], vec![(2, true)]),
            (&[&[Conflict, Conflict, Done]], vec![(3, true)]),
            (&[&[Conflict, Conflict, Conflict]], vec![(3, false)]),
            (&[&[Conflict, Failed]], vec![(2, false)]),
            (
                &[
                    &[Done],
                    &[Conflict, Conflict, Done],
                    &[Failed],
                    &[Conflict, Done],
                ],
                vec![(1, true), (3, true), (1, false), (2, true)],
            ),
        ] {
            assert_eq!(tries(ends), expected);
        }
    }
    #[test]
    fn what_a_person_asks_for_is_tried_oftener_than_a_run() {
        for (asked, conflicts, expected) in [
            (AskedBy::Run, 2, true),
            (AskedBy::Run, 3, false),
            (AskedBy::Removal, 3, false),
            (AskedBy::Hand, 3, true),
            (AskedBy::Hand, 11, true),
            (AskedBy::Hand, 12, false),
        ] {
            let tries = Tries {
                backoff: Duration::ZERO,
                ..Tries::of(asked)
            };
            let id = Id::parse("api").unwrap();
            let mut left = conflicts;
            let mut attempt = |ids: Vec<Id>| -> Attempts<()> {
                let end = if left == 0 {
                    Attempt::Done(())
                } else {
                    Attempt::Conflict
                };
                left = i32::max(left - 1, 0);
                let mut end = Some(Ok(end));
                ids.into_iter()
                    .filter_map(|id| Some((id, end.take()?)))
                    .collect()
            };
            let first = attempt(vec![id.clone()]);
            let ended = retry_on_conflict(tries, first, attempt);
            assert_eq!(ended[&id].is_ok(), expected, "{asked:?} {conflicts}");
        }
    }
}
