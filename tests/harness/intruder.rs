//! Another federation's user, who does with leases whatever etcd lets it.

use std::{collections::BTreeSet, time::Duration};

use etcd_client::{Client, ConnectOptions, LeaseGrantOptions};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

/// How long a call may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// The user, logged in.
pub(crate) struct Intruder {
    client: Client,
    runtime: Runtime,
    /// The leases that it was not allowed to revoke.
    pub(crate) denied: BTreeSet<i64>,
    /// The leases that it revoked and granted again with another TTL.
    pub(crate) taken: BTreeSet<i64>,
    /// The leases of others that it kept alive.
    pub(crate) kept_alive: BTreeSet<i64>,
}

impl Intruder {
    /// Logs in.
    pub(crate) fn new(url: &str, user: &str, password: &str) -> Self {
        Self::connect(url, Some(ConnectOptions::new().with_user(user, password)))
    }

    /// Somebody who needs no login.
    pub(crate) fn anonymous(url: &str) -> Self {
        Self::connect(url, None)
    }

    fn connect(url: &str, options: Option<ConnectOptions>) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connecting = async { timeout(LONG, Client::connect([url], options)).await };
        let client = runtime.block_on(connecting).unwrap().unwrap();
        Self {
            client,
            runtime,
            denied: BTreeSet::new(),
            taken: BTreeSet::new(),
            kept_alive: BTreeSet::new(),
        }
    }

    /// Lists all leases; revokes each that it may and grants it again, and keeps alive what it may not revoke.
    pub(crate) fn attack(&mut self) {
        let client = &mut self.client;
        let (denied, taken, kept) = (&mut self.denied, &mut self.taken, &mut self.kept_alive);
        self.runtime.block_on(async {
            let listed = timeout(LONG, client.leases()).await.unwrap().unwrap();
            for id in listed.leases().iter().map(etcd_client::LeaseStatus::id) {
                if taken.contains(&id) {
                    continue;
                }
                if client.lease_revoke(id).await.is_err() {
                    denied.insert(id);
                    if client.lease_keep_alive(id).await.is_ok() {
                        kept.insert(id);
                    }
                } else if grant(client, id, 1000).await {
                    taken.insert(id);
                }
            }
        });
    }

    /// Grants a lease of that id.
    #[track_caller]
    pub(crate) fn grant(&mut self, id: i64, ttl: i64) {
        let granting = grant(&mut self.client, id, ttl);
        assert!(self.runtime.block_on(granting), "the lease is there");
    }
}

async fn grant(client: &mut Client, id: i64, ttl: i64) -> bool {
    let options = LeaseGrantOptions::new().with_id(id);
    client.lease_grant(ttl, Some(options)).await.is_ok()
}
