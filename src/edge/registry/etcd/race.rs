//! Races reads between endpoints: each has its own client, they start one after another, and the first answer wins. (A
//! client that balances over several endpoints fails while any of them is dead.)

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
    connector::Connector,
    reason::EndpointError,
};

/// How long to wait for an endpoint before the next one is started.
const HEAD_START: Duration = Duration::from_millis(120);

/// An endpoint that has answered, with its client.
#[derive(Clone)]
pub(super) struct LiveEndpoint {
    /// Its index.
    pub(super) endpoint: usize,
    /// Its client.
    pub(super) client: Client,
    /// When it answered.
    pub(super) answered: Instant,
}

/// The first answer of a race.
pub(super) struct RaceWinner<T> {
    /// The index of the endpoint.
    pub(super) endpoint: usize,
    /// Its client.
    pub(super) client: Client,
    /// The answer.
    pub(super) value: T,
}

/// How one endpoint's attempt ended.
type EndpointResult<T> = (usize, Result<(Client, T), EndpointError>);

/// Runs `attempt` against the endpoints until one answers, the `live` one first and without the `dead` ones. A refusal
/// is an answer too.
pub(super) async fn race<T, F>(
    connector: &Arc<Connector>,
    live: Option<LiveEndpoint>,
    dead: &[(usize, String)],
    deadline: Deadline,
    attempt: impl Fn(usize, Client) -> F + Clone + Send + Sync + 'static,
) -> Result<RaceWinner<T>, RegistryError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, EndpointError>> + Send + 'static,
{
    let first = live.as_ref().map(|live| live.endpoint);
    let mut waiting = order(connector.endpoints(), first, dead);
    let mut reasons = dead.to_vec();
    let mut running: JoinSet<EndpointResult<T>> = JoinSet::new();
    while !deadline.has_passed() {
        if let Some(at) = waiting.pop() {
            let client = client_of(live.as_ref(), at);
            let (connector, attempt) = (Arc::clone(connector), attempt.clone());
            running.spawn(async move { (at, run(&connector, at, client, attempt).await) });
        } else if running.is_empty() {
            break;
        }
        let wait = if waiting.is_empty() {
            deadline.left()
        } else {
            deadline.left().min(HEAD_START)
        };
        match time::timeout(wait, running.join_next()).await {
            Ok(Some(Ok((endpoint, Ok((client, value)))))) => {
                connector.remember_answer(endpoint);
                return Ok(RaceWinner {
                    endpoint,
                    client,
                    value,
                });
            }
            Ok(Some(Ok((_, Err(EndpointError::Final(error)))))) => return Err(error),
            Ok(Some(Ok((at, Err(EndpointError::Unavailable { reason, .. }))))) => {
                reasons.push((at, reason));
            }
            Ok(Some(Err(error))) => return Err(task_failed(&error)),
            Ok(None) | Err(_) => {}
        }
    }
    // Those that have not answered may never do.
    connector.forget_all();
    Err(unreachable(connector, &reasons, deadline))
}

/// The client of an endpoint, if it is the live one.
fn client_of(live: Option<&LiveEndpoint>, endpoint: usize) -> Option<Client> {
    let live = live.filter(|live| live.endpoint == endpoint)?;
    Some(live.client.clone())
}

/// Runs the attempt of one endpoint, with its known client or a new one.
async fn run<T, F>(
    connector: &Connector,
    at: usize,
    client: Option<Client>,
    attempt: impl Fn(usize, Client) -> F,
) -> Result<(Client, T), EndpointError>
where
    F: Future<Output = Result<T, EndpointError>>,
{
    let client = match client {
        Some(client) => client,
        None => connector.connect(at).await?,
    };
    let end = attempt(at, client.clone()).await;
    if end.as_ref().is_err_and(EndpointError::is_about_client) {
        connector.forget(at);
    }
    Ok((client, end?))
}

/// The endpoints in reverse of the order in which they are started.
fn order(count: usize, live: Option<usize>, dead: &[(usize, String)]) -> Vec<usize> {
    let usable = |at: &usize| Some(*at) != live && !dead.iter().any(|(known, _)| known == at);
    let mut order: Vec<usize> = (0..count).rev().filter(usable).collect();
    order.extend(live);
    order
}

/// The error of every endpoint; those without a reason did not answer.
fn unreachable(
    connector: &Connector,
    reasons: &[(usize, String)],
    deadline: Deadline,
) -> RegistryError {
    let reason = |at| {
        let known = reasons.iter().find(|(known, _)| *known == at);
        known.map_or_else(|| deadline.reason(), |(_, reason)| reason.clone())
    };
    let endpoints = (0..connector.endpoints())
        .map(|at| (connector.url(at).to_owned(), reason(at)))
        .collect();
    if deadline.has_passed() && connector.has_any_answered() {
        RegistryError::Late { endpoints }
    } else {
        RegistryError::Unreachable { endpoints }
    }
}

fn task_failed(error: &JoinError) -> RegistryError {
    RegistryError::System {
        action: "finish a call of the registry",
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
