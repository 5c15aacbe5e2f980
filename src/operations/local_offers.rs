//! What this node offers by its manifests, and what it announced before: read with the inputs of a command.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    model::{facts::Facts, id::Id, key::Key, service_state::ServiceState},
    node::{
        Node,
        manifests::{self, Manifests},
        states,
    },
    report::Failure,
    resolve::LocalOffers,
};

/// What the manifests on this node would announce, and the states of their services. A bad manifest offers nothing, and
/// an unreadable state counts as empty: the command that is about that service reports it.
pub(super) fn local_offers(
    node: &Node,
    manifests: &Manifests,
    facts: &Facts,
) -> Result<(LocalOffers, BTreeMap<Id, ServiceState>), Failure> {
    let (mut offering, mut previous) = (Vec::new(), Vec::new());
    let mut states = BTreeMap::new();
    let ids = manifests::ids(node)?;
    for id in &ids {
        let manifest = match manifests.get(id) {
            Some(Ok(read)) => Cow::Borrowed(read),
            Some(Err(_)) => continue,
            None => match manifests::load_one(node, id) {
                Ok(manifest) => Cow::Owned(manifest),
                Err(_) => continue,
            },
        };
        let Ok(state) = states::load(node, id) else {
            offering.push(manifest);
            continue;
        };
        if !state.held {
            previous.extend(state.keys());
            offering.push(manifest);
        }
        states.insert(id.clone(), state);
    }
    previous.extend(departed_keys(node, &ids));
    let offers = LocalOffers::new(offering.iter().map(Cow::as_ref), facts).with_previous(previous);
    Ok((offers, states))
}

/// What this node announced for services that have no manifest here: nobody provides it here any more.
fn departed_keys(node: &Node, known: &[Id]) -> Vec<Key> {
    // What cannot be listed or read is reported by the commands that are about it.
    let departed = states::all(node).unwrap_or_default().into_iter();
    let departed = departed.filter(|id| !known.contains(id));
    let states = departed.filter_map(|id| states::load(node, &id).ok());
    states
        .flat_map(|state| state.keys().collect::<Vec<_>>())
        .collect()
}
