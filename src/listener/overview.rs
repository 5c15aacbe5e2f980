//! What a listener is doing, as one value for its status.

use super::{
    balancer::Balancer, event::KeptAlive, provisioner::Provisioner, registry_link::RegistryLink,
};
use crate::{model::listening::Listening, node::Node, provision::Reason, report::LastError};

/// The parts of a listener that its status tells of.
pub(super) struct Overview<'a> {
    pub(super) node: &'a Node,
    pub(super) provisioner: &'a Provisioner,
    pub(super) balancer: &'a Balancer,
    pub(super) link: &'a RegistryLink,
    pub(super) kept_alive: &'a KeptAlive,
    pub(super) reload_error: &'a LastError,
}

impl Overview<'_> {
    /// The status of a listener that started at `since`; `due`: when the queued provision may start.
    pub(super) fn listening(&self, since: String, due: Option<String>) -> Listening {
        let obstacle = self.provisioner.obstacle(self.node);
        let (queue, services) = (
            self.provisioner.schedule().queue(),
            self.provisioner.services(),
        );
        let queued = queue.reasons().into_iter().map(Reason::name);
        Listening {
            pid: std::process::id(),
            since,
            on: queue.is_on(),
            keeps_only: !self.provisioner.has_command(),
            names: self.provisioner.watched_names(),
            registry: self.link.connections(),
            queued: queued.map(str::to_owned).collect(),
            changed: services.differing().clone(),
            stale: services.stale(),
            unmet: services.unmet().clone(),
            broken: services.bad_manifests().clone(),
            reload_error: self.reload_error.reason().map(str::to_owned),
            away: self.link.away(),
            due,
            waits_for: obstacle.map(|obstacle| obstacle.to_string()),
            running: queue.is_running(),
            kept_alive: self.kept_alive.health.clone(),
            leases: self.kept_alive.leases.clone(),
            balance: self.balancer.status(),
        }
    }
}
