//! The registry: etcd, or a folder. Owns the one interface to both and the time that they may take together; knows keys
//! and values, not what they mean.

mod budget;
mod directory;
mod error;
mod etcd;
mod watch;

use std::{net::IpAddr, time::Duration};

use crate::model::{
    id::Id,
    settings::{Location, RegistrySettings},
    snapshot::Entry,
};

use budget::Budget;
use directory::Directory;
use etcd::Etcd;

pub use error::RegistryError;
pub use watch::{Moved, Seen, Watch};

/// The most checks, and the most changes, that one [`Session::commit`] takes (etcd's `--max-txn-ops`).
pub const MAX_OPERATIONS: usize = 128;

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// One key.
    Key(String),
    /// Every key that begins so; ends in `/`, since `a/b` would also take `a/bc`.
    Prefix(String),
}

/// What was read, all at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The registry's revision.
    pub revision: i64,
    /// Which registry it is (etcd's cluster id); 0 for the embedded one.
    pub cluster: u64,
    /// What was found, in the order of the ranges, and by key in each.
    pub entries: Vec<Entry>,
}

/// What has to hold for a commit to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The key.
    pub key: String,
    /// The revision of its last change; 0: it is absent.
    pub revision: i64,
}

/// One change of a commit; a key may be changed once in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets a key.
    Put {
        /// The key.
        key: String,
        /// Its value: UTF-8.
        value: Vec<u8>,
        /// The lease to hang it on, granted before; 0 for none.
        lease: i64,
    },
    /// Removes a key, if it is there.
    Delete {
        /// The key.
        key: String,
    },
}

impl Change {
    /// The key that it changes.
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All changes were made.
    Done {
        /// The registry's revision after it.
        revision: i64,
    },
    /// A check did not hold; nothing was changed.
    Conflict,
}

/// A lease to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its id, above 0; `None`: the registry chooses one.
    pub id: Option<i64>,
    /// How long it lives unless it is kept alive; rounded up to seconds.
    pub ttl: Duration,
}

impl Lease {
    /// The time to live in seconds, at least one.
    fn seconds(&self) -> i64 {
        let up = u64::from(self.ttl.subsec_nanos() > 0);
        i64::try_from(self.ttl.as_secs().saturating_add(up)).map_or(i64::MAX, |whole| whole.max(1))
    }
}

/// One command's use of the registry. All its calls together end within `settings.timeout`, whatever the registry does.
pub struct Session {
    budget: Budget,
    backend: Backend,
}

enum Backend {
    Etcd(Box<Etcd>),
    Directory(Directory),
}

impl Session {
    /// Prepares the use of a registry; touches nothing.
    pub fn new(settings: &RegistrySettings) -> Self {
        let backend = match &settings.location {
            Location::Etcd(urls) => Backend::Etcd(Box::new(Etcd::new(urls, settings))),
            Location::Directory(folder) => Backend::Directory(Directory::new(folder)),
        };
        Self {
            budget: Budget::new(settings.timeout),
            backend,
        }
    }

    /// Reads federations side by side: a result for each request, in their order, each at one revision.
    pub fn read(&mut self, requests: &[(Id, Vec<Range>)]) -> Vec<Result<Reading, RegistryError>> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.read(requests, deadline),
            Backend::Directory(directory) => requests
                .iter()
                .map(|(federation, ranges)| directory.read(federation, ranges))
                .collect(),
        })
    }

    /// Makes all `changes` at once if all `checks` hold.
    ///
    /// # Errors
    /// [`RegistryError`]; only with [`RegistryError::may_be_done`] may anything have been written. More than
    /// [`MAX_OPERATIONS`] of either are refused.
    pub fn commit(
        &mut self,
        federation: &Id,
        checks: &[Check],
        changes: &[Change],
    ) -> Result<Commit, RegistryError> {
        let operations = checks.len().max(changes.len());
        if operations > MAX_OPERATIONS {
            return Err(RegistryError::Refused {
                place: format!("federation `{federation}`"),
                reason: format!("{operations} changes at once are more than {MAX_OPERATIONS}"),
            });
        }
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.commit(federation, checks, changes, deadline),
            Backend::Directory(directory) => {
                directory.commit(federation, checks, changes, deadline)
            }
        })
    }

    /// Grants a lease and returns its id; one that exists under that id is renewed.
    ///
    /// # Errors
    /// [`RegistryError`]; a lease that was granted all the same ends by itself.
    pub fn grant(&mut self, federation: &Id, lease: &Lease) -> Result<i64, RegistryError> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.grant(federation, lease, deadline),
            Backend::Directory(directory) => directory.grant(federation, lease, deadline),
        })
    }

    /// Lets a lease live its whole time from now on; `false`: it is gone.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn keep_alive(&mut self, federation: &Id, id: i64) -> Result<bool, RegistryError> {
        self.budget.spend(|deadline| match &mut self.backend {
            Backend::Etcd(etcd) => etcd.keep_alive(federation, id, deadline),
            Backend::Directory(directory) => directory.keep_alive(federation, id, deadline),
        })
    }

    /// The local address from which the endpoint that answered was reached; `None` before any answer, for the embedded
    /// registry, and when that is a loopback address.
    pub fn local_address(&self) -> Option<IpAddr> {
        match &self.backend {
            Backend::Etcd(etcd) => etcd.local_address(),
            Backend::Directory(_) => None,
        }
    }
}
