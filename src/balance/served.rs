//! Which names a port of the local balancer serves, and where it sends. A port knows nothing of the name that a client means:
//! so it sends only to instances that provide every name that some conf may have by it.

use std::collections::{BTreeMap, BTreeSet};

/// What an open port does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServedPort<N, I> {
    /// The names that confs may have by it from now on.
    pub names: BTreeSet<N>,
    /// These, and those that are in use: every instance of the pool provides each of them that any provides.
    pub needed: BTreeSet<N>,
    /// The instances to which it sends.
    pub pool: BTreeSet<I>,
}

/// What a port does; `None`: it is closed. `required` are the names that this node wants by ports, `provides` the instances
/// that announce the port and the names for which they do so, `used` the names that confs have by it.
pub(super) fn serve<N: Ord + Clone, I: Ord + Clone>(
    required: &BTreeSet<N>,
    provides: &BTreeMap<I, BTreeSet<N>>,
    used: &BTreeSet<N>,
) -> Option<ServedPort<N, I>> {
    let behind = provides
        .values()
        .filter(|names| !names.is_disjoint(required));
    let names = behind
        .cloned()
        .reduce(|common, names| common.intersection(&names).cloned().collect());
    let mut names: BTreeSet<N> = names.unwrap_or_default();
    names.retain(|name| required.contains(name));
    let mut needed = &names | used;
    let mut pool = providers_of(provides, &needed);
    if pool.is_empty() {
        // What confs have by the port is provided by others: new names wait, and stay direct.
        names.retain(|name| used.contains(name));
        needed.clone_from(used);
        pool = providers_of(provides, &needed);
    }
    let served = ServedPort {
        names,
        needed,
        pool,
    };
    (!served.needed.is_empty()).then_some(served)
}

/// The instances that provide each of these names, those apart that nobody provides any more.
fn providers_of<N: Ord, I: Ord + Clone>(
    provides: &BTreeMap<I, BTreeSet<N>>,
    needed: &BTreeSet<N>,
) -> BTreeSet<I> {
    let is_provided = |name: &&N| provides.values().any(|names| names.contains(name));
    let needed: Vec<&N> = needed.iter().filter(is_provided).collect();
    if needed.is_empty() {
        return BTreeSet::new();
    }
    let provides_all = |names: &BTreeSet<N>| needed.iter().all(|name| names.contains(*name));
    let right = provides.iter().filter(|(_, names)| provides_all(names));
    right.map(|(instance, _)| instance.clone()).collect()
}

#[cfg(test)]
mod tests;
