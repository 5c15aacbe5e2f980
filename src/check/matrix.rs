//! Every requirement in every federation and region: where its value comes from.

use super::{needs::ScopedNeed, repository::Repository, source::NeedSource};
use crate::model::{id::Id, name::Name};

/// A reference in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MatrixRow {
    /// The service that needs it.
    pub service: Id,
    /// Its variable.
    pub variable: Name,
    /// The name that it needs.
    pub name: Name,
    /// The federation; `None` where nobody names one.
    pub federation: Option<Id>,
    /// The region.
    pub region: Id,
    /// What it gets there.
    pub state: MatrixState,
    /// The services that provide it.
    pub providers: Vec<Id>,
}

/// What a requirement gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatrixState {
    /// What services of the repository announce.
    Services,
    /// What is announced now.
    Announced,
    /// The region's datastore.
    Regional,
    /// The datastore of all regions.
    Common,
    /// Its default.
    Default,
    /// Nothing: it is left out.
    LeftOut,
    /// A datastore, if the datastores that are not given have it.
    Taken,
    /// Nothing: its service fails.
    Missing,
}

/// The matrix of all needs.
pub(super) fn matrix(repository: &Repository<'_>, needs: &[ScopedNeed<'_>]) -> Vec<MatrixRow> {
    let row = |need: &ScopedNeed<'_>| MatrixRow {
        service: need.item.manifest.id.clone(),
        variable: need.variable.clone(),
        name: need.name.clone(),
        federation: need.federation.is_named.then(|| need.federation.id.clone()),
        region: need.region.clone(),
        state: state(repository, need),
        providers: match &need.source {
            NeedSource::Services(providers) => providers.iter().map(|id| (*id).clone()).collect(),
            _ => Vec::new(),
        },
    };
    needs.iter().map(row).collect()
}

fn state(repository: &Repository<'_>, need: &ScopedNeed<'_>) -> MatrixState {
    match need.source {
        NeedSource::Services(_) => MatrixState::Services,
        NeedSource::Announced => MatrixState::Announced,
        NeedSource::Regional => MatrixState::Regional,
        NeedSource::Common => MatrixState::Common,
        NeedSource::Nothing if !repository.has_datastores => MatrixState::Taken,
        _ if need.is_unmet() => MatrixState::Missing,
        _ if need.requirement.default.is_some() => MatrixState::Default,
        _ => MatrixState::LeftOut,
    }
}
