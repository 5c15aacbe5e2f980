//! The listener: whether it runs, and whether anything here needs it.

use super::is_closed;
use crate::{
    edge::{lock_holders, state},
    model::listening::Listening,
    node::{Node, manifests},
    report::{Diagnosis, Failure},
};

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let Some(holder) = lock_holders::holders(&node.paths.listener_lock()).pop() else {
        return vec![absent(node)];
    };
    let loaded: Result<Option<Listening>, _> = state::load(&node.paths.status_file());
    let status = match loaded {
        Ok(Some(status)) => status,
        Ok(None) => {
            let found = format!("pid {}, starting", holder.pid);
            return vec![Diagnosis::ok("listener", found)];
        }
        Err(error) => {
            let failure = Failure::from(error);
            return vec![Diagnosis::failure(
                "listener",
                &failure,
                is_closed(&failure),
            )];
        }
    };
    let mut rows = vec![Diagnosis::ok(
        "listener",
        format!("pid {} since {}", status.pid, status.since),
    )];
    rows.extend(troubles(&status));
    rows
}

/// What keeps a running listener from its work.
fn troubles(status: &Listening) -> Vec<Diagnosis> {
    let look = "`reconf listen status` shows it whole";
    let mut rows = Vec::new();
    for (federation, away) in &status.away {
        let found = format!(
            "`{federation}` is away since {}: {}",
            away.since, away.reason
        );
        rows.push(Diagnosis::fault("listener registry", found, look));
    }
    if let Some(error) = &status.reload_error {
        let found = format!("it goes on with what it read before: {error}");
        rows.push(Diagnosis::fault("listener config", found, look));
    }
    for (service, leases) in &status.leases {
        let reasons = [&leases.error, &leases.check];
        if let Some(reason) = reasons.into_iter().flatten().next() {
            let subject = format!("listener {service}");
            rows.push(Diagnosis::warning(subject, reason.clone(), look));
        }
    }
    let balancing = status.balance.as_ref();
    if let Some(error) = balancing.and_then(|balancing| balancing.error.as_ref()) {
        rows.push(Diagnosis::fault("listener balance", error.clone(), look));
    }
    rows
}

/// None runs: that matters where announcements have to be kept alive, or provisions are configured.
fn absent(node: &Node) -> Diagnosis {
    let ids = manifests::ids(node).unwrap_or_default();
    let manifests = manifests::load(node, &ids);
    let has_check = manifests
        .values()
        .flatten()
        .any(|manifest| manifest.check.is_some());
    let needs = [
        (
            node.settings.ttl.is_some(),
            "announcements with a TTL expire",
        ),
        (has_check, "`check` is never asked"),
        (
            node.settings.listen.command.is_some(),
            "nothing provisions this node when a name moves",
        ),
        (
            node.settings.balance.is_on(),
            "balancing follows the registry at converges only",
        ),
    ];
    let needs: Vec<&str> = needs
        .into_iter()
        .filter_map(|(is_needed, what)| is_needed.then_some(what))
        .collect();
    if needs.is_empty() {
        return Diagnosis::ok("listener", "none runs, and nothing here needs one");
    }
    let found = format!("none runs: {}", needs.join("; "));
    Diagnosis::warning("listener", found, "start `reconf listen` as a service")
}
