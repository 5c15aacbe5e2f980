//! The registry in etcd: which endpoint is used for what, and what is done when it goes away. Owns the one runtime, which
//! exists from the first call on.

mod access;
mod address;
mod live;
mod operations;
mod race;
mod reads;
mod reason;
mod watch;

use std::{net::IpAddr, sync::Arc};

use etcd_client::Client;
use tokio::runtime::{Builder, Runtime};

use crate::{
    edge::clock,
    model::{
        id::Id,
        settings::{Credentials, RegistrySettings},
    },
};

use super::{Change, Commit, Lease, Precondition, RegistryError, budget::Deadline};
use access::EtcdAccess;
use live::Repeat;
use race::LiveEndpoint;

pub(super) use watch::follow;

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
    access: Arc<EtcdAccess>,
    live: Option<LiveEndpoint>,
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

    pub(super) fn commit(
        &mut self,
        federation: &Id,
        checks: &[Precondition],
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
        let access = EtcdAccess::load(&self.urls, self.settings.ca.as_deref(), credentials)?;
        self.identities.push(Identity {
            credentials: credentials.clone(),
            access: Arc::new(access),
            live: None,
        });
        Ok(self.identities.len() - 1)
    }

    fn keep(&mut self, identity: usize, endpoint: usize, client: Client) {
        self.reached = Some(endpoint);
        self.identities[identity].live = Some(LiveEndpoint {
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
