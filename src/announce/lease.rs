//! Which lease a service's announcements hang on.

use std::time::Duration;

use crate::model::{
    key::{Key, Kind},
    service_state::ServiceState,
    snapshot::Snapshot,
    transaction::Lease,
};

/// The lease of a service's announcements in a federation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceLease {
    /// One that the state records and that has announcements of the service.
    Kept {
        /// The lease.
        lease: Lease,
        /// The TTL that the registry gave it, in seconds.
        granted: u64,
    },
    /// One to be granted.
    New(Lease),
}

impl ServiceLease {
    /// The lease that is asked for.
    pub(crate) fn lease(self) -> Lease {
        match self {
            Self::Kept { lease, .. } | Self::New(lease) => lease,
        }
    }
}

/// The lease of the announcements at `keys`: the recorded one with that TTL if one of them hangs on it, otherwise a new one
/// with the id `new`. Etcd lets everybody grant an id that has ended, so an id is used only as long as a key shows that it
/// is still this service's. Without a snapshot of the registry nothing shows that, and nothing is granted either.
pub(crate) fn choose_lease<'a>(
    state: &ServiceState,
    mut keys: impl Iterator<Item = &'a Key>,
    ttl: Duration,
    snapshot: Option<&Snapshot>,
    new: i64,
) -> ServiceLease {
    let new = Lease { id: new, ttl };
    let recorded = keys.find_map(|key| {
        let known = state.announced.get(&key.path(Kind::Provides))?;
        let hangs_on_it = snapshot.is_none_or(|snapshot| {
            let live = snapshot.live.get(key);
            live.is_some_and(|live| live.lease == known.lease)
        });
        (known.lease != 0 && known.ttl == new.seconds() && hangs_on_it).then_some(known)
    });
    recorded.map_or(ServiceLease::New(new), |known| ServiceLease::Kept {
        lease: Lease {
            id: known.lease,
            ttl,
        },
        granted: known.granted_ttl(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        id::Id,
        sample,
        service_state::{AnnounceProgress, AnnouncedRecord},
        snapshot::Entry,
    };

    const TTL: Duration = Duration::from_secs(30);
    const NEW: i64 = 77;

    /// Announcements with their leases and TTLs, as the state records them.
    fn state(records: &[(&str, i64, u64)]) -> ServiceState {
        let record = |(name, lease, ttl): &(&str, i64, u64)| {
            let record = AnnouncedRecord {
                announcement: sample::announcement("x"),
                lease: *lease,
                ttl: *ttl,
                granted: 0,
                outcome: AnnounceProgress::Pending,
                revision: 0,
            };
            (sample::key("f", name).path(Kind::Provides), record)
        };
        ServiceState {
            announced: records.iter().map(record).collect(),
            ..ServiceState::default()
        }
    }

    /// Announcements with their leases, as the registry has them.
    fn snapshot(live: &[(&str, i64)]) -> Snapshot {
        let entry = |(name, lease): &(&str, i64)| Entry {
            lease: *lease,
            ..sample::live(&sample::key("f", name), &sample::announcement("x"), 5)
        };
        let entries = live.iter().map(entry).collect();
        Snapshot::new(&Id::parse("f").unwrap(), 9, entries)
    }

    #[test]
    fn a_recorded_lease_is_kept_while_an_announcement_hangs_on_it() {
        let keys = ["A", "B"].map(|name| sample::key("f", name));
        for (records, live, expected) in [
            (vec![], Some(vec![]), NEW),
            (vec![], Some(vec![("A", 4)]), NEW),
            (vec![("A", 4, 30)], Some(vec![("A", 4)]), 4),
            (vec![("A", 4, 60)], Some(vec![("A", 4)]), NEW),
            (vec![("A", 4, 30)], Some(vec![("A", 5)]), NEW),
            (vec![("A", 4, 30)], Some(vec![]), NEW),
            (vec![("A", 0, 0)], Some(vec![("A", 0)]), NEW),
            // The lease was forgotten, its TTL was not.
            (vec![("A", 0, 30)], Some(vec![("A", 0)]), NEW),
            (
                vec![("A", 4, 60), ("B", 5, 30)],
                Some(vec![("A", 4), ("B", 5)]),
                5,
            ),
            (vec![("C", 4, 30)], Some(vec![("C", 4)]), NEW),
            (vec![("A", 4, 30)], None, 4),
            (vec![("A", 4, 60)], None, NEW),
        ] {
            let (state, case) = (state(&records), format!("{records:?} {live:?}"));
            let live = live.map(|live| snapshot(&live));
            let chosen = choose_lease(&state, keys.iter(), TTL, live.as_ref(), NEW);
            let lease = Lease {
                id: expected,
                ttl: TTL,
            };
            let expected = if expected == NEW {
                ServiceLease::New(lease)
            } else {
                ServiceLease::Kept { lease, granted: 30 }
            };
            assert_eq!(chosen, expected, "{case}");
        }
    }
}
