//! Reads: each identity races the endpoints for itself, all at the same time.

use std::{collections::BTreeMap, sync::Arc};

use etcd_client::Client;
use tokio::task::JoinSet;

use crate::model::id::Id;

use super::{
    super::{Range, Reading, RegistryError, budget::Deadline},
    Etcd,
    access::EtcdAccess,
    operations,
    race::{self, LiveEndpoint, Won},
    reason::CallError,
};

/// What one identity asks for: each federation, and its ranges.
type RangeRequests = Arc<Vec<(Id, Vec<Range>)>>;

impl Etcd {
    /// Reads federations side by side: a result for each request, in their order.
    pub(in crate::edge::registry) fn read(
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
}

/// Reads all that one identity wants from the endpoint that answers first.
async fn read_one(
    access: Arc<EtcdAccess>,
    live: Option<LiveEndpoint>,
    wanted: RangeRequests,
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
    access: Arc<EtcdAccess>,
    endpoint: usize,
    client: Client,
    wanted: RangeRequests,
) -> Result<Vec<Result<Reading, RegistryError>>, CallError> {
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
            Err(CallError::Final(error)) => Err(error),
            Err(away) => return Err(away),
        };
        results.insert(at, result);
    }
    Ok(results.into_values().collect())
}
