//! The embedded registry: one file per federation in a folder, for one machine without a server. It behaves as etcd does,
//! except that a change without an effect makes no new revision.

mod disk;
mod file;
mod term;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use crate::{
    edge::{clock, files::FileError},
    model::id::Id,
};

use super::{
    Change, Commit, Grant, Lease, Range, Reading, RegistryError, Renewal, Transaction,
    budget::Deadline,
};
use disk::Disk;
pub(crate) use disk::LOCK_NAME;
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

    /// Carries out transactions one after another, and writes the file once.
    pub(super) fn commit(
        &mut self,
        federation: &Id,
        transactions: &[Transaction],
        deadline: Deadline,
    ) -> Vec<Result<Commit, RegistryError>> {
        let all = self.rewrite(federation, deadline, |contents| {
            let commit = |transaction| self.commit_one(federation, transaction, contents);
            transactions.iter().map(commit).collect()
        });
        all.unwrap_or_else(|error| vec![Err(error); transactions.len()])
    }

    fn commit_one(
        &self,
        federation: &Id,
        transaction: &Transaction,
        contents: &mut Contents,
    ) -> Result<Commit, RegistryError> {
        let preconditions = transaction.preconditions.iter();
        let changed = preconditions.filter(|check| !contents.holds(check));
        let changed: BTreeSet<String> = changed.map(|check| check.key.clone()).collect();
        if !changed.is_empty() {
            return Ok(Commit::Conflict { changed });
        }
        let granted = |lease| {
            self.granted(federation, lease)
                .or_else(|| contents.term(lease))
        };
        let has_ended = |change: &Change| matches!(change, Change::Put { lease, .. } if *lease != 0 && granted(*lease).is_none());
        if transaction.changes.iter().any(has_ended) {
            return Ok(Commit::Conflict { changed });
        }
        let mut new = contents.clone();
        new.apply(&transaction.changes, granted)
            .map_err(|reason| RegistryError::Refused {
                place: format!("federation `{federation}`"),
                reason,
            })?;
        *contents = new;
        Ok(Commit::Done {
            revision: contents.revision(),
        })
    }

    pub(super) fn grant(
        &mut self,
        federation: &Id,
        leases: &[Lease],
        deadline: Deadline,
    ) -> Vec<Result<Grant, RegistryError>> {
        let granted = self.load(federation).and_then(|contents| {
            let (mut grants, mut own, mut there) = (Vec::new(), Vec::new(), Vec::new());
            for lease in leases {
                let seconds = lease.seconds();
                let known = self.term(&contents, federation, lease.id);
                if known.is_some_and(|known| known.ttl != seconds) {
                    grants.push(Grant::Taken);
                    continue;
                }
                let term = Term::starting(lease.id, seconds, clock::now());
                // A lease without keys is known to this session only.
                there.extend(known.map(|_| term));
                own.push(term);
                grants.push(Grant::Granted { seconds });
            }
            self.renew(federation, &there, deadline)?;
            Ok((grants, own))
        });
        match granted {
            Ok((grants, own)) => {
                self.remember(federation, &own);
                grants.into_iter().map(Ok).collect()
            }
            Err(error) => vec![Err(error); leases.len()],
        }
    }

    pub(super) fn keep_alive(
        &mut self,
        federation: &Id,
        ids: &[i64],
        deadline: Deadline,
    ) -> Vec<Result<Renewal, RegistryError>> {
        let kept = self.load(federation).and_then(|contents| {
            let renewed = |id: &i64| {
                let known = self.term(&contents, federation, *id)?;
                Some(known.renewed(clock::now()))
            };
            let terms: Vec<Option<Term>> = ids.iter().map(renewed).collect();
            let known: Vec<Term> = terms.iter().copied().flatten().collect();
            self.renew(federation, &known, deadline)?;
            Ok((terms, known))
        });
        match kept {
            Ok((terms, known)) => {
                self.remember(federation, &known);
                let renewal = |term: Option<Term>| match term {
                    Some(term) => Renewal::Renewed { seconds: term.ttl },
                    None => Renewal::Ended,
                };
                terms.into_iter().map(|term| Ok(renewal(term))).collect()
            }
            Err(error) => vec![Err(error); ids.len()],
        }
    }

    fn remember(&mut self, federation: &Id, terms: &[Term]) {
        let own = |term: &Term| ((federation.clone(), term.lease), *term);
        self.granted.extend(terms.iter().map(own));
    }

    /// The term of a lease that has keys, or that this session was granted.
    fn term(&self, contents: &Contents, federation: &Id, id: i64) -> Option<Term> {
        contents.term(id).or_else(|| self.granted(federation, id))
    }

    /// A lease that this session was granted and that has not expired.
    fn granted(&self, federation: &Id, id: i64) -> Option<Term> {
        let term = self.granted.get(&(federation.clone(), id))?;
        (!term.is_over(clock::now())).then_some(*term)
    }

    fn renew(
        &self,
        federation: &Id,
        terms: &[Term],
        deadline: Deadline,
    ) -> Result<(), RegistryError> {
        if terms.is_empty() {
            return Ok(());
        }
        self.rewrite(federation, deadline, |contents| contents.renew(terms))
    }

    /// Changes the contents under the lock, and writes them if they differ then.
    fn rewrite<T>(
        &self,
        federation: &Id,
        deadline: Deadline,
        change: impl FnOnce(&mut Contents) -> T,
    ) -> Result<T, RegistryError> {
        let lock = self.disk.lock(federation, deadline)?;
        let old = self.load(federation)?;
        let mut new = old.clone();
        let changed = change(&mut new);
        if new != old {
            self.disk.store(federation, &new, &lock)?;
        }
        Ok(changed)
    }

    /// The contents without expired keys.
    fn load(&self, federation: &Id) -> Result<Contents, RegistryError> {
        let mut contents = self.disk.load(federation)?;
        contents.expire(clock::now());
        Ok(contents)
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
