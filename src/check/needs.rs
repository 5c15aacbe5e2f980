//! What each service needs in each federation and region, and what it gets there (section 6, without a registry).

use std::collections::BTreeSet;

use super::{
    items::Item,
    pairs::{PatternNeed, separate},
    repository::{Federation, Repository},
    source::NeedSource,
};
use crate::model::{datastores::StoredValue, id::Id, manifest::Requirement, name::Name};

/// A reference of a requirement in one place.
pub(super) struct ScopedNeed<'r> {
    pub(super) federation: &'r Federation<'r>,
    pub(super) region: &'r Id,
    pub(super) item: &'r Item<'r>,
    pub(super) variable: &'r Name,
    pub(super) requirement: &'r Requirement,
    pub(super) name: &'r Name,
    pub(super) source: NeedSource<'r>,
}

impl<'r> ScopedNeed<'r> {
    /// All but the region, in which the caller's order stays.
    fn order(&self) -> (&'r Id, &'r Id, &'r Name, &'r Name) {
        let service = &self.item.manifest.id;
        (&self.federation.id, service, self.variable, self.name)
    }

    /// Whether a service can do without a value: what is of no use is not covered (section 6).
    pub(super) fn may_lack(&self) -> bool {
        self.requirement.optional || self.requirement.default.is_some()
    }

    /// Whether its service fails here.
    pub(super) fn is_unmet(&self) -> bool {
        match self.source {
            NeedSource::Unusable(..) | NeedSource::Apart(_, false) => true,
            NeedSource::Apart(_, true) | NeedSource::Elsewhere | NeedSource::Nothing => {
                !self.may_lack()
            }
            _ => false,
        }
    }
}

/// Every need of every service, by federation, service, variable and region.
pub(super) fn needs<'r>(repository: &'r Repository<'r>) -> Vec<ScopedNeed<'r>> {
    let mut needs = Vec::new();
    for federation in &repository.federations {
        for item in &federation.items {
            for (variable, requirement) in &item.manifest.requires {
                let scoped = |region| {
                    let of_pattern = of_pattern(repository, federation, region, requirement);
                    of_pattern.into_iter().map(move |need| ScopedNeed {
                        federation,
                        region,
                        item,
                        variable,
                        requirement,
                        name: need.name,
                        source: need.source,
                    })
                };
                needs.extend(federation.regions.iter().flat_map(scoped));
            }
        }
    }
    // The regions of a reference follow each other.
    needs.sort_by_key(ScopedNeed::order);
    needs
}

/// The references of a pattern in one place, each once.
fn of_pattern<'r>(
    repository: &Repository<'r>,
    federation: &'r Federation<'r>,
    region: &Id,
    requirement: &'r Requirement,
) -> Vec<PatternNeed<'r>> {
    let names: BTreeSet<&Name> = requirement.pattern.holes().collect();
    let needs = names.into_iter().map(|name| PatternNeed {
        name,
        source: source(repository, federation, region, name),
        is_stored: is_stored(federation, region, name),
        is_unusable: is_unusable(federation, region, name),
    });
    separate(&requirement.pick, needs.collect())
}

/// Whether a datastore has a value of a name.
pub(super) fn is_stored(federation: &Federation<'_>, region: &Id, name: &Name) -> bool {
    let stored = federation.datastores.get(region, name);
    matches!(stored, Some(StoredValue::Text(_)))
}

fn is_unusable(federation: &Federation<'_>, region: &Id, name: &Name) -> bool {
    let stored = federation.datastores.get(region, name);
    matches!(stored, Some(StoredValue::Unusable { .. }))
}

fn source<'r>(
    repository: &Repository<'r>,
    federation: &Federation<'r>,
    region: &Id,
    name: &Name,
) -> NeedSource<'r> {
    if let Some(items) = federation.providers.get(name) {
        return NeedSource::Services(items.iter().map(|item| &item.manifest.id).collect());
    }
    if federation
        .announced
        .contains(&(name.clone(), region.clone()))
    {
        return NeedSource::Announced;
    }
    match federation.datastores.get(region, name) {
        Some(StoredValue::Text(_)) if is_regional(federation, region, name) => NeedSource::Regional,
        Some(StoredValue::Text(_)) => NeedSource::Common,
        Some(StoredValue::Unusable { kind, line }) => NeedSource::Unusable(kind, *line),
        None if repository.elsewhere(federation, name).is_empty() => NeedSource::Nothing,
        None => NeedSource::Elsewhere,
    }
}

fn is_regional(federation: &Federation<'_>, region: &Id, name: &Name) -> bool {
    let regional = federation.datastores.regions.get(region);
    regional.is_some_and(|values| values.contains_key(name))
}
