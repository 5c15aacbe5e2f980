//! Loopback addresses, which would lead every other machine to itself (section 4).

use crate::{
    model::{facts::Facts, id::Id, manifest::Manifest},
    node::Node,
    report::{Code, Failure},
};

/// Refuses to announce a loopback address that was found and not given: this machine has no route yet. Nothing is
/// recorded, since a later run would write it.
pub(super) fn refuse_found(node: &Node, facts: &Facts, service: &Id) -> Result<(), Failure> {
    if node.settings.host.is_some() || !misleads(node, facts) {
        return Ok(());
    }
    let message = format!("this machine has no route yet, so `{service}` is not announced");
    let found = format!("the only address found is {}", facts.host);
    Err(Failure::new(Code::TryAgain, message)
        .facts([found])
        .note("nothing was recorded; the next run and the listener try again")
        .hint("set `host` in config.json if no route is to come"))
}

/// A warning about a loopback address that was given.
pub(super) fn given(node: &Node, facts: &Facts, manifest: &Manifest) -> Option<String> {
    (!manifest.provides.is_empty() && misleads(node, facts)).then(|| {
        let (id, host) = (&manifest.id, &facts.host);
        format!("`{id}` is announced at `{host}`, which leads every other machine to itself")
    })
}

/// Whether others would be led to themselves. The embedded registry is this machine's only.
fn misleads(node: &Node, facts: &Facts) -> bool {
    facts.is_loopback() && !node.settings.registry.is_embedded()
}
