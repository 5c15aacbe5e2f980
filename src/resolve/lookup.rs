//! The value of one reference: announcements, then last known ones, then datastores.

use super::{
    RegistryState, ResolveInput,
    candidates::{self, Candidates},
    join_all, spread,
};
use crate::model::{
    datastores::Datastores, environment::Source, id::Id, key::Kind, manifest::Pick, name::Name,
    settings::OnUnreachable, snapshot::Snapshot,
};

/// The value of a reference.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) source: Source,
    pub(super) keys: Vec<(String, i64)>,
    pub(super) providers: Vec<String>,
}

/// The value of `name`, or `None` if it is unmet (or could not be read).
pub(super) fn find<'a>(input: &ResolveInput<'a>, name: &'a Name, pick: &Pick) -> Option<Found> {
    match input.registry {
        RegistryState::Available(snapshot) => in_snapshot(input, snapshot, name, pick),
        RegistryState::Unavailable(OnUnreachable::LastKnown) => last_known(input, name, pick),
        RegistryState::Unavailable(OnUnreachable::Datastores) => without_known(input, name, pick),
        RegistryState::Unavailable(OnUnreachable::Fail) => None,
    }
}

fn in_snapshot<'a>(
    input: &ResolveInput<'a>,
    snapshot: &'a Snapshot,
    name: &'a Name,
    pick: &Pick,
) -> Option<Found> {
    let live = |region| candidates::live(input, snapshot, region, name);
    let lapsed = |region| candidates::known(input, Some(snapshot), region, name);
    first(input, live)
        .map(|found| choose(input.node, &found, pick, Source::Registry))
        .or_else(|| {
            let found = first(input, lapsed)?;
            Some(choose(input.node, &found, pick, Source::LastKnown))
        })
        .or_else(|| datastore(input, name))
}

fn last_known<'a>(input: &ResolveInput<'a>, name: &'a Name, pick: &Pick) -> Option<Found> {
    let federation = &input.manifest.federation;
    let known = |region: &'a Id| {
        let mut all = candidates::known(input, None, region, name);
        all.extend(candidates::own(
            input.local_offers,
            federation,
            region,
            name,
        ));
        all
    };
    let choice = first(input, known).map(|found| {
        let chosen = choose(input.node, &found, pick, Source::LastKnown);
        // What this node stands for itself is as sure as if the registry had said it.
        let all_own = chosen.keys.iter().all(|(_, revision)| *revision == 0);
        let source = if all_own {
            Source::Registry
        } else {
            Source::LastKnown
        };
        Found { source, ..chosen }
    });
    choice.or_else(|| datastore(input, name))
}

/// A value that came from the registry is not replaced by a datastore's only because the registry does not answer.
fn without_known<'a>(input: &ResolveInput<'a>, name: &'a Name, pick: &Pick) -> Option<Found> {
    if first(input, |region| candidates::known(input, None, region, name)).is_some() {
        return None;
    }
    let federation = &input.manifest.federation;
    let own = |region| candidates::own(input.local_offers, federation, region, name).collect();
    first(input, own)
        .map(|found| choose(input.node, &found, pick, Source::Registry))
        .or_else(|| datastore(input, name))
}

/// The candidates of the first region that has any.
fn first<'a>(
    input: &ResolveInput<'a>,
    candidates: impl Fn(&'a Id) -> Candidates<'a>,
) -> Option<Candidates<'a>> {
    input
        .regions
        .iter()
        .map(candidates)
        .find(|found| !found.is_empty())
}

fn choose(node: &Id, candidates: &Candidates, pick: &Pick, source: Source) -> Found {
    let chosen: Vec<_> = if join_all(pick).is_some() || candidates.len() == 1 {
        candidates.iter().collect()
    } else {
        // The last of equal maxima wins in `max_by_key`, so the order is turned to let the first key win.
        let best = candidates.iter().rev();
        best.max_by_key(|(key, _)| spread::score(node, key))
            .into_iter()
            .collect()
    };
    let mut values: Vec<&str> = chosen
        .iter()
        .map(|(_, c)| c.announcement.value.as_str())
        .collect();
    values.sort_unstable();
    values.dedup();
    Found {
        value: values.join(join_all(pick).unwrap_or_default()),
        source,
        keys: chosen
            .iter()
            .map(|(key, c)| (key.path(Kind::Provides), c.revision))
            .collect(),
        providers: chosen.iter().map(|(key, _)| key.provider()).collect(),
    }
}

fn datastore(input: &ResolveInput, name: &Name) -> Option<Found> {
    let value = value_in(input.datastores, input.region, name)?;
    Some(Found {
        value: value.clone(),
        source: Source::Datastores,
        keys: Vec::new(),
        providers: Vec::new(),
    })
}

/// A name that is given for any region is never taken from the common datastores: a region that lacks it is unmet,
/// not sent to another region's database.
fn value_in<'a>(datastores: &'a Datastores, region: &Id, name: &Name) -> Option<&'a String> {
    if datastores
        .regions
        .values()
        .any(|values| values.contains_key(name))
    {
        return datastores.regions.get(region)?.get(name);
    }
    datastores.common.get(name)
}
