//! Renews the leases of many services together: one read, and one call for each federation.

use std::collections::BTreeMap;

use crate::{
    edge::registry::{Renewal, Session},
    model::{
        id::Id,
        key::{Key, Kind},
        service_state::{AnnounceProgress, ServiceState},
    },
    operations::read_set::{Read, ReadSet, Snapshots},
    report::Failure,
};

/// A lease of a service, which the state records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptLease {
    federation: Id,
    id: i64,
    /// The TTL that the registry gave it, in seconds.
    seconds: u64,
    /// The announcements that hang on it for certain.
    keys: Vec<Key>,
}

/// What became of the leases of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepAlive {
    /// They live on.
    Alive,
    /// One had ended, or is not this service's any more: the service has to be announced again.
    Expired,
}

/// The leases that a state records.
pub(super) fn leases(state: &ServiceState) -> Vec<KeptLease> {
    let mut leases: BTreeMap<(Id, i64), KeptLease> = BTreeMap::new();
    for (path, known) in &state.announced {
        let Some((_, key)) = Key::parse(path).filter(|_| known.lease != 0) else {
            continue;
        };
        let lease = leases
            .entry((key.federation.clone(), known.lease))
            .or_insert_with(|| KeptLease {
                federation: key.federation.clone(),
                id: known.lease,
                seconds: known.granted_ttl(),
                keys: Vec::new(),
            });
        if known.outcome == AnnounceProgress::Done {
            lease.keys.push(key);
        }
    }
    leases.into_values().collect()
}

/// Renews the leases of services. Whoever lists the leases of an etcd may grant an ended one again, so what hangs on each
/// is read as well.
pub(super) fn renew(
    session: &mut Session,
    services: &BTreeMap<Id, Vec<KeptLease>>,
) -> BTreeMap<Id, Result<KeepAlive, Failure>> {
    let mut reads = ReadSet::default();
    let mut wanted: BTreeMap<&Id, Vec<i64>> = BTreeMap::new();
    for lease in services.values().flatten() {
        wanted.entry(&lease.federation).or_default().push(lease.id);
        for key in &lease.keys {
            reads.key(&lease.federation, key.path(Kind::Provides));
        }
    }
    let snapshots = reads.read(session);
    let mut renewals = Renewals::new();
    for (federation, ids) in wanted {
        let renewed = match snapshots.of(federation) {
            Read::Failed(error) if error.is_away => vec![Err(error.failure.clone()); ids.len()],
            _ => {
                let renewed = session.keep_alive_all(federation, &ids).into_iter();
                renewed.map(|end| end.map_err(Failure::from)).collect()
            }
        };
        let keys = ids.into_iter().map(|id| (federation.clone(), id));
        renewals.extend(keys.zip(renewed));
    }
    let of_service =
        |(id, leases): (&Id, &Vec<KeptLease>)| (id.clone(), outcome(leases, &snapshots, &renewals));
    services.iter().map(of_service).collect()
}

/// How the keep-alive of each lease of a federation ended.
type Renewals = BTreeMap<(Id, i64), Result<Renewal, Failure>>;

fn outcome(
    leases: &[KeptLease],
    snapshots: &Snapshots,
    renewals: &Renewals,
) -> Result<KeepAlive, Failure> {
    let mut outcome = KeepAlive::Alive;
    for lease in leases {
        let renewed = renewals.get(&(lease.federation.clone(), lease.id));
        let seconds = lease.seconds;
        match renewed {
            Some(Err(failure)) => return Err(failure.clone()),
            Some(Ok(renewal))
                if *renewal == Renewal::Renewed { seconds } && hangs_on(lease, snapshots) => {}
            // Its announcement is pending: whoever is about to write it may not have been granted the lease yet.
            _ if lease.keys.is_empty() => {}
            _ => outcome = KeepAlive::Expired,
        }
    }
    Ok(outcome)
}

/// Whether the announcements of a lease still hang on it, as far as this node may read them.
fn hangs_on(lease: &KeptLease, snapshots: &Snapshots) -> bool {
    snapshots
        .of(&lease.federation)
        .snapshot()
        .is_none_or(|snapshot| {
            lease.keys.iter().all(|key| {
                let live = snapshot.live.get(key);
                live.is_some_and(|live| live.lease == lease.id)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{sample, service_state::AnnouncedRecord, snapshot::Snapshot};

    fn state(records: &[(&str, i64, AnnounceProgress)]) -> ServiceState {
        let record = |(name, lease, outcome): &(&str, i64, AnnounceProgress)| {
            let record = AnnouncedRecord {
                announcement: sample::announcement("x"),
                lease: *lease,
                ttl: 30,
                granted: 0,
                outcome: *outcome,
                revision: 1,
            };
            (sample::key("f", name).path(Kind::Provides), record)
        };
        ServiceState {
            announced: records.iter().map(record).collect(),
            ..ServiceState::default()
        }
    }

    #[test]
    fn only_confirmed_announcements_have_to_hang_on_their_lease() {
        use AnnounceProgress::{Done, Pending};
        let state = state(&[("A", 4, Done), ("B", 4, Pending), ("C", 0, Done)]);
        let lease = KeptLease {
            federation: Id::parse("f").unwrap(),
            id: 4,
            seconds: 30,
            keys: vec![sample::key("f", "A")],
        };
        assert_eq!(leases(&state), [lease]);
    }

    #[test]
    fn a_lease_without_its_announcement_or_with_another_ttl_is_expired() {
        use AnnounceProgress::{Done, Pending};
        let federation = Id::parse("f").unwrap();
        let renewed = |seconds| Renewal::Renewed { seconds };
        for (progress, live, renewal, expected) in [
            (Done, Some(4), renewed(30), KeepAlive::Alive),
            (Done, Some(4), renewed(31), KeepAlive::Expired),
            (Done, Some(4), Renewal::Ended, KeepAlive::Expired),
            (Done, Some(5), renewed(30), KeepAlive::Expired),
            (Done, None, renewed(30), KeepAlive::Expired),
            (Pending, None, renewed(30), KeepAlive::Alive),
            (Pending, None, Renewal::Ended, KeepAlive::Alive),
        ] {
            let entries = live.map(|lease| {
                let entry = sample::live(&sample::key("f", "A"), &sample::announcement("x"), 5);
                crate::model::snapshot::Entry { lease, ..entry }
            });
            let mut snapshots = Snapshots::default();
            let entries = entries.into_iter().collect();
            snapshots.list(federation.clone(), Snapshot::new(&federation, 9, entries));
            let renewals = [((federation.clone(), 4), Ok(renewal))].into();
            let leases = leases(&state(&[("A", 4, progress)]));
            let outcome = outcome(&leases, &snapshots, &renewals);
            assert_eq!(outcome, Ok(expected), "{progress:?} {live:?} {renewal:?}");
        }
    }
}
