//! The embedded registry: one file per federation in a folder, for one machine without a server. It behaves as etcd does,
//! except that a change without an effect makes no new revision.

mod disk;
mod file;
mod term;

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::{
    edge::{clock, files::FileError},
    model::id::Id,
};

use super::{Change, Commit, Lease, Precondition, Range, Reading, RegistryError, budget::Deadline};
use disk::{Disk, WriteLock};
use file::Contents;
use term::Term;

/// The folder, and the leases that were granted but have no key yet.
pub(super) struct Directory {
    disk: Disk,
    granted: BTreeMap<(Id, i64), Term>,
}

impl Directory {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            disk: Disk::new(folder),
            granted: BTreeMap::new(),
        }
    }

    pub(super) fn read(&self, federation: &Id, ranges: &[Range]) -> Result<Reading, RegistryError> {
        Ok(reading(&self.load(federation)?, ranges))
    }

    /// As [`Directory::read`], with the time until the first of all keys expires.
    pub(super) fn read_until_expiry(
        &self,
        federation: &Id,
        ranges: &[Range],
    ) -> Result<(Reading, Option<Duration>), RegistryError> {
        let contents = self.load(federation)?;
        Ok((
            reading(&contents, ranges),
            contents.next_expiry(clock::now()),
        ))
    }

    /// The folder, created if it does not exist.
    pub(super) fn folder(&self) -> Result<&Path, FileError> {
        self.disk.folder()
    }

    pub(super) fn commit(
        &mut self,
        federation: &Id,
        checks: &[Precondition],
        changes: &[Change],
        deadline: Deadline,
    ) -> Result<Commit, RegistryError> {
        let lock = self.disk.lock(federation, deadline)?;
        let old = self.load(federation)?;
        if !checks.iter().all(|check| old.holds(check)) {
            return Ok(Commit::Conflict);
        }
        let mut new = old.clone();
        let granted = |lease| self.granted(federation, lease).or_else(|| old.term(lease));
        new.apply(changes, granted)
            .map_err(|reason| RegistryError::Refused {
                place: format!("federation `{federation}`"),
                reason,
            })?;
        self.store_if_changed(federation, &old, &new, &lock)?;
        Ok(Commit::Done {
            revision: new.revision(),
        })
    }

    pub(super) fn grant(
        &mut self,
        federation: &Id,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<i64, RegistryError> {
        let id = lease.id.unwrap_or_else(random_id);
        let term = Term::starting(id, lease.seconds().unsigned_abs(), clock::now());
        if self.load(federation)?.term(id).is_some() {
            self.renew(federation, term, deadline)?;
        }
        self.granted.insert((federation.clone(), id), term);
        Ok(id)
    }

    pub(super) fn keep_alive(
        &mut self,
        federation: &Id,
        id: i64,
        deadline: Deadline,
    ) -> Result<bool, RegistryError> {
        let known = match self.load(federation)?.term(id) {
            Some(term) => Some(term),
            None => self.granted(federation, id),
        };
        let Some(known) = known else {
            return Ok(false);
        };
        let term = known.renewed(clock::now());
        self.renew(federation, term, deadline)?;
        self.granted.insert((federation.clone(), id), term);
        Ok(true)
    }

    /// A lease that this session was granted and that has not expired.
    fn granted(&self, federation: &Id, id: i64) -> Option<Term> {
        let term = self.granted.get(&(federation.clone(), id))?;
        (!term.is_over(clock::now())).then_some(*term)
    }

    fn renew(&self, federation: &Id, term: Term, deadline: Deadline) -> Result<(), RegistryError> {
        let lock = self.disk.lock(federation, deadline)?;
        let old = self.load(federation)?;
        let mut new = old.clone();
        new.renew(term);
        self.store_if_changed(federation, &old, &new, &lock)
    }

    /// The contents without expired keys.
    fn load(&self, federation: &Id) -> Result<Contents, RegistryError> {
        let mut contents = self.disk.load(federation)?;
        contents.expire(clock::now());
        Ok(contents)
    }

    fn store_if_changed(
        &self,
        federation: &Id,
        old: &Contents,
        new: &Contents,
        lock: &WriteLock,
    ) -> Result<(), RegistryError> {
        if new == old {
            return Ok(());
        }
        self.disk.store(federation, new, lock)
    }
}

fn reading(contents: &Contents, ranges: &[Range]) -> Reading {
    Reading {
        revision: contents.revision(),
        cluster: 0,
        entries: ranges
            .iter()
            .flat_map(|range| contents.entries(range))
            .collect(),
    }
}

/// A random lease id above 0.
fn random_id() -> i64 {
    i64::try_from(clock::random() >> 1).unwrap_or(1).max(1)
}
