//! Withdrawals by hand that end at a time: the listener announces these services again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    edge::{clock, registry::Session},
    model::{id::Id, service_state::ServiceState},
    node::{Node, states},
    operations::announce,
    report::Failure,
};

/// How often the wall clock is compared: it may be set, and machines sleep.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The services that are withdrawn for a time: when that ends, and when the clock is compared next.
#[derive(Debug, Default)]
pub(super) struct Maintenance {
    services: BTreeMap<Id, (SystemTime, Instant)>,
}

impl Maintenance {
    /// Takes over what the state of a service says, at this time of the wall clock.
    pub(super) fn update(
        &mut self,
        id: &Id,
        state: &ServiceState,
        (wall, now): (SystemTime, Instant),
    ) {
        let Some(end) = state.hold_end() else {
            self.services.remove(id);
            return;
        };
        let known = self.services.get(id).filter(|(known, _)| *known == end);
        // A reload does not hurry a retry.
        if known.is_none() {
            self.services
                .insert(id.clone(), (end, next_check(end, wall, now)));
        }
    }

    /// Forgets the services that have no state.
    pub(super) fn retain(&mut self, ids: &BTreeSet<Id>) {
        self.services.retain(|id, _| ids.contains(id));
    }

    /// When the clock is to be compared next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.services.values().map(|(_, due)| *due).min()
    }

    /// The services whose time is over by the wall clock, of those that are due. All of these are due again later: a
    /// service that is announced again leaves with its state.
    pub(super) fn over(&mut self, (wall, now): (SystemTime, Instant)) -> Vec<Id> {
        let due = self.services.iter_mut().filter(|(_, (_, due))| *due <= now);
        let mut over = Vec::new();
        for (id, (end, due)) in due {
            if *end <= wall {
                *due = now + CLOCK_CHECK_INTERVAL;
                over.push(id.clone());
            } else {
                *due = next_check(*end, wall, now);
            }
        }
        over
    }
}

fn next_check(end: SystemTime, wall: SystemTime, now: Instant) -> Instant {
    let left = end.duration_since(wall).unwrap_or_default();
    now + left.min(CLOCK_CHECK_INTERVAL)
}

/// Announces a service again whose time is over; returns whether the registry changed.
pub(super) fn end(node: &Node, session: &mut Session, id: &Id) -> Result<bool, Failure> {
    let state = states::load(node, id)?;
    if !state.held || state.hold_at(clock::now()).is_some() {
        return Ok(false);
    }
    Ok(announce::again(node, session, id)?.changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::withdrawal_note::WithdrawalNote;

    const SECOND: Duration = Duration::from_secs(1);

    fn held_until(until: Option<SystemTime>) -> ServiceState {
        let mut state = ServiceState::default();
        state.begin_hold(&WithdrawalNote {
            until: until.map(clock::rfc3339),
            ..WithdrawalNote::default()
        });
        state
    }

    #[test]
    fn the_clock_is_compared_at_the_end_and_at_least_every_minute() {
        let (wall, now) = (SystemTime::UNIX_EPOCH + 1000 * SECOND, clock::instant());
        let id = Id::parse("api").unwrap();
        for (left, expected) in [
            (None, None),
            (Some(0), Some(0)),
            (Some(2), Some(2)),
            (Some(60), Some(60)),
            (Some(3600), Some(60)),
        ] {
            let mut maintenance = Maintenance::default();
            let state = held_until(left.map(|left| wall + left * SECOND));
            maintenance.update(&id, &state, (wall, now));
            let expected = expected.map(|seconds| now + seconds * SECOND);
            assert_eq!(maintenance.next_due(), expected, "{left:?}");
        }
    }

    #[test]
    fn a_service_is_over_once_the_wall_clock_says_so_and_retried_later() {
        let (wall, now) = (SystemTime::UNIX_EPOCH + 1000 * SECOND, clock::instant());
        let id = Id::parse("api").unwrap();
        let state = held_until(Some(wall + 90 * SECOND));
        let mut maintenance = Maintenance::default();
        maintenance.update(&id, &state, (wall, now));
        let later = |seconds: u32| now + seconds * SECOND;
        assert!(maintenance.over((wall, now)).is_empty());
        // The wall clock was set an hour ahead meanwhile, or stands still.
        assert!(maintenance.over((wall, later(60))).is_empty());
        assert_eq!(maintenance.next_due(), Some(later(120)));
        let ahead = wall + 3600 * SECOND;
        assert!(maintenance.over((ahead, later(61))).is_empty());
        assert_eq!(
            maintenance.over((ahead, later(120))),
            std::slice::from_ref(&id)
        );
        maintenance.update(&id, &state, (ahead, later(121)));
        assert_eq!(maintenance.next_due(), Some(later(180)));
        // Another word is another end.
        let longer = held_until(Some(ahead + 30 * SECOND));
        maintenance.update(&id, &longer, (ahead, later(121)));
        assert_eq!(maintenance.next_due(), Some(later(151)));
        maintenance.update(&id, &ServiceState::default(), (ahead, later(122)));
        assert_eq!(maintenance.next_due(), None);
        maintenance.update(&id, &state, (wall, now));
        maintenance.retain(&BTreeSet::new());
        assert_eq!(maintenance.next_due(), None);
    }
}
