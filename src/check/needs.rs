//! What each service needs in each federation and region, and what it gets there (section 6, without a registry).

use super::{
    items::Item,
    repository::{Federation, Repository},
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

/// Where the value of a reference comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NeedSource<'r> {
    /// Services of the repository announce it.
    Services(Vec<&'r Id>),
    /// It is announced now.
    Announced,
    /// The region's datastore.
    Regional,
    /// The datastore of all regions.
    Common,
    /// A datastore that no environment can hold: what it is, and its line.
    Unusable(&'static str, usize),
    /// Nothing here; services of other federations provide it.
    Elsewhere,
    /// Nothing that is known.
    Nothing,
}

impl ScopedNeed<'_> {
    /// Whether a service can do without a value: what is of no use is not covered (section 6).
    pub(super) fn may_lack(&self) -> bool {
        self.requirement.optional || self.requirement.default.is_some()
    }

    /// Whether its service fails here.
    pub(super) fn is_unmet(&self) -> bool {
        match self.source {
            NeedSource::Unusable(..) => true,
            NeedSource::Elsewhere | NeedSource::Nothing => !self.may_lack(),
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
                for name in requirement.pattern.holes() {
                    let regions = federation.regions.iter();
                    needs.extend(regions.map(|region| ScopedNeed {
                        federation,
                        region,
                        item,
                        variable,
                        requirement,
                        name,
                        source: source(repository, federation, region, name),
                    }));
                }
            }
        }
    }
    needs
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
