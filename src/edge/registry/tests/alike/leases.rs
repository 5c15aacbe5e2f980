//! Leases: how they are granted and kept alive, and what they take with them.

use std::{collections::BTreeSet, time::Duration};

use super::{
    super::{change, everything, key, leased, pairs, put, read, unless_changed},
    on_both,
};
use crate::{
    edge::registry::{Change, Commit, Grant, Lease, Renewal, Session, random_lease_id},
    harness::wait::until,
};

#[test]
fn many_leases_are_granted_and_kept_alive_at_the_same_time() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let lease = |id| Lease {
            id,
            ttl: Duration::from_secs(100),
        };
        let mut ids: Vec<i64> = (0..50).map(|_| random_lease_id()).collect();
        let different: BTreeSet<&i64> = ids.iter().collect();
        assert_eq!(different.len(), 50);
        let leases: Vec<Lease> = ids.iter().copied().map(lease).collect();
        let granted = session.grant_all(federation, &leases);
        assert_eq!(granted, vec![Ok(Grant::Granted { seconds: 100 }); 50]);
        let put =
            |(number, id): (usize, &i64)| leased(&key(federation, &format!("k{number}")), "v", *id);
        let puts: Vec<Change> = ids.iter().enumerate().map(put).collect();
        change(&mut session, federation, &puts);
        ids[7] = 4242;
        let kept = Session::new(settings).keep_alive_all(federation, &ids);
        for (number, kept) in kept.into_iter().enumerate() {
            let alive = Renewal::Renewed { seconds: 100 };
            let expected = if number == 7 { Renewal::Ended } else { alive };
            assert_eq!(kept, Ok(expected));
        }
    });
}

#[test]
fn a_lease_carries_its_keys_and_takes_them_with_it() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let id = 0x5eed_0001;
        let short = Lease {
            id,
            ttl: Duration::from_millis(4500),
        };
        let granted = Grant::Granted { seconds: 5 };
        let (leased_key, plain_key) = (key(federation, "leased"), key(federation, "plain"));
        assert_eq!(session.grant(federation, &short).unwrap(), granted);
        let both = [leased(&leased_key, "v", id), leased(&plain_key, "v", id)];
        change(&mut session, federation, &both);
        // A put without a lease takes the key off it.
        change(&mut session, federation, &[put(&plain_key, "v")]);

        let mut other = Session::new(settings);
        assert_eq!(
            other.grant(federation, &short).unwrap(),
            granted,
            "an existing lease is renewed"
        );
        let renewed = other.keep_alive(federation, id).unwrap();
        assert_eq!(renewed, Renewal::Renewed { seconds: 5 });
        let reading = read(&mut other, federation, everything(federation)).unwrap();
        let leases: Vec<_> = reading.entries.iter().map(|entry| entry.lease).collect();
        assert_eq!(leases, [id, 0]);

        until("the lease ends", || {
            (pairs(&mut Session::new(settings), federation).len() == 1).then_some(())
        });
        let ended = Session::new(settings).keep_alive(federation, id);
        assert_eq!(ended, Ok(Renewal::Ended));
        let absent = [unless_changed(&leased_key, 0)];
        let back = other
            .commit(federation, &absent, &[put(&leased_key, "w")])
            .unwrap();
        assert!(
            matches!(back, Commit::Done { .. }),
            "an expired key counts as absent"
        );
    });
}

#[test]
fn a_lease_of_another_ttl_is_taken_and_stays_as_it_was() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let id = 0x5eed_0002;
        let lease = |ttl| Lease {
            id,
            ttl: Duration::from_secs(ttl),
        };
        let granted = session.grant(federation, &lease(50)).unwrap();
        assert_eq!(granted, Grant::Granted { seconds: 50 });
        let key = leased(&key(federation, "leased"), "v", id);
        change(&mut session, federation, &[key]);
        let mut other = Session::new(settings);
        assert_eq!(other.grant(federation, &lease(100)), Ok(Grant::Taken));
        let renewed = other.keep_alive_all(federation, &[4711, id]);
        let alive = Renewal::Renewed { seconds: 50 };
        assert_eq!(renewed, [Ok(Renewal::Ended), Ok(alive)]);
    });
}

#[test]
fn a_lease_that_is_kept_alive_outlives_its_time() {
    on_both(|settings, federation| {
        let mut session = Session::new(settings);
        let ttl = Duration::from_secs(4);
        let [kept, other] = [(); 2].map(|()| session.grant_new(federation, ttl).unwrap());
        assert!(kept > 0 && kept != other);
        let puts = [("kept", kept), ("other", other)];
        let puts = puts.map(|(name, id)| leased(&key(federation, name), "v", id));
        change(&mut session, federation, &puts);
        until("the lease that nobody keeps alive expires", || {
            let mut session = Session::new(settings);
            let renewed = session.keep_alive(federation, kept).unwrap();
            assert_eq!(renewed, Renewal::Renewed { seconds: 4 });
            let left = pairs(&mut session, federation);
            (left == [(key(federation, "kept"), "v".to_owned())]).then_some(())
        });
    });
}
