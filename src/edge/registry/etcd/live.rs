//! Writes go to one endpoint that is known to answer, never to two at once. Another one is tried only if the first
//! certainly did not execute the write.

use std::{
    collections::BTreeMap,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use etcd_client::{Client, Error};
use tokio::time;

use crate::model::{id::Id, key::federation_prefix};

use super::{
    super::{RegistryError, budget::Deadline},
    Etcd, operations, race,
    reason::{EndpointError, Executed, Permission},
};

/// How long after its last answer an endpoint counts as live. Only a call would notice that a connection has broken since,
/// and a write that notices it is unconfirmed.
const LIVE_FOR: Duration = Duration::from_millis(250);

/// How many calls are in flight at the same time.
const IN_FLIGHT: usize = 32;

/// Whether an operation may be sent again when it may have been executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It is idempotent.
    Safe,
    /// It must not be executed twice.
    Unsafe,
}

/// An endpoint that is known to answer, as an identity reaches it.
struct Live {
    identity: usize,
    endpoint: usize,
    client: Client,
}

/// How calls to one endpoint ended, each with its number.
type Answers<T> = Vec<(usize, Result<T, EndpointError>)>;

impl Etcd {
    /// Runs an operation for each of `arguments` on a live endpoint, some at the same time, and on another one if `retry`
    /// allows it after a failure. One result an argument, in their order.
    pub(super) fn on_live_endpoint<A, T, F>(
        &mut self,
        federation: &Id,
        retry: Retry,
        deadline: Deadline,
        arguments: &[A],
        operation: impl Fn(Client, &A) -> F,
    ) -> Vec<Result<T, RegistryError>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut ended: BTreeMap<usize, Result<T, RegistryError>> = BTreeMap::new();
        let mut dead = Vec::new();
        while ended.len() < arguments.len() {
            let open = (0..arguments.len()).filter(|at| !ended.contains_key(at));
            let open: Vec<usize> = open.collect();
            let live = self.live(federation, &dead, deadline);
            let answers = live.and_then(|live| {
                let call = |at| (at, operation(live.client.clone(), &arguments[at]));
                let calls = open.iter().copied().map(call).collect();
                Ok((self.call(&live, federation, deadline, calls)?, live))
            });
            match answers {
                Ok((answers, live)) => {
                    let broken = self.take_answers(&live, retry, answers, &mut ended);
                    dead.extend(broken.map(|reason| (live.endpoint, reason)));
                }
                Err(error) => ended.extend(open.into_iter().map(|at| (at, Err(error.clone())))),
            }
        }
        ended.into_values().collect()
    }

    fn call<T, F>(
        &mut self,
        live: &Live,
        federation: &Id,
        deadline: Deadline,
        calls: Vec<(usize, F)>,
    ) -> Result<Answers<T>, RegistryError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let connector = Arc::clone(&self.identities[live.identity].connector);
        let classify =
            |error: &Error| connector.classify(live.endpoint, federation, Permission::Write, error);
        Ok(self.runtime()?.block_on(run(calls, deadline, classify)))
    }

    /// Takes what ended into `ended`; what is not there then may be sent to another endpoint. Returns why this one cannot
    /// be used any more.
    fn take_answers<T>(
        &mut self,
        live: &Live,
        retry: Retry,
        answers: Answers<T>,
        ended: &mut BTreeMap<usize, Result<T, RegistryError>>,
    ) -> Option<String> {
        let mut broken = None;
        for (at, answer) in answers {
            let (executed, reason) = match answer {
                Ok(value) => {
                    ended.insert(at, Ok(value));
                    continue;
                }
                Err(EndpointError::Final(error)) => {
                    if matches!(error, RegistryError::Credentials { .. }) {
                        self.doubt(live.identity);
                    }
                    ended.insert(at, Err(error));
                    continue;
                }
                Err(EndpointError::Unavailable { executed, reason }) => (executed, reason),
            };
            if executed == Executed::Unknown && retry == Retry::Unsafe {
                let endpoint = self.urls[live.endpoint].clone();
                let reason = reason.clone();
                ended.insert(at, Err(RegistryError::Unconfirmed { endpoint, reason }));
            }
            broken = Some(reason);
        }
        if broken.is_some() {
            self.identities[live.identity].live = None;
            self.identities[live.identity]
                .connector
                .forget(live.endpoint);
        } else {
            self.remember_live(live.identity, live.endpoint, live.client.clone());
        }
        broken
    }

    /// The endpoint that answered recently, or else the first that answers a probe.
    fn live(
        &mut self,
        federation: &Id,
        dead: &[(usize, String)],
        deadline: Deadline,
    ) -> Result<Live, RegistryError> {
        let identity = self.identity(federation)?;
        let known = self.identities[identity].live.clone();
        if let Some(live) = &known
            && live.answered.elapsed() < LIVE_FOR
            && !deadline.has_passed()
        {
            return Ok(Live {
                identity,
                endpoint: live.endpoint,
                client: live.client.clone(),
            });
        }
        let connector = Arc::clone(&self.identities[identity].connector);
        let (classifier, federation) = (Arc::clone(&connector), federation.clone());
        let probe = race::race(
            &connector,
            known,
            dead,
            deadline,
            move |endpoint, client| {
                let (classifier, federation) = (Arc::clone(&classifier), federation.clone());
                async move {
                    let answer = operations::probe(client, federation_prefix(&federation)).await;
                    match answer.map_err(|error| {
                        classifier.classify(endpoint, &federation, Permission::Read, &error)
                    }) {
                        // Any answer will do: an identity without read permission may still write.
                        Err(EndpointError::Final(RegistryError::Denied { .. })) => Ok(()),
                        end => end,
                    }
                }
            },
        );
        let won = self.runtime()?.block_on(probe);
        let won = won.inspect_err(|_| self.doubt(identity))?;
        self.remember_live(identity, won.endpoint, won.client.clone());
        Ok(Live {
            identity,
            endpoint: won.endpoint,
            client: won.client,
        })
    }
}

/// Runs calls to one endpoint, some at the same time. None is started any more once the endpoint cannot be used.
async fn run<T, F>(
    calls: Vec<(usize, F)>,
    deadline: Deadline,
    classify: impl Fn(&Error) -> EndpointError,
) -> Answers<T>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut waiting = calls.into_iter();
    let mut running = Vec::new();
    let mut answers = Vec::new();
    let mut is_usable = true;
    loop {
        while is_usable
            && running.len() < IN_FLIGHT
            && !deadline.has_passed()
            && let Some((at, call)) = waiting.next()
        {
            running.push((at, Box::pin(time::timeout(deadline.left(), call))));
        }
        let Some((at, answer)) = first(&mut running).await else {
            return answers;
        };
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| classify(&error)),
            Err(_) => Err(EndpointError::Unavailable {
                executed: Executed::Unknown,
                reason: deadline.reason(),
            }),
        };
        is_usable &= !matches!(answer, Err(EndpointError::Unavailable { .. }));
        answers.push((at, answer));
    }
}

/// Waits for the first of these calls to end, and takes it out; `None` if there are none.
async fn first<F: Future + Unpin>(running: &mut Vec<(usize, F)>) -> Option<(usize, F::Output)> {
    future::poll_fn(|context| {
        if running.is_empty() {
            return Poll::Ready(None);
        }
        for place in 0..running.len() {
            if let Poll::Ready(answer) = Pin::new(&mut running[place].1).poll(context) {
                let (at, _) = running.swap_remove(place);
                return Poll::Ready(Some((at, answer)));
            }
        }
        Poll::Pending
    })
    .await
}
