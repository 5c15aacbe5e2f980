//! What the node runs with, told to the fleet: `applied/<node>/<service>` (design.md section 5).

use std::collections::BTreeSet;

use super::Done;
use crate::{
    commands::{
        node::Node,
        reading::{Readings, Wanted},
        states,
        view::View,
    },
    edge::registry::{Change, RegistryError, Session},
    model::{applied::Applied, id::Id, key, service_state::ServiceState},
    report::Failure,
};

/// Publishes what the node runs with now that `done` is so; that this fails is a warning. The service's lock is held.
pub(super) fn publish_done(
    node: &Node,
    session: &mut Session,
    view: &View,
    done: &mut Done,
) -> Result<(), Failure> {
    let id = &done.rendered.service;
    let (Some(applied), Some(Ok(manifest))) = (done.applied.take(), view.manifests.get(id)) else {
        return Ok(());
    };
    let whose = (&manifest.federation, id);
    let told = &view.state(node, id)?.told;
    let warning = publish(node, session, whose, &applied, told, Some(&view.readings))?;
    done.rendered.warnings.extend(warning);
    Ok(())
}

/// Publishes what a service (with its federation) runs with, if the registry does not say so already, and takes back
/// what the node said of it in other places (`before`). `readings` is what was read of the registry before, if anything
/// was. That the registry is away or denies it is a warning, which is returned.
pub(super) fn publish(
    node: &Node,
    session: &mut Session,
    (federation, service): (&Id, &Id),
    applied: &Applied,
    before: &BTreeSet<String>,
    readings: Option<&Readings>,
) -> Result<Option<String>, Failure> {
    let path = key::applied(federation, &node.id()?, service);
    let read_now;
    let readings = if let Some(readings) = readings {
        readings
    } else {
        let mut wanted = Wanted::default();
        wanted.key(federation, path.clone());
        read_now = wanted.read(session);
        &read_now
    };
    let said = match readings.of(federation) {
        Some(Ok(snapshot)) => snapshot.others.get(&path),
        Some(Err(unread)) => return Ok(Some(warning(service, &unread.failure))),
        // A service that refers to nothing, and never did, was not read of.
        None => return Ok(None),
    };
    // Keys and numbers always serialise.
    let value = serde_json::to_vec(applied).unwrap_or_default();
    let wanted = (!applied.is_empty()).then_some(value);
    let change = (said.map(|entry| &entry.value) != wanted.as_ref()).then(|| match &wanted {
        Some(value) => Change::Put {
            key: path.clone(),
            value: value.clone(),
            lease: 0,
        },
        None => Change::Delete { key: path.clone() },
    });
    let told: BTreeSet<String> = wanted.map(|_| path).into_iter().collect();
    if change.is_none() && *before == told {
        return Ok(None);
    }
    tell(node, session, service, change.as_ref(), before, told)
}

/// Makes `change` and clears every place of `before` but those of `told`; the state knows of all of them in between.
fn tell(
    node: &Node,
    session: &mut Session,
    service: &Id,
    change: Option<&Change>,
    before: &BTreeSet<String>,
    told: BTreeSet<String>,
) -> Result<Option<String>, Failure> {
    let cleared = before
        .difference(&told)
        .filter(|path| change.map(Change::key) != Some(path));
    let cleared = cleared.map(|path| Change::Delete { key: path.clone() });
    let changes: Vec<Change> = change.into_iter().cloned().chain(cleared).collect();
    let remember = |state: &mut ServiceState| state.told.extend(told.iter().cloned());
    states::edit(node, service, remember)?;
    for change in changes {
        if let Err(error) = commit(session, change) {
            return Ok(Some(warning(service, &Failure::from(error))));
        }
    }
    states::edit(node, service, |state| state.told = told)?;
    Ok(None)
}

fn commit(session: &mut Session, change: Change) -> Result<(), RegistryError> {
    // Every path that is told or was told is a key of ours.
    let Some(federation) = key::federation(change.key()) else {
        return Ok(());
    };
    session.commit(&federation, &[], &[change]).map(|_| ())
}

fn warning(service: &Id, failure: &Failure) -> String {
    format!(
        "the fleet is not told what `{service}` runs with: {}",
        failure.in_short()
    )
}
