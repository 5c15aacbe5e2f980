//! The registry in etcd: chooses endpoints and handles their failures. The runtime is created by the first call.

mod access;
mod address;
mod connector;
mod live;
mod logins;
mod members;
mod operations;
mod race;
mod reads;
mod reason;
mod watch;

use std::{net::IpAddr, sync::Arc};

use etcd_client::Client;
use tokio::runtime::{Builder, Runtime};

use crate::{
    edge::{clock, files::system_reason},
    model::{
        id::Id,
        settings::{Credentials, RegistrySettings},
    },
};

use super::{Commit, Grant, Lease, RegistryError, Renewal, Transaction, budget::Deadline};
use connector::Connector;
use live::Retry;
use race::LiveEndpoint;

pub(crate) use logins::Logins;
pub(crate) use members::{EtcdMember, MemberAnswer};
pub(super) use watch::follow;

/// The etcd endpoints and their state.
pub(super) struct Etcd {
    urls: Arc<Vec<String>>,
    settings: RegistrySettings,
    logins: Option<Logins>,
    identities: Vec<Identity>,
    reached: Option<usize>,
    runtime: Option<Runtime>,
}

/// One set of credentials, and the endpoint that answered last.
struct Identity {
    credentials: Credentials,
    connector: Arc<Connector>,
    live: Option<LiveEndpoint>,
    /// Whether to connect anew, with its files read again: the connection may have broken in silence, and a certificate or
    /// a password may have been replaced.
    is_doubted: bool,
}

impl Etcd {
    pub(super) fn new(
        urls: &[String],
        settings: &RegistrySettings,
        logins: Option<&Logins>,
    ) -> Self {
        Self {
            urls: Arc::new(urls.to_vec()),
            settings: settings.clone(),
            logins: logins.cloned(),
            identities: Vec::new(),
            reached: None,
            runtime: None,
        }
    }

    pub(super) fn commit(
        &mut self,
        federation: &Id,
        transactions: &[Transaction],
        deadline: Deadline,
    ) -> Vec<Result<Commit, RegistryError>> {
        let commit =
            |client, transaction: &Transaction| operations::commit(client, transaction.clone());
        self.on_live_endpoint(federation, Retry::Unsafe, deadline, transactions, commit)
    }

    pub(super) fn grant(
        &mut self,
        federation: &Id,
        leases: &[Lease],
        deadline: Deadline,
    ) -> Vec<Result<Grant, RegistryError>> {
        let grant = |client, lease: &Lease| operations::grant(client, *lease);
        self.on_live_endpoint(federation, Retry::Safe, deadline, leases, grant)
    }

    pub(super) fn keep_alive(
        &mut self,
        federation: &Id,
        ids: &[i64],
        deadline: Deadline,
    ) -> Vec<Result<Renewal, RegistryError>> {
        let keep_alive = |client, id: &i64| operations::keep_alive(client, *id);
        self.on_live_endpoint(federation, Retry::Safe, deadline, ids, keep_alive)
    }

    pub(super) fn local_address(&self) -> Option<IpAddr> {
        let url = self.urls.get(self.reached?)?;
        self.runtime
            .as_ref()?
            .block_on(address::local_address_towards(url))
    }

    /// The identity of a federation; its files are read at its first use, and again when it is doubted.
    fn identity(&mut self, federation: &Id) -> Result<usize, RegistryError> {
        let credentials = self.settings.credentials_of(federation);
        let is_same = |identity: &Identity| identity.credentials == *credentials;
        let known = self.identities.iter().position(is_same);
        if let Some(at) = known.filter(|at| !self.identities[*at].is_doubted) {
            return Ok(at);
        }
        let (ca, logins) = (self.settings.ca.as_deref(), self.logins.as_ref());
        let connector = Connector::load(&self.urls, ca, credentials, logins)?;
        let identity = Identity {
            credentials: credentials.clone(),
            connector: Arc::new(connector),
            live: None,
            is_doubted: false,
        };
        if let Some(at) = known {
            self.identities[at] = identity;
            return Ok(at);
        }
        self.identities.push(identity);
        Ok(self.identities.len() - 1)
    }

    /// A call of an identity failed in a way that a new connection may mend.
    fn doubt(&mut self, identity: usize) {
        self.identities[identity].is_doubted = true;
        self.identities[identity].connector.forget_all();
    }

    fn remember_live(&mut self, identity: usize, endpoint: usize, client: Client) {
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
            self.runtime = Some(made.map_err(|error| RegistryError::System {
                action: "start the event loop of the registry's calls",
                reason: system_reason(&error),
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
    /// Dropping the runtime directly would wait for a pending name lookup.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
