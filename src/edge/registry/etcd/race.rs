//! The race between endpoints: one client each, started one after another, the first answer wins. (One client that
//! balances over several endpoints fails while any of them is dead.) For reads only.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use etcd_client::Client;
use tokio::{
    task::{JoinError, JoinSet},
    time,
};

use super::{
    super::{RegistryError, budget::Deadline},
    access::EtcdAccess,
    reason::CallError,
};

/// How long an endpoint runs alone before the next is started.
const HEAD_START: Duration = Duration::from_millis(120);

/// An endpoint that has answered before.
#[derive(Clone)]
pub(super) struct LiveEndpoint {
    /// Which one.
    pub(super) endpoint: usize,
    /// The client that reaches it.
    pub(super) client: Client,
    /// When it answered.
    pub(super) answered: Instant,
}

/// The first answer.
pub(super) struct Won<T> {
    /// Which endpoint gave it.
    pub(super) endpoint: usize,
    /// The client that reached it.
    pub(super) client: Client,
    /// The answer.
    pub(super) value: T,
}

/// How one endpoint's attempt ended.
type EndpointResult<T> = (usize, Result<(Client, T), CallError>);

/// Runs `attempt` against the endpoints, the one that is `live` first, until one answers; those that are `dead` are left
/// out. An answer that is a refusal ends the race too.
pub(super) async fn race<T, F>(
    access: &Arc<EtcdAccess>,
    live: Option<LiveEndpoint>,
    dead: &[(usize, String)],
    deadline: Deadline,
    attempt: impl Fn(usize, Client) -> F + Clone + Send + Sync + 'static,
) -> Result<Won<T>, RegistryError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallError>> + Send + 'static,
{
    let mut waiting = order(
        access.endpoints(),
        live.as_ref().map(|live| live.endpoint),
        dead,
    );
    let mut reasons = dead.to_vec();
    let mut running: JoinSet<EndpointResult<T>> = JoinSet::new();
    while !deadline.has_passed() {
        if let Some(at) = waiting.pop() {
            let client = live
                .as_ref()
                .filter(|live| live.endpoint == at)
                .map(|live| live.client.clone());
            let (access, attempt) = (Arc::clone(access), attempt.clone());
            running.spawn(async move { (at, run(&access, at, client, attempt).await) });
        } else if running.is_empty() {
            break;
        }
        let patience = if waiting.is_empty() {
            deadline.left()
        } else {
            deadline.left().min(HEAD_START)
        };
        match time::timeout(patience, running.join_next()).await {
            Ok(Some(Ok((endpoint, Ok((client, value)))))) => {
                return Ok(Won {
                    endpoint,
                    client,
                    value,
                });
            }
            Ok(Some(Ok((_, Err(CallError::Final(error)))))) => return Err(error),
            Ok(Some(Ok((at, Err(CallError::Away { reason, .. }))))) => reasons.push((at, reason)),
            Ok(Some(Err(error))) => return Err(broken(&error)),
            Ok(None) | Err(_) => {}
        }
    }
    Err(unreachable(access, &reasons, deadline))
}

/// One endpoint's attempt, with the client that it has already or a new one.
async fn run<T, F>(
    access: &EtcdAccess,
    at: usize,
    client: Option<Client>,
    attempt: impl Fn(usize, Client) -> F,
) -> Result<(Client, T), CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let client = match client {
        Some(client) => client,
        None => access.connect(at).await?,
    };
    Ok((client.clone(), attempt(at, client).await?))
}

/// The endpoints in the reverse of the order in which they are started.
fn order(count: usize, live: Option<usize>, dead: &[(usize, String)]) -> Vec<usize> {
    let usable = |at: &usize| Some(*at) != live && !dead.iter().any(|(known, _)| known == at);
    let mut order: Vec<usize> = (0..count).rev().filter(usable).collect();
    order.extend(live);
    order
}

/// Every endpoint with its reason; those without one did not answer.
fn unreachable(
    access: &EtcdAccess,
    reasons: &[(usize, String)],
    deadline: Deadline,
) -> RegistryError {
    let reason = |at| {
        let known = reasons.iter().find(|(known, _)| *known == at);
        known.map_or_else(|| deadline.reason(), |(_, reason)| reason.clone())
    };
    let endpoints = (0..access.endpoints())
        .map(|at| (access.url(at).to_owned(), reason(at)))
        .collect();
    RegistryError::Unreachable { endpoints }
}

fn broken(error: &JoinError) -> RegistryError {
    RegistryError::Io {
        action: "finish",
        path: "the call".to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_endpoint_is_asked_first_and_the_dead_never() {
        let started = |live, dead: &[(usize, String)]| {
            let mut order = order(4, live, dead);
            order.reverse();
            order
        };
        assert_eq!(started(None, &[]), [0, 1, 2, 3]);
        assert_eq!(started(Some(2), &[(1, String::new())]), [2, 0, 3]);
    }
}
