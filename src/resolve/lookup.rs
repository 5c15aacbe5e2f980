//! What a name may take its value from: live announcements, then last known ones, then datastores.

use std::collections::BTreeSet;

use super::{
    candidates::{self, Candidates, UsableAnnouncement},
    input::{RegistryState, ResolveInput},
};
use crate::model::{
    datastores::StoredValue, environment::Source, id::Id, name::Name, settings::OnUnreachable,
    snapshot::Snapshot,
};

/// The announcements and the datastore of a name; at least one of them is there.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) name: &'a Name,
    /// Its announcements in each region that the node reads, in their order.
    pub(super) regions: Vec<Candidates<'a>>,
    /// The origin of these announcements.
    source: Source,
    pub(super) stored: Option<&'a str>,
}

/// What `name` may take its value from; `None` if nothing provides it, or if the registry could not be read.
pub(super) fn look_up<'a>(input: &ResolveInput<'a>, name: &'a Name) -> Option<Found<'a>> {
    let announced = match input.registry {
        RegistryState::Available(snapshot) => Some(in_snapshot(input, snapshot, name)),
        RegistryState::Unavailable(OnUnreachable::LastKnown) => last_known(input, name),
        RegistryState::Unavailable(OnUnreachable::Datastores) => own_offers(input, name),
        RegistryState::Unavailable(OnUnreachable::Fail) => None,
    };
    let (regions, source) = announced?;
    let found = Found {
        name,
        regions,
        source,
        stored: stored(input, name),
    };
    (found.is_announced() || found.stored.is_some()).then_some(found)
}

/// The names that a manifest requires and that nobody announces: of these alone the last known announcements decide.
pub(crate) fn unannounced(input: &ResolveInput, snapshot: &Snapshot) -> BTreeSet<Name> {
    let requires = input.manifest.requires.values();
    let names = requires.flat_map(|requirement| requirement.pattern.holes());
    let is_live = |name: &Name| {
        let mut regions = input.regions.iter();
        regions.any(|region| candidates::is_live(input, snapshot, region, name))
    };
    names.filter(|name| !is_live(name)).cloned().collect()
}

impl Found<'_> {
    /// Whether it is announced in any region.
    pub(super) fn is_announced(&self) -> bool {
        self.regions.iter().any(|region| !region.is_empty())
    }

    /// The services that announce it.
    pub(super) fn services(&self) -> BTreeSet<&Id> {
        let keys = self.regions.iter().flat_map(Candidates::keys);
        keys.map(|key| &key.service).collect()
    }

    /// The origin of one of its announcements. This node's own offers are as current as announcements that were read from
    /// the registry.
    pub(super) fn source_of(&self, candidate: &UsableAnnouncement<'_>) -> Source {
        if candidate.revision == 0 {
            Source::Registry
        } else {
            self.source
        }
    }
}

type ByRegion<'a> = (Vec<Candidates<'a>>, Source);

fn in_snapshot<'a>(
    input: &ResolveInput<'a>,
    snapshot: &'a Snapshot,
    name: &'a Name,
) -> ByRegion<'a> {
    let live = by_region(input, |region| {
        candidates::live(input, snapshot, region, name)
    });
    if live.iter().any(|region| !region.is_empty()) {
        return (live, Source::Registry);
    }
    let expired = by_region(input, |region| {
        candidates::known(input, Some(snapshot), region, name)
    });
    (expired, Source::LastKnown)
}

/// The last known announcements. A name of which they were lost has none, nor a datastore.
fn last_known<'a>(input: &ResolveInput<'a>, name: &'a Name) -> Option<ByRegion<'a>> {
    let known = by_region(input, |region| {
        let mut all = candidates::known(input, None, region, name);
        all.extend(own(input, region, name));
        all
    });
    is_certain(input, name, &known).then_some((known, Source::LastKnown))
}

/// Whether it is certain that the registry had nothing else of a name, or something is known of it.
fn is_certain(input: &ResolveInput, name: &Name, known: &[Candidates<'_>]) -> bool {
    !input.last_known.may_lack(name) || known.iter().any(|region| !region.is_empty())
}

/// This node's own offers. A name with a last known value has none, nor a datastore: an unreachable registry is no reason to
/// replace its value by that of a datastore.
fn own_offers<'a>(input: &ResolveInput<'a>, name: &'a Name) -> Option<ByRegion<'a>> {
    let is_known = |region| !candidates::known(input, None, region, name).is_empty();
    if input.regions.iter().any(is_known) {
        return None;
    }
    let own = by_region(input, |region| own(input, region, name));
    is_certain(input, name, &own).then_some((own, Source::Registry))
}

fn own<'a>(input: &ResolveInput<'a>, region: &'a Id, name: &'a Name) -> Candidates<'a> {
    let federation = &input.manifest.federation;
    candidates::local(input.local_offers, federation, region, name).collect()
}

fn by_region<'a>(
    input: &ResolveInput<'a>,
    candidates: impl Fn(&'a Id) -> Candidates<'a>,
) -> Vec<Candidates<'a>> {
    input.regions.iter().map(candidates).collect()
}

fn stored<'a>(input: &ResolveInput<'a>, name: &Name) -> Option<&'a str> {
    match input.datastores.get(input.region, name)? {
        StoredValue::Text(text) => Some(text),
        StoredValue::Unusable { .. } => None,
    }
}

/// The kind and the line of a datastore that no environment can hold.
pub(super) fn unusable(input: &ResolveInput, name: &Name) -> Option<(&'static str, usize)> {
    match input.datastores.get(input.region, name)? {
        StoredValue::Text(_) => None,
        StoredValue::Unusable { kind, line } => Some((kind, *line)),
    }
}
