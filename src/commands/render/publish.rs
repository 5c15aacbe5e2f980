//! What the node runs with, told to the fleet: `applied/<node>/<service>` (design.md section 5).

use super::Results;
use crate::{
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        view::View,
    },
    edge::registry::{Change, RegistryError, Session},
    model::{applied::Applied, id::Id, key},
    report::Failure,
};

/// What a service on this node runs with from now on.
pub(crate) struct Running {
    pub(crate) federation: Id,
    pub(crate) service: Id,
    pub(crate) applied: Applied,
}

/// Publishes what the node runs with now. That this fails is a warning of the services it concerns.
pub(super) fn publish_all(
    node: &Node,
    session: &mut Session,
    view: &View,
    results: &mut Results,
) -> Result<(), Failure> {
    let done = results
        .iter_mut()
        .filter_map(|(_, result)| result.as_mut().ok());
    for done in done {
        let Some(applied) = done.applied.take() else {
            continue;
        };
        let Some(Ok(manifest)) = view.manifests.get(&done.rendered.service) else {
            continue;
        };
        let running = Running {
            federation: manifest.federation.clone(),
            service: manifest.id.clone(),
            applied,
        };
        done.rendered
            .warnings
            .extend(publish(node, session, &running, Some(&view.readings))?);
    }
    Ok(())
}

/// Publishes what a service runs with, if the registry does not say so already. `readings` is what was read of the
/// registry before, if anything was. That the registry is away or denies it is a warning, which is returned.
pub(crate) fn publish(
    node: &Node,
    session: &mut Session,
    running: &Running,
    readings: Option<&Readings>,
) -> Result<Option<String>, Failure> {
    let federation = &running.federation;
    let path = key::applied(federation, &node.id()?, &running.service);
    let read_now;
    let readings = if let Some(readings) = readings {
        readings
    } else {
        let mut wanted = Wanted::default();
        wanted.key(federation, path.clone());
        read_now = wanted.read(session);
        &read_now
    };
    let snapshot = match readings.of(federation) {
        Some(Ok(snapshot)) => snapshot,
        Some(Err(unread)) => return Ok(Some(warning(running, &unread.failure))),
        // A service that refers to nothing was not read of, and has nothing to tell.
        None => return Ok(None),
    };
    let said = snapshot.others.get(&path);
    if running.applied.is_empty() && said.is_none() {
        return Ok(None);
    }
    // Keys and numbers always serialise.
    let value = serde_json::to_vec(&running.applied).unwrap_or_default();
    if said.is_some_and(|entry| entry.value == value) {
        return Ok(None);
    }
    let change = Change::Put {
        key: path,
        value,
        lease: 0,
    };
    let committed: Result<_, RegistryError> = session.commit(federation, &[], &[change]);
    Ok(committed
        .err()
        .map(|error| warning(running, &Failure::from(error))))
}

fn warning(running: &Running, failure: &Failure) -> String {
    let service = &running.service;
    format!(
        "the fleet is not told what `{service}` runs with: {}",
        failure.in_short()
    )
}
