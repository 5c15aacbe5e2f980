//! Step 1: what a run reads, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BalanceOptions,
    in_use::{ports_in_use, settle_ports_locked},
    read_set,
};
use crate::{
    balance::plan::{Plan, PlanInput, ServerAddress, plan},
    edge::{caller::Caller, clock, files, registry::Session},
    model::{balance_state::BalanceState, balancing::PortsInUse, id::Id},
    node::{
        Node, balance_state,
        manifests::{self, Manifests},
    },
    operations::read_set::Snapshots,
    report::Failure,
};

/// What a run reads once.
pub(super) struct Inputs {
    /// `balance.json` as it was.
    pub(super) before: BalanceState,
    /// Whether that file is there and can be read.
    pub(super) is_known: bool,
    /// Warnings, one lower-case clause each.
    pub(super) warnings: Vec<String>,
    id: Id,
    manifests: Manifests,
    snapshots: Snapshots,
    drop_expired: bool,
}

/// What HAProxy and the ports of this machine say of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// What HAProxy's checks have found down for ten minutes.
    pub(super) down: BTreeSet<ServerAddress>,
    /// The local ports that somebody else holds: who, as one clause.
    pub(super) taken: BTreeMap<u16, String>,
}

impl Inputs {
    /// Reads it.
    pub(super) fn read(
        node: &Node,
        session: &mut Session,
        options: &BalanceOptions,
    ) -> Result<Self, Failure> {
        let (before, lost) = balance_state::load_or_lost(node)?;
        let is_there = files::exists(&node.paths.balance_state());
        let is_known = is_there && lost.is_none();
        let warnings = lost.map(|error| format!("what was balanced is made anew: {error}"));
        let manifests = manifests::load(node, &manifests::ids(node)?);
        let settings = &node.settings;
        let readable = manifests.values().flatten();
        let reads = read_set(&settings.federations, &settings.balance, readable, &before);
        Ok(Self {
            id: node.id()?,
            before,
            is_known,
            warnings: warnings.into_iter().collect(),
            manifests,
            snapshots: reads.read(session),
            drop_expired: options.drop_expired,
        })
    }

    /// What follows from it. Unless this is a dry run, what is to be served no more leaves `balance.json` at once, in the
    /// same `state.lock` section in which the states are read: no conf is written for a port that is being closed.
    pub(super) fn plan(
        &self,
        node: &Node,
        found: &Found,
        options: &BalanceOptions,
    ) -> Result<Plan, Failure> {
        if options.dry_run {
            return self.plan_with(node, found, &ports_in_use(node)?);
        }
        let _lock = node.state_lock()?;
        let plan = self.plan_with(node, found, &settle_ports_locked(node)?)?;
        balance_state::edit_locked(node, |state| {
            state.ports.retain(|port, open| {
                let after = plan.state.ports.get(port);
                open.served.retain(|federation, names| {
                    let after = after.and_then(|port| port.served.get(federation));
                    names.retain(|name| after.is_some_and(|after| after.contains(name)));
                    !names.is_empty()
                });
                after.is_some()
            });
        })?;
        Ok(plan)
    }

    fn plan_with(&self, node: &Node, found: &Found, in_use: &PortsInUse) -> Result<Plan, Failure> {
        let settings = &node.settings;
        let federations = settings.federations.iter();
        let federations = federations.map(|id| (id.clone(), self.snapshots.of(id).snapshot()));
        let manifests = self.manifests.iter();
        let manifests = manifests.map(|(id, manifest)| (id.clone(), manifest.as_ref().ok()));
        Ok(plan(&PlanInput {
            settings: &settings.balance,
            node: &self.id,
            region: &settings.region,
            regions: &settings.regions,
            federations: &federations.collect(),
            manifests: &manifests.collect(),
            in_use,
            before: &self.before,
            down: &found.down,
            taken: &found.taken,
            drop_expired: self.drop_expired,
            user: Caller::this().is_root().then_some("haproxy"),
            state_file: &node.paths.haproxy_state(),
            now: clock::now(),
        }))
    }
}
