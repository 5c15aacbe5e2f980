//! Services of which none can come first, since each needs what another provides.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diagnostic::{CheckRule, Diagnostic},
    needs::{ScopedNeed, is_stored},
    source::NeedSource,
};
use crate::model::{id::Id, name::Name};

/// What a service cannot start without, and who provides it.
struct Blocker<'n, 'r> {
    need: &'n ScopedNeed<'r>,
    providers: &'n [&'r Id],
}

/// The blockers of each service of a federation.
type Blockers<'n, 'r> = BTreeMap<&'r Id, Vec<Blocker<'n, 'r>>>;

/// Warns of every circle of services that need each other.
pub(super) fn cycles(needs: &[ScopedNeed<'_>]) -> Vec<Diagnostic> {
    let mut federations: BTreeMap<&Id, Blockers<'_, '_>> = BTreeMap::new();
    for need in needs {
        if let Some(blocker) = blocker(need) {
            let federation = federations.entry(&need.federation.id).or_default();
            let service = federation.entry(&need.item.manifest.id);
            service.or_default().push(blocker);
        }
    }
    let mut known: BTreeSet<Vec<&Id>> = BTreeSet::new();
    let mut found = Vec::new();
    for blockers in federations.values() {
        for circle in circles(blockers) {
            let mut members: Vec<&Id> = circle.iter().map(|step| step.0).collect();
            members.sort();
            if known.insert(members) {
                found.push(diagnostic(&circle));
            }
        }
    }
    found
}

/// What keeps a service from being the first: no datastore stands in, and it does not provide that itself.
fn blocker<'n, 'r>(need: &'n ScopedNeed<'r>) -> Option<Blocker<'n, 'r>> {
    let NeedSource::Services(providers) = &need.source else {
        return None;
    };
    let is_stored = is_stored(need.federation, need.region, need.name);
    let announced = (need.name.clone(), need.region.clone());
    let is_free = need.may_lack()
        || is_stored
        || providers.contains(&&need.item.manifest.id)
        || need.federation.announced.contains(&announced);
    (!is_free).then_some(Blocker { need, providers })
}

/// A service, what it needs, and which service of the circle provides that.
type CircleStep<'r> = (&'r Id, &'r ScopedNeed<'r>, &'r Id);

/// The circles among services that cannot start: each such service leads to one.
fn circles<'n>(blockers: &Blockers<'n, 'n>) -> Vec<Vec<CircleStep<'n>>> {
    let startable = startable(blockers);
    let mut seen: BTreeSet<&Id> = BTreeSet::new();
    let mut found = Vec::new();
    for start in blockers.keys().filter(|id| !startable.contains(*id)) {
        let mut path: Vec<CircleStep<'n>> = Vec::new();
        let mut at = *start;
        while seen.insert(at) {
            let Some(step) = blocked(at, blockers, &startable) else {
                break;
            };
            at = step.2;
            path.push(step);
        }
        // What was seen in an earlier walk is in an earlier circle, or leads to it.
        if let Some(from) = path.iter().position(|step| step.0 == at) {
            found.push(path.split_off(from));
        }
    }
    found
}

/// The first blocker of a service that none of its providers can remove.
fn blocked<'n>(
    id: &'n Id,
    blockers: &Blockers<'n, 'n>,
    startable: &BTreeSet<&Id>,
) -> Option<CircleStep<'n>> {
    let mut all = blockers.get(id)?.iter();
    let first = all.find(|o| {
        !o.providers
            .iter()
            .any(|p| is_startable(p, blockers, startable))
    })?;
    Some((id, first.need, first.providers[0]))
}

fn is_startable(id: &Id, blockers: &Blockers<'_, '_>, startable: &BTreeSet<&Id>) -> bool {
    startable.contains(id) || !blockers.contains_key(id)
}

/// The services with blockers that can start after some others: each blocker is looked at once for each of its providers.
fn startable<'r>(blockers: &Blockers<'_, 'r>) -> BTreeSet<&'r Id> {
    let mut removes: BTreeMap<&Id, Vec<(&'r Id, usize)>> = BTreeMap::new();
    for (id, own) in blockers {
        for (number, blocker) in own.iter().enumerate() {
            for provider in blocker.providers {
                removes.entry(provider).or_default().push((id, number));
            }
        }
    }
    let free = removes.keys().filter(|id| !blockers.contains_key(*id));
    let mut started: Vec<&Id> = free.copied().collect();
    let mut cleared: BTreeMap<&Id, BTreeSet<usize>> = BTreeMap::new();
    let mut startable = BTreeSet::new();
    while let Some(provider) = started.pop() {
        for (id, number) in removes.remove(provider).unwrap_or_default() {
            let of_service = cleared.entry(id).or_default();
            of_service.insert(number);
            let is_free = blockers.get(id).map(Vec::len) == Some(of_service.len());
            if is_free && startable.insert(id) {
                started.push(id);
            }
        }
    }
    startable
}

fn diagnostic(circle: &[CircleStep<'_>]) -> Diagnostic {
    let step = |(id, need, provider): &CircleStep<'_>| {
        let name: &Name = need.name;
        format!("`{id}` needs `{name}` of `{provider}`")
    };
    let steps: Vec<String> = circle.iter().map(step).collect();
    let none = if circle.len() == 2 { "neither" } else { "none" };
    let message = format!(
        "{}: on nodes of their own {none} can come first",
        steps.join(", ")
    );
    let (id, need, _) = &circle[0];
    let keys = ["requires", need.variable.as_str()];
    Diagnostic::warning(CheckRule::Cycle, need.item.file.place_of(&keys), message)
        .service(id)
        .hint("make one of these requirements `optional`, or give it a `default`")
}

#[cfg(test)]
mod tests;
