//! The registry: etcd or a folder, behind one interface and one time budget. It handles keys and values, whatever they
//! mean.

mod budget;
mod directory;
mod error;
mod etcd;
mod lease;
#[cfg(test)]
mod tests;
mod watch;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use crate::model::{
    id::Id,
    permission::{AccessTry, KeyPermission},
    settings::{Location, RegistrySettings},
    snapshot::Entry,
    transaction::{Change, Lease, Precondition, Transaction},
};

use budget::Budget;
use directory::Directory;
use etcd::Etcd;

pub(crate) use directory::LOCK_NAME;
pub(crate) use error::RegistryError;
pub(crate) use etcd::{EtcdMember, Logins, MemberAnswer};
pub(crate) use lease::{Grant, Renewal, random_lease_id};
pub(crate) use watch::{KeyChange, Watch, WatchError, WatchEvent};

/// The most checks, and the most changes, that one [`Session::commit`] takes (etcd's `--max-txn-ops`).
pub(crate) const MAX_OPERATIONS: usize = 128;

/// A set of keys to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// One key.
    Key(String),
    /// Every key with this prefix; it ends in `/`, since `a/b` would also match `a/bc`.
    Prefix(String),
}

/// What a read returned, all at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The registry's revision.
    pub revision: i64,
    /// Which registry it is (etcd's cluster id); 0 for the embedded one.
    pub cluster: u64,
    /// The entries in the order of the ranges, each sorted by key.
    pub entries: Vec<Entry>,
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// All changes were made.
    Done {
        /// The registry's revision after it.
        revision: i64,
    },
    /// A precondition did not hold, or a lease had ended; nothing was changed.
    Conflict {
        /// The keys whose preconditions did not hold; none if they hold again already, or if a lease had ended.
        changed: BTreeSet<String>,
    },
}

/// A registry connection, for one command or for a series of calls each with a time of its own. All its calls together end
/// within `settings.timeout`, unless [`Session::renew_budget`] divides them.
pub(crate) struct Session {
    budget: Budget,
    backend: Backend,
}

enum Backend {
    Etcd(Box<Etcd>),
    Directory(Directory),
}

impl Session {
    /// A session that connects only at its first call.
    pub(crate) fn new(settings: &RegistrySettings) -> Self {
        Self::with(settings, None)
    }

    /// The same, with logins that others share.
    pub(crate) fn sharing(settings: &RegistrySettings, logins: &Logins) -> Self {
        Self::with(settings, Some(logins))
    }

    fn with(settings: &RegistrySettings, logins: Option<&Logins>) -> Self {
        let backend = match &settings.location {
            Location::Etcd(urls) => Backend::Etcd(Box::new(Etcd::new(urls, settings, logins))),
            Location::Directory(folder) => Backend::Directory(Directory::new(folder)),
        };
        Self {
            budget: Budget::new(settings.timeout),
            backend,
        }
    }

    /// Reads federations concurrently: one result per request, in their order, each at one revision.
    pub(crate) fn read(
        &mut self,
        requests: &[(Id, Vec<Range>)],
    ) -> Vec<Result<Reading, RegistryError>> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.read(requests, deadline),
            Backend::Directory(directory) => requests
                .iter()
                .map(|(federation, ranges)| directory.read(federation, ranges))
                .collect(),
        })
    }

    /// Applies all `changes` atomically if all `checks` hold.
    ///
    /// # Errors
    /// [`RegistryError`]; only with [`RegistryError::Unconfirmed`] may anything have been written. More than
    /// [`MAX_OPERATIONS`] of either are refused.
    pub(crate) fn commit(
        &mut self,
        federation: &Id,
        preconditions: &[Precondition],
        changes: &[Change],
    ) -> Result<Commit, RegistryError> {
        let transaction = Transaction {
            preconditions: preconditions.to_vec(),
            changes: changes.to_vec(),
        };
        only(self.commit_all(federation, &[transaction]))
    }

    /// As [`Session::commit`], for several transactions, which are in flight at the same time: one result each, in their
    /// order. Each stands alone.
    pub(crate) fn commit_all(
        &mut self,
        federation: &Id,
        transactions: &[Transaction],
    ) -> Vec<Result<Commit, RegistryError>> {
        let most = transactions
            .iter()
            .map(operations)
            .max()
            .unwrap_or_default();
        if most > MAX_OPERATIONS {
            let refused = RegistryError::Refused {
                place: format!("federation `{federation}`"),
                reason: format!("{most} changes at once are more than {MAX_OPERATIONS}"),
            };
            return vec![Err(refused); transactions.len()];
        }
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.commit(federation, transactions, deadline),
            Backend::Directory(directory) => directory.commit(federation, transactions, deadline),
        })
    }

    /// Grants a lease; an existing one of the same id and TTL is renewed.
    ///
    /// # Errors
    /// [`RegistryError`]; if the lease was granted nevertheless, it expires by itself.
    pub(crate) fn grant(&mut self, federation: &Id, lease: &Lease) -> Result<Grant, RegistryError> {
        only(self.grant_all(federation, &[*lease]))
    }

    /// Grants a lease with a random id, and returns that.
    ///
    /// # Errors
    /// As [`Session::grant`].
    pub(crate) fn grant_new(
        &mut self,
        federation: &Id,
        ttl: Duration,
    ) -> Result<i64, RegistryError> {
        for _ in 0..lease::ATTEMPTS {
            let id = random_lease_id();
            if self.grant(federation, &Lease { id, ttl })? != Grant::Taken {
                return Ok(id);
            }
        }
        Err(RegistryError::Refused {
            place: format!("federation `{federation}`"),
            reason: "no random lease id is free".to_owned(),
        })
    }

    /// As [`Session::grant`], for several leases at the same time: one result each, in their order.
    pub(crate) fn grant_all(
        &mut self,
        federation: &Id,
        leases: &[Lease],
    ) -> Vec<Result<Grant, RegistryError>> {
        if leases.is_empty() {
            return Vec::new();
        }
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.grant(federation, leases, deadline),
            Backend::Directory(directory) => directory.grant(federation, leases, deadline),
        })
    }

    /// Renews a lease for its whole TTL.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub(crate) fn keep_alive(
        &mut self,
        federation: &Id,
        id: i64,
    ) -> Result<Renewal, RegistryError> {
        only(self.keep_alive_all(federation, &[id]))
    }

    /// As [`Session::keep_alive`], for several leases at the same time: one result each, in their order.
    pub(crate) fn keep_alive_all(
        &mut self,
        federation: &Id,
        ids: &[i64],
    ) -> Vec<Result<Renewal, RegistryError>> {
        if ids.is_empty() {
            return Vec::new();
        }
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.keep_alive(federation, ids, deadline),
            Backend::Directory(directory) => directory.keep_alive(federation, ids, deadline),
        })
    }

    /// Whether each of these operations is permitted to the credentials of a federation, in their order. Nothing is written.
    /// The embedded registry has no permissions.
    pub(crate) fn try_access(
        &mut self,
        federation: &Id,
        tries: &[AccessTry],
    ) -> Vec<Result<bool, RegistryError>> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.try_access(federation, tries, deadline),
            Backend::Directory(_) => tries.iter().map(|_| Ok(true)).collect(),
        })
    }

    /// What the member of each endpoint says of itself; nothing for the embedded registry.
    ///
    /// # Errors
    /// [`RegistryError`] when the credentials cannot be used at all.
    pub(crate) fn members(&mut self, federation: &Id) -> Result<Vec<MemberAnswer>, RegistryError> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.members(federation, deadline),
            Backend::Directory(_) => Ok(Vec::new()),
        })
    }

    /// Whether the registry asks clients for a user.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub(crate) fn requires_users(&mut self, federation: &Id) -> Result<bool, RegistryError> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.requires_users(federation, deadline),
            Backend::Directory(_) => Ok(false),
        })
    }

    /// What the roles of a user permit.
    ///
    /// # Errors
    /// [`RegistryError`]; the credentials of the federation may read the roles of their own user alone.
    pub(crate) fn permissions(
        &mut self,
        federation: &Id,
        user: &str,
    ) -> Result<Vec<KeyPermission>, RegistryError> {
        only(self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.permissions(federation, user, deadline),
            Backend::Directory(_) => vec![Ok(Vec::new())],
        }))
    }

    /// Gives the calls from now on the whole `settings.timeout` again: a session that lives long serves one piece of work
    /// after another.
    pub(crate) fn renew_budget(&mut self) {
        self.budget.renew();
    }

    /// The local address from which the endpoint that answered was reached; `None` before any answer, for the embedded
    /// registry, and when that is a loopback address.
    pub(crate) fn local_address(&self) -> Option<IpAddr> {
        match &self.backend {
            Backend::Etcd(etcd) => etcd.local_address(),
            Backend::Directory(_) => None,
        }
    }
}

/// The greater of a transaction's numbers of preconditions and changes.
fn operations(transaction: &Transaction) -> usize {
    let preconditions = transaction.preconditions.len();
    preconditions.max(transaction.changes.len())
}

/// The one result of one operation.
fn only<T>(mut results: Vec<Result<T, RegistryError>>) -> Result<T, RegistryError> {
    results.pop().unwrap_or_else(|| {
        Err(RegistryError::Unreachable {
            endpoints: Vec::new(),
        })
    })
}
