//! Writes: to one endpoint that is known to answer, never to two at once, and again only where the first surely did
//! nothing.

use std::{future::Future, sync::Arc, time::Duration};

use etcd_client::{Client, Error};
use tokio::time;

use crate::model::{id::Id, key::federation_prefix};

use super::{
    super::{RegistryError, budget::Deadline},
    Etcd, operations, race,
    reason::{CallError, Taken},
};

/// How long after its last answer an endpoint is taken to be there. A connection that broke since is found out only by
/// using it, and a write that does is unconfirmed.
const FRESH: Duration = Duration::from_millis(250);

/// What happens if an operation is done twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Nothing more than if it is done once.
    Harmless,
    /// It must not be.
    Never,
}

impl Etcd {
    /// Does `operation` on an endpoint that answers, and on another one only if the first surely did not.
    pub(super) fn on_live_endpoint<T, F>(
        &mut self,
        federation: &Id,
        repeat: Repeat,
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
            let (taken, reason) = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => {
                    match self.identities[identity]
                        .access
                        .failure(endpoint, federation, &error)
                    {
                        CallError::Final(error) => return Err(error),
                        CallError::Away { taken, reason } => (taken, reason),
                    }
                }
                Err(_) => (Taken::Perhaps, deadline.reason()),
            };
            self.identities[identity].live = None;
            if taken == Taken::Perhaps && repeat == Repeat::Never {
                let endpoint = self.urls[endpoint].clone();
                return Err(RegistryError::Unconfirmed { endpoint, reason });
            }
            dead.push((endpoint, reason));
        }
    }

    /// The endpoint that answered a moment ago, or else one that answers now.
    fn live(
        &mut self,
        identity: usize,
        federation: &Id,
        dead: &[(usize, String)],
        deadline: Deadline,
    ) -> Result<(usize, Client), RegistryError> {
        let known = self.identities[identity].live.clone();
        if let Some(live) = &known
            && live.answered.elapsed() < FRESH
            && !deadline.has_passed()
        {
            return Ok((live.endpoint, live.client.clone()));
        }
        let access = Arc::clone(&self.identities[identity].access);
        let (judge, federation) = (Arc::clone(&access), federation.clone());
        let probe = race::race(&access, known, dead, deadline, move |endpoint, client| {
            let (judge, federation) = (Arc::clone(&judge), federation.clone());
            async move {
                let answer = operations::probe(client, federation_prefix(&federation)).await;
                match answer.map_err(|error| judge.failure(endpoint, &federation, &error)) {
                    // Who may not read may still write; that there is an answer is enough.
                    Err(CallError::Final(RegistryError::Denied { .. })) => Ok(()),
                    end => end,
                }
            }
        });
        let won = self.runtime()?.block_on(probe)?;
        self.keep(identity, won.endpoint, won.client.clone());
        Ok((won.endpoint, won.client))
    }
}
