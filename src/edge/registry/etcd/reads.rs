//! Reads: each identity races the endpoints on its own, all concurrently.

use std::{collections::BTreeMap, sync::Arc};

use etcd_client::Client;
use tokio::task::JoinSet;

use crate::model::id::Id;

use super::{
    super::{Range, Reading, RegistryError, budget::Deadline},
    Etcd,
    connector::Connector,
    operations,
    race::{self, LiveEndpoint, RaceWinner},
    reason::{EndpointError, Permission},
};

/// The federations and ranges that one identity reads.
type RangeRequests = Arc<Vec<(Id, Vec<Range>)>>;

/// The answers to them in their order, from the endpoint that won the race.
type GroupAnswer = Result<RaceWinner<Vec<Result<Reading, RegistryError>>>, RegistryError>;

impl Etcd {
    /// Reads federations concurrently: one result per request, in their order.
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
                    self.remember_live(identity, won.endpoint, won.client);
                    let is_locked_out = |answer: &Result<_, RegistryError>| {
                        matches!(answer, Err(RegistryError::Credentials { .. }))
                    };
                    if won.value.iter().any(is_locked_out) {
                        self.doubt(identity);
                    }
                    results.extend(members.into_iter().zip(won.value));
                }
                Err(error) => {
                    self.doubt(identity);
                    results.extend(members.into_iter().map(|at| (at, Err(error.clone()))));
                }
            }
        }
        results.into_values().collect()
    }

    /// Runs one race per identity, all concurrently.
    fn read_groups(
        &mut self,
        requests: &[(Id, Vec<Range>)],
        groups: &BTreeMap<usize, Vec<usize>>,
        deadline: Deadline,
    ) -> Result<Vec<(usize, GroupAnswer)>, RegistryError> {
        let races: Vec<_> = groups
            .iter()
            .map(|(&at, members)| {
                let wanted: Vec<_> = members.iter().map(|&m| requests[m].clone()).collect();
                let identity = &self.identities[at];
                let start = (Arc::clone(&identity.connector), identity.live.clone());
                (at, start, Arc::new(wanted))
            })
            .collect();
        let side_by_side = async move {
            let mut running = JoinSet::new();
            for (at, (connector, live), wanted) in races {
                running
                    .spawn(async move { (at, read_one(connector, live, wanted, deadline).await) });
            }
            running.join_all().await
        };
        Ok(self.runtime()?.block_on(side_by_side))
    }
}

/// Reads all requests of one identity from the endpoint that answers first.
async fn read_one(
    connector: Arc<Connector>,
    live: Option<LiveEndpoint>,
    wanted: RangeRequests,
    deadline: Deadline,
) -> GroupAnswer {
    let classifier = Arc::clone(&connector);
    race::race(&connector, live, &[], deadline, move |endpoint, client| {
        read_all(
            Arc::clone(&classifier),
            endpoint,
            client,
            Arc::clone(&wanted),
        )
    })
    .await
}

/// Reads federations concurrently from one endpoint; fails only if the endpoint is unavailable.
async fn read_all(
    connector: Arc<Connector>,
    endpoint: usize,
    client: Client,
    wanted: RangeRequests,
) -> Result<Vec<Result<Reading, RegistryError>>, EndpointError> {
    let mut running = JoinSet::new();
    for at in 0..wanted.len() {
        let (client, wanted) = (client.clone(), Arc::clone(&wanted));
        running.spawn(async move { (at, operations::read(&client, &wanted[at].1).await) });
    }
    let mut results = BTreeMap::new();
    for (at, result) in running.join_all().await {
        let federation = &wanted[at].0;
        let result = match result
            .map_err(|error| connector.classify(endpoint, federation, Permission::Read, &error))
        {
            Ok(reading) => Ok(reading),
            Err(EndpointError::Final(error)) => Err(error),
            Err(unavailable) => return Err(unavailable),
        };
        results.insert(at, result);
    }
    Ok(results.into_values().collect())
}
