//! Which names of a pattern no single service provides together (section 6): a host never goes with another one's port.

use std::collections::BTreeSet;

use super::source::NeedSource;
use crate::model::{id::Id, manifest::Pick, name::Name};

/// A reference of a pattern, and what it gets.
pub(super) struct PatternNeed<'r> {
    pub(super) name: &'r Name,
    pub(super) source: NeedSource<'r>,
    /// Whether a datastore has it too.
    pub(super) is_stored: bool,
    /// Whether a datastore of that name is of no use.
    pub(super) is_unusable: bool,
}

/// Names of which some service provides two together, or more by others between them.
struct Related<'p, 'r> {
    services: BTreeSet<&'r Id>,
    needs: Vec<&'p PatternNeed<'r>>,
}

/// Replaces the sources of names that no service provides together although the pattern needs it. Where a name has no source,
/// that alone counts.
pub(super) fn separate<'r>(pick: &Pick, needs: Vec<PatternNeed<'r>>) -> Vec<PatternNeed<'r>> {
    if needs.iter().any(|need| !need.source.is_value()) {
        return needs;
    }
    let names = apart(pick, &needs);
    let is_apart = |need: &&PatternNeed<'_>| names.contains(&need.name);
    let is_covered = !needs.iter().filter(is_apart).any(|need| need.is_unusable);
    let replaced = needs.into_iter().map(|need| {
        if names.contains(&need.name) {
            let source = NeedSource::Apart(names.clone(), is_covered);
            return PatternNeed { source, ..need };
        }
        need
    });
    replaced.collect()
}

fn apart<'r>(pick: &Pick, needs: &[PatternNeed<'r>]) -> Vec<&'r Name> {
    let groups = related(needs);
    let names = |group: &Related<'_, 'r>| {
        let names = group.needs.iter().map(|need| need.name);
        names.collect::<Vec<_>>()
    };
    let mut apart: Vec<&Name> = match pick {
        Pick::All { .. } if groups.len() > 1 => groups.iter().flat_map(names).collect(),
        _ => {
            let incomplete = groups.iter().filter(|group| !group.is_complete());
            incomplete.flat_map(names).collect()
        }
    };
    apart.sort();
    apart.dedup();
    apart
}

fn related<'p, 'r>(needs: &'p [PatternNeed<'r>]) -> Vec<Related<'p, 'r>> {
    let mut groups: Vec<Related<'_, '_>> = Vec::new();
    for need in needs {
        let NeedSource::Services(services) = &need.source else {
            continue;
        };
        let services: BTreeSet<&Id> = services.iter().copied().collect();
        let is_related = |group: &Related<'_, '_>| !group.services.is_disjoint(&services);
        let (joined, others) = groups.into_iter().partition(is_related);
        let joined: Vec<Related<'_, '_>> = joined;
        groups = others;
        let mut group = Related {
            services: services.clone(),
            needs: vec![need],
        };
        for one in joined {
            group.services.extend(one.services);
            group.needs.extend(one.needs);
        }
        groups.push(group);
    }
    groups
}

impl Related<'_, '_> {
    /// Whether one service provides all of them that no datastore has.
    fn is_complete(&self) -> bool {
        let provides = |service: &&Id, need: &PatternNeed<'_>| match &need.source {
            NeedSource::Services(services) => services.contains(service),
            _ => false,
        };
        let mut services = self.services.iter();
        services.any(|service| {
            let mut needed = self.needs.iter().filter(|need| !need.is_stored);
            needed.all(|need| provides(service, need))
        })
    }
}
