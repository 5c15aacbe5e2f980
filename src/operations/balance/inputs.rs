//! Step 1: what a run reads, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BalanceOptions, read_set,
    used_ports::{ports_in_use, settle_ports_locked},
};
use crate::{
    balance::plan::{BalancePlan, PlanInput, ServerAddress, plan},
    edge::{caller::Caller, clock, registry::Session},
    model::{balance_state::BalanceState, balancing::PortsInUse, id::Id},
    node::{
        Node, balance_state,
        manifests::{self, Manifests},
    },
    operations::read_set::Snapshots,
    report::Failure,
};

/// What a run reads once.
pub(super) struct BalanceInputs {
    /// `balance.json` as it was.
    pub(super) before: BalanceState,
    /// Whether that file says what HAProxy was proved to run.
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
pub(super) struct Findings {
    /// What HAProxy's checks have found down for ten minutes.
    pub(super) down: BTreeSet<ServerAddress>,
    /// The local ports that somebody else holds: who, as one clause.
    pub(super) taken: BTreeMap<u16, String>,
}

impl BalanceInputs {
    /// Reads it.
    pub(super) fn read(
        node: &Node,
        session: &mut Session,
        options: BalanceOptions,
    ) -> Result<Self, Failure> {
        let (before, lost) = balance_state::load_or_lost(node)?;
        let is_known = before.shape.is_some();
        let lost = lost.map(|error| format!("what was balanced is made anew: {error}"));
        let mut warnings: Vec<String> = lost.into_iter().collect();
        let manifests = manifests::load(node, &manifests::ids(node)?);
        let settings = &node.settings;
        let readable = manifests.values().flatten();
        let mut reads = read_set(&settings.federations, &settings.balance, readable, &before);
        for (federation, names) in ports_in_use(node)?.ports.values().flatten() {
            if settings.federations.contains(federation) {
                reads.names(federation, names.iter());
            }
        }
        let snapshots = reads.read(session);
        warnings.extend(unreadable_manifests(&manifests));
        warnings.extend(unread(&settings.federations, &snapshots, &before)?);
        Ok(Self {
            id: node.id()?,
            before,
            is_known,
            warnings,
            manifests,
            snapshots,
            drop_expired: options.drop_expired,
        })
    }

    /// What follows from it. Unless this is a dry run, what is to be served no more leaves `balance.json` at once, in the
    /// same `state.lock` section in which the states are read: no conf is written for a port that is being closed.
    pub(super) fn plan(
        &mut self,
        node: &Node,
        found: &Findings,
        options: BalanceOptions,
    ) -> Result<BalancePlan, Failure> {
        if options.dry_run {
            return Ok(self.plan_with(node, found, &ports_in_use(node)?));
        }
        let _lock = node.state_lock()?;
        let used = self.settle_locked(node)?;
        let plan = self.plan_with(node, found, &used);
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

    /// The ports in use. That a conf had one which was replaced since the last run is in `balance.json` before the service's
    /// state forgets it, so that a run that fails forgets nothing. A lost `balance.json` is not begun anew by that.
    fn settle_locked(&mut self, node: &Node) -> Result<PortsInUse, Failure> {
        if !self.is_known {
            return ports_in_use(node);
        }
        let now = clock::rfc3339(clock::now());
        let before = &mut self.before;
        settle_ports_locked(node, |ended| {
            before.note_ended(ended, &now);
            balance_state::edit_locked(node, |state| state.note_ended(ended, &now))
        })
    }

    fn plan_with(&self, node: &Node, found: &Findings, used: &PortsInUse) -> BalancePlan {
        let settings = &node.settings;
        let federations = settings.federations.iter();
        let federations = federations.map(|id| (id.clone(), self.snapshots.of(id).snapshot()));
        let manifests = self.manifests.iter();
        let manifests = manifests.map(|(id, manifest)| (id.clone(), manifest.as_ref().ok()));
        plan(&PlanInput {
            settings: &settings.balance,
            node: &self.id,
            region: &settings.region,
            regions: &settings.regions,
            federations: &federations.collect(),
            manifests: &manifests.collect(),
            used,
            before: &self.before,
            down: &found.down,
            taken: &found.taken,
            drop_expired: self.drop_expired,
            user: Caller::this().is_root().then_some("haproxy"),
            state_file: &node.paths.haproxy_state(),
            now: clock::now(),
        })
    }
}

/// The manifests that cannot be read, as warnings.
fn unreadable_manifests(manifests: &Manifests) -> Vec<String> {
    let unreadable = manifests.iter().filter_map(|(id, manifest)| {
        let failure = manifest.as_ref().err()?;
        Some(format!(
            "the ports of `{id}` stay as they were: {}",
            failure.in_short()
        ))
    });
    unreadable.collect()
}

/// The federations that could not be read, as warnings: their instances stay as they are known.
///
/// # Errors
/// Why, where nothing is known.
fn unread(
    federations: &[Id],
    snapshots: &Snapshots,
    before: &BalanceState,
) -> Result<Vec<String>, Failure> {
    let failures = federations.iter().filter_map(|federation| {
        let error = snapshots.of(federation).error()?;
        Some((federation, &error.failure))
    });
    let failures: Vec<(&Id, &Failure)> = failures.collect();
    let is_nothing_known = before.ports.is_empty() && before.instances.is_empty();
    if let Some((_, failure)) = failures.first().filter(|_| is_nothing_known) {
        let note = "nothing was changed, and nothing is known from an earlier run";
        return Err((*failure).clone().note(note));
    }
    let warning = |(federation, failure): (&Id, &Failure)| {
        let failure = failure.in_short();
        format!("the instances of federation `{federation}` stay as they are known: {failure}")
    };
    Ok(failures.into_iter().map(warning).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::balance_state::OpenPort, report::Code};

    #[test]
    fn a_registry_that_is_away_is_a_warning_if_anything_is_known() {
        let federations = ["f", "g"].map(|id| Id::parse(id).unwrap());
        let mut snapshots = Snapshots::default();
        let nothing = BalanceState::default();
        assert_eq!(unread(&federations, &snapshots, &nothing).unwrap().len(), 0);
        snapshots = Snapshots::awaited(federations.iter().skip(1));
        let failure = unread(&federations, &snapshots, &nothing).unwrap_err();
        assert_eq!(failure.code, Code::Unreachable);
        let something = BalanceState {
            ports: [(21100, OpenPort::default())].into(),
            ..BalanceState::default()
        };
        let warnings = unread(&federations, &snapshots, &something).unwrap();
        let expected = "the instances of federation `g` stay as they are known: ";
        assert!(warnings.len() == 1 && warnings[0].starts_with(expected));
    }
}
