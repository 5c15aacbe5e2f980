//! The value of one reference: live announcements, then last known ones, then datastores.

use super::{
    candidates::{self, Candidates},
    input::{RegistryState, ResolveInput},
    spread,
};
use crate::model::{
    datastores::Datastores, environment::Source, id::Id, key::Kind, manifest::Pick, name::Name,
    settings::OnUnreachable, snapshot::Snapshot,
};

/// The value of a reference, with its origin.
#[derive(Clone, Debug)]
pub(super) struct ReferenceValue {
    pub(super) value: String,
    pub(super) source: Source,
    pub(super) keys: Vec<(String, i64)>,
    pub(super) providers: Vec<String>,
}

/// The value of `name`; `None` if it is unmet, or if the registry could not be read.
pub(super) fn value_of<'a>(
    input: &ResolveInput<'a>,
    name: &'a Name,
    pick: &Pick,
) -> Option<ReferenceValue> {
    match input.registry {
        RegistryState::Available(snapshot) => from_snapshot(input, snapshot, name, pick),
        RegistryState::Unavailable(OnUnreachable::LastKnown) => from_last_known(input, name, pick),
        RegistryState::Unavailable(OnUnreachable::Datastores) => {
            from_datastores_only(input, name, pick)
        }
        RegistryState::Unavailable(OnUnreachable::Fail) => None,
    }
}

fn from_snapshot<'a>(
    input: &ResolveInput<'a>,
    snapshot: &'a Snapshot,
    name: &'a Name,
    pick: &Pick,
) -> Option<ReferenceValue> {
    let live = |region| candidates::live(input, snapshot, region, name);
    let expired = |region| candidates::known(input, Some(snapshot), region, name);
    in_first_region(input, live)
        .map(|found| choose(input.node, &found, pick, Source::Registry))
        .or_else(|| {
            let found = in_first_region(input, expired)?;
            Some(choose(input.node, &found, pick, Source::LastKnown))
        })
        .or_else(|| from_datastores(input, name))
}

fn from_last_known<'a>(
    input: &ResolveInput<'a>,
    name: &'a Name,
    pick: &Pick,
) -> Option<ReferenceValue> {
    let federation = &input.manifest.federation;
    let known = |region: &'a Id| {
        let mut all = candidates::known(input, None, region, name);
        all.extend(candidates::local(
            input.local_offers,
            federation,
            region,
            name,
        ));
        all
    };
    let choice = in_first_region(input, known).map(|found| {
        let chosen = choose(input.node, &found, pick, Source::LastKnown);
        // This node's own offers are as current as announcements that were read from the registry.
        let all_local = chosen.keys.iter().all(|(_, revision)| *revision == 0);
        let source = if all_local {
            Source::Registry
        } else {
            Source::LastKnown
        };
        ReferenceValue { source, ..chosen }
    });
    choice.or_else(|| from_datastores(input, name))
}

/// Values of this node's own offers and of datastores. A name with a last known value has none: an unreachable registry is
/// no reason to replace its value by that of a datastore.
fn from_datastores_only<'a>(
    input: &ResolveInput<'a>,
    name: &'a Name,
    pick: &Pick,
) -> Option<ReferenceValue> {
    if in_first_region(input, |region| candidates::known(input, None, region, name)).is_some() {
        return None;
    }
    let federation = &input.manifest.federation;
    let local = |region| candidates::local(input.local_offers, federation, region, name).collect();
    in_first_region(input, local)
        .map(|found| choose(input.node, &found, pick, Source::Registry))
        .or_else(|| from_datastores(input, name))
}

/// The candidates of the first region that has any.
fn in_first_region<'a>(
    input: &ResolveInput<'a>,
    candidates: impl Fn(&'a Id) -> Candidates<'a>,
) -> Option<Candidates<'a>> {
    input
        .regions
        .iter()
        .map(candidates)
        .find(|found| !found.is_empty())
}

fn choose(node: &Id, candidates: &Candidates, pick: &Pick, source: Source) -> ReferenceValue {
    let chosen: Vec<_> = if separator(pick).is_some() || candidates.len() == 1 {
        candidates.iter().collect()
    } else {
        // `max_by_key` returns the last of equal maxima, so the reversed order makes the first key win.
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
    ReferenceValue {
        value: values.join(separator(pick).unwrap_or_default()),
        source,
        keys: chosen
            .iter()
            .map(|(key, c)| (key.path(Kind::Provides), c.revision))
            .collect(),
        providers: chosen.iter().map(|(key, _)| key.provider()).collect(),
    }
}

fn from_datastores(input: &ResolveInput, name: &Name) -> Option<ReferenceValue> {
    let value = value_in(input.datastores, input.region, name)?;
    Some(ReferenceValue {
        value: value.clone(),
        source: Source::Datastores,
        keys: Vec::new(),
        providers: Vec::new(),
    })
}

/// A name that any region sets is never taken from the common datastores: in a region without it the reference is unmet,
/// since another region's database would be wrong.
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

/// The separator for `pick` `all`; `None` if one value is picked.
fn separator(pick: &Pick) -> Option<&str> {
    match pick {
        Pick::Spread => None,
        Pick::All { separator } => Some(separator),
    }
}
