//! Whether a service is announced as it is to be, by what was read of the registry for another command.

use crate::{
    announce::{self, leaving},
    commands::{
        node::Node,
        reading::{Readings, Unread},
        states,
    },
    edge::registry::Session,
    model::{manifest::Manifest, offer::offers, snapshot::Snapshot},
    report::Failure,
};

/// Whether announcing the service now would change nothing: neither what the registry says, nor what this node remembers
/// of it, nor how long a lease lives. `readings` holds what [`super::want`] wants.
pub(crate) fn is_idle(
    node: &Node,
    session: &Session,
    manifest: &Manifest,
    readings: &Readings,
) -> Result<bool, Failure> {
    let nothing = Snapshot::default();
    let snapshot = readings.of(&manifest.federation).unwrap_or(Ok(&nothing));
    let Ok::<_, &Unread>(snapshot) = snapshot else {
        return Ok(false);
    };
    let state = states::load(node, &manifest.id)?;
    let wanted = offers(manifest, &node.facts(session)?, &Node::now());
    let leaving = leaving(&state, &wanted);
    let mut announced = wanted.iter();
    Ok(node.settings.ttl.is_none()
        && leaving.is_empty()
        && announced.all(|(key, announcement)| state.confirms(key, announcement, 0))
        && announce::plan(&wanted, 0, &leaving, snapshot).is_done())
}
