//! The registry in etcd: which endpoint is used for what, and what is done when it goes away. Owns the one runtime, which
//! exists from the first call on.

mod access;
mod address;
mod live;
mod operations;
mod race;
mod reason;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use etcd_client::Client;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use crate::{
    edge::clock,
    model::{
        id::Id,
        settings::{Credentials, RegistrySettings},
    },
};

use super::{Change, Check, Commit, Lease, Range, Reading, RegistryError, budget::Deadline};
use access::Access;
use live::Repeat;
use race::{Live, Won};
use reason::Failure;

/// What one identity asks for: each federation, and its ranges.
type Wanted = Arc<Vec<(Id, Vec<Range>)>>;

/// The etcd endpoints and what is known of them.
pub(super) struct Etcd {
    urls: Arc<Vec<String>>,
    settings: RegistrySettings,
    identities: Vec<Identity>,
    reached: Option<usize>,
    runtime: Option<Runtime>,
}

/// One set of credentials, and the endpoint that answered to them.
struct Identity {
    credentials: Credentials,
    access: Arc<Access>,
    live: Option<Live>,
}

impl Etcd {
    pub(super) fn new(urls: &[String], settings: &RegistrySettings) -> Self {
        Self {
            urls: Arc::new(urls.to_vec()),
            settings: settings.clone(),
            identities: Vec::new(),
            reached: None,
            runtime: None,
        }
    }

    pub(super) fn read(
        &mut self,
        requests: &[(Id, Vec<Range>)],
        deadline: Deadline,
    ) -> Vec<Result<Reading, RegistryError>> {
        let mut results: BTreeMap<usize, Result<Reading, RegistryError>> = BTreeMap::new();
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, (federation, _)) in requests.iter().enumerate() {
            match self.identity(federation) {
                Ok(identity) => groups.entry(identity).or_default().push(at),
                Err(error) => drop(results.insert(at, Err(error))),
            }
        }
        let ended = match self.read_groups(requests, &groups, deadline) {
            Ok(ended) => ended,
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        for (identity, end) in ended {
            let members = groups.remove(&identity).unwrap_or_default();
            match end {
                Ok(won) => {
                    self.keep(identity, won.endpoint, won.client);
                    results.extend(members.into_iter().zip(won.value));
                }
                Err(error) => {
                    results.extend(members.into_iter().map(|at| (at, Err(error.clone()))));
                }
            }
        }
        results.into_values().collect()
    }

    /// One race an identity, all at the same time.
    #[expect(clippy::type_complexity, reason = "named nowhere else")]
    fn read_groups(
        &mut self,
        requests: &[(Id, Vec<Range>)],
        groups: &BTreeMap<usize, Vec<usize>>,
        deadline: Deadline,
    ) -> Result<
        Vec<(
            usize,
            Result<Won<Vec<Result<Reading, RegistryError>>>, RegistryError>,
        )>,
        RegistryError,
    > {
        let races: Vec<_> = groups
            .iter()
            .map(|(&at, members)| {
                let wanted: Vec<_> = members.iter().map(|&m| requests[m].clone()).collect();
                let identity = &self.identities[at];
                let start = (Arc::clone(&identity.access), identity.live.clone());
                (at, start, Arc::new(wanted))
            })
            .collect();
        let side_by_side = async move {
            let mut running = JoinSet::new();
            for (at, (access, live), wanted) in races {
                running.spawn(async move { (at, read_one(access, live, wanted, deadline).await) });
            }
            running.join_all().await
        };
        Ok(self.runtime()?.block_on(side_by_side))
    }

    pub(super) fn commit(
        &mut self,
        federation: &Id,
        checks: &[Check],
        changes: &[Change],
        deadline: Deadline,
    ) -> Result<Commit, RegistryError> {
        let txn = operations::transaction(checks, changes);
        self.on_live_endpoint(federation, Repeat::Never, deadline, move |client| {
            operations::commit(client, txn.clone())
        })
    }

    pub(super) fn grant(
        &mut self,
        federation: &Id,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<i64, RegistryError> {
        let lease = *lease;
        self.on_live_endpoint(federation, Repeat::Harmless, deadline, move |client| {
            operations::grant(client, lease)
        })
    }

    pub(super) fn keep_alive(
        &mut self,
        federation: &Id,
        id: i64,
        deadline: Deadline,
    ) -> Result<bool, RegistryError> {
        self.on_live_endpoint(federation, Repeat::Harmless, deadline, move |client| {
            operations::keep_alive(client, id)
        })
    }

    pub(super) fn local_address(&self) -> Option<IpAddr> {
        let url = self.urls.get(self.reached?)?;
        self.runtime.as_ref()?.block_on(address::towards(url))
    }

    /// The identity of a federation; its files are read when it is first used.
    fn identity(&mut self, federation: &Id) -> Result<usize, RegistryError> {
        let own = self.settings.federations.get(federation);
        let credentials = own.unwrap_or(&self.settings.credentials);
        let known = |identity: &Identity| identity.credentials == *credentials;
        if let Some(at) = self.identities.iter().position(known) {
            return Ok(at);
        }
        let access = Access::load(&self.urls, self.settings.ca.as_deref(), credentials)?;
        self.identities.push(Identity {
            credentials: credentials.clone(),
            access: Arc::new(access),
            live: None,
        });
        Ok(self.identities.len() - 1)
    }

    fn keep(&mut self, identity: usize, endpoint: usize, client: Client) {
        self.reached = Some(endpoint);
        self.identities[identity].live = Some(Live {
            endpoint,
            client,
            answered: clock::instant(),
        });
    }

    fn runtime(&mut self) -> Result<&Runtime, RegistryError> {
        if self.runtime.is_none() {
            let made = Builder::new_current_thread().enable_all().build();
            self.runtime = Some(made.map_err(|error| RegistryError::Io {
                action: "start",
                path: "the event loop".to_owned(),
                reason: error.to_string(),
            })?);
        }
        self.runtime
            .as_ref()
            .ok_or_else(|| RegistryError::Unreachable {
                endpoints: Vec::new(),
            })
    }
}

impl Drop for Etcd {
    /// A plain drop would wait for a name lookup that nobody answers.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Reads all that one identity wants from the endpoint that answers first.
async fn read_one(
    access: Arc<Access>,
    live: Option<Live>,
    wanted: Wanted,
    deadline: Deadline,
) -> Result<Won<Vec<Result<Reading, RegistryError>>>, RegistryError> {
    let attempts = Arc::clone(&access);
    race::race(&access, live, &[], deadline, move |endpoint, client| {
        read_all(Arc::clone(&attempts), endpoint, client, Arc::clone(&wanted))
    })
    .await
}

/// Reads federations side by side from one endpoint; fails only if the endpoint is of no use.
async fn read_all(
    access: Arc<Access>,
    endpoint: usize,
    client: Client,
    wanted: Wanted,
) -> Result<Vec<Result<Reading, RegistryError>>, Failure> {
    let mut running = JoinSet::new();
    for at in 0..wanted.len() {
        let (client, wanted) = (client.clone(), Arc::clone(&wanted));
        running.spawn(async move { (at, operations::read(&client, &wanted[at].1).await) });
    }
    let mut results = BTreeMap::new();
    for (at, result) in running.join_all().await {
        let federation = &wanted[at].0;
        let result = match result.map_err(|error| access.failure(endpoint, federation, &error)) {
            Ok(reading) => Ok(reading),
            Err(Failure::Final(error)) => Err(error),
            Err(away) => return Err(away),
        };
        results.insert(at, result);
    }
    Ok(results.into_values().collect())
}
