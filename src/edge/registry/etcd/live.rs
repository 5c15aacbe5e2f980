//! Writes go to one endpoint that is known to answer, never to two at once. Another one is tried only if the first
//! certainly did not execute the write.

use std::{future::Future, sync::Arc, time::Duration};

use etcd_client::{Client, Error};
use tokio::time;

use crate::model::{id::Id, key::federation_prefix};

use super::{
    super::{RegistryError, budget::Deadline},
    Etcd, operations, race,
    reason::{EndpointError, Executed},
};

/// How long after its last answer an endpoint counts as live. Only a call would notice that a connection has broken since,
/// and a write that notices it is unconfirmed.
const LIVE_FOR: Duration = Duration::from_millis(250);

/// Whether an operation may be sent again when it may have been executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It is idempotent.
    Safe,
    /// It must not be executed twice.
    Unsafe,
}

impl Etcd {
    /// Runs `operation` on a live endpoint, and on another one if `retry` allows it after a failure.
    pub(super) fn on_live_endpoint<T, F>(
        &mut self,
        federation: &Id,
        retry: Retry,
        deadline: Deadline,
        operation: impl Fn(Client) -> F,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let identity = self.identity(federation)?;
        let mut dead = Vec::new();
        loop {
            let (endpoint, client) = self.live(identity, federation, &dead, deadline)?;
            let call = operation(client);
            let bounded = async { time::timeout(deadline.left(), call).await };
            let answer = self.runtime()?.block_on(bounded);
            let (executed, reason) = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => {
                    match self.identities[identity]
                        .connector
                        .classify(endpoint, federation, &error)
                    {
                        EndpointError::Final(error) => return Err(error),
                        EndpointError::Unavailable { executed, reason } => (executed, reason),
                    }
                }
                Err(_) => (Executed::Unknown, deadline.reason()),
            };
            self.identities[identity].live = None;
            if executed == Executed::Unknown && retry == Retry::Unsafe {
                let endpoint = self.urls[endpoint].clone();
                return Err(RegistryError::Unconfirmed { endpoint, reason });
            }
            dead.push((endpoint, reason));
        }
    }

    /// The endpoint that answered recently, or else the first that answers a probe.
    fn live(
        &mut self,
        identity: usize,
        federation: &Id,
        dead: &[(usize, String)],
        deadline: Deadline,
    ) -> Result<(usize, Client), RegistryError> {
        let known = self.identities[identity].live.clone();
        if let Some(live) = &known
            && live.answered.elapsed() < LIVE_FOR
            && !deadline.has_passed()
        {
            return Ok((live.endpoint, live.client.clone()));
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
                    match answer.map_err(|error| classifier.classify(endpoint, &federation, &error))
                    {
                        // Any answer will do: an identity without read permission may still write.
                        Err(EndpointError::Final(RegistryError::Denied { .. })) => Ok(()),
                        end => end,
                    }
                }
            },
        );
        let won = self.runtime()?.block_on(probe)?;
        self.remember_live(identity, won.endpoint, won.client.clone());
        Ok((won.endpoint, won.client))
    }
}
