//! What this node's HAProxy has behind a port of its local balancer, asked of its socket: nothing is changed.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    balance::health::{self, ServerHealth},
    edge::haproxy::{self, SocketError},
    model::{balance_state::InstalledHaproxy, settings::BalanceSettings},
    node::{Node, balance_state},
    report::{BalancedPort, BalancedServer, Failure},
};

/// How long HAProxy may take for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// HAProxy's statistics, or why they are not known; asked once.
pub(super) struct Statistics(Result<String, SocketError>);

impl Statistics {
    /// Asks the HAProxy that is in use.
    pub(super) fn ask(node: &Node) -> Result<Self, Failure> {
        let installed = balance_state::load(node)?.haproxy;
        let installed = installed.filter(InstalledHaproxy::is_whole);
        let settings: BalanceSettings = match installed {
            Some(installed) => node.settings.balance_with(&installed),
            None => node.settings.balance.clone(),
        };
        Ok(Self(haproxy::ask(
            &settings.socket,
            health::STATISTICS,
            ANSWER_LIMIT,
        )))
    }

    /// The servers behind a port.
    pub(super) fn port(&self, port: u16) -> BalancedPort {
        let pool = format!("local:{port}");
        let servers = match &self.0 {
            Ok(answer) => health::servers(answer, &pool)
                .ok_or_else(|| "what answers at its socket is no HAProxy".to_owned()),
            Err(error) => Err(format!("HAProxy: {error}")),
        };
        let (servers, error) = match servers {
            Ok(servers) => (servers, None),
            Err(error) => (BTreeMap::new(), Some(error)),
        };
        BalancedPort {
            port: pool,
            servers: servers.into_iter().map(server).collect(),
            error,
        }
    }
}

/// A server of ours is named `<region>:<service>:<node>`.
fn server((name, health): (String, ServerHealth)) -> BalancedServer {
    let parts: Vec<&str> = name.split(':').collect();
    let (region, provider) = match parts[..] {
        [region, service, node] => (Some(region.to_owned()), format!("{service}@{node}")),
        _ => (None, name),
    };
    BalancedServer {
        region,
        provider,
        status: health.status,
        seconds: health.since.map(|time| time.as_secs()),
        why: health.why,
        backup: health.is_backup,
    }
}
