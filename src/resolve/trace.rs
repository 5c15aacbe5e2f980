//! Where the value of a variable comes from, and why it does not come from anywhere else. [`trace`] resolves with the
//! function that `render` resolves with, and collects what that reports.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    input::{RegistryState, ResolveInput},
    lookup,
    observer::{Observer, PassedOver, TakenAnnouncement},
    resolution::fill,
    traced::{DatastoreUse, FallbackUnused, NameTrace, NotTaken, Trace, TraceOutcome},
};
use crate::model::{
    datastores::StoredValue, environment::Source, id::Id, key::Key, last_known::LastKnown,
    manifest::Requirement, name::Name,
};

/// Resolves a requirement as [`super::resolve`] does, and explains the result. `seen` are the announcements that were last
/// known before the registry was read: some of those have expired since.
pub(crate) fn trace(input: &ResolveInput, requirement: &Requirement, seen: &LastKnown) -> Trace {
    let mut recorder = Recorder::default();
    let filled = fill(input, requirement, &mut recorder);
    let missing = match &filled {
        Ok(_) => unfilled(input, requirement, &recorder),
        Err(missing) => missing.clone(),
    };
    let mut names: Vec<NameTrace> = Vec::new();
    for name in requirement.pattern.holes() {
        if names.iter().all(|known| known.name != *name) {
            names.push(name_trace(input, name, seen, &mut recorder, &missing));
        }
    }
    Trace {
        fallback: fallback_unused(input, requirement, filled.is_err(), &missing),
        outcome: match filled {
            Ok(Some(filled)) => TraceOutcome::Value(filled.variable),
            Ok(None) => TraceOutcome::LeftOut,
            Err(_) => TraceOutcome::Unmet,
        },
        names,
        missing,
    }
}

/// The names that a default or `optional` stands in for.
fn unfilled(input: &ResolveInput, requirement: &Requirement, recorder: &Recorder) -> Vec<Name> {
    if !recorder.taken.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&Name> = requirement.pattern.holes().collect();
    let lost = names
        .iter()
        .filter(|name| lookup::look_up(input, name).is_none());
    let lost: Vec<Name> = lost.map(|name| (*name).clone()).collect();
    if lost.is_empty() {
        // Each has a provider, but no provider has all.
        return names.into_iter().cloned().collect();
    }
    lost
}

fn fallback_unused(
    input: &ResolveInput,
    requirement: &Requirement,
    is_unmet: bool,
    missing: &[Name],
) -> Option<FallbackUnused> {
    let has_fallback = requirement.default.is_some() || requirement.optional;
    let is_unusable = |name: &Name| lookup::unusable(input, name).is_some();
    match (has_fallback, is_unmet) {
        (false, _) => None,
        (true, false) => missing.is_empty().then_some(FallbackUnused::Met),
        (true, true) if missing.iter().any(is_unusable) => Some(FallbackUnused::Unusable),
        (true, true) => Some(FallbackUnused::Unread),
    }
}

/// What a resolution has reported.
#[derive(Default)]
struct Recorder {
    /// What was taken for each name; `None` is a datastore.
    taken: BTreeMap<Name, Vec<Option<TakenAnnouncement>>>,
    passed_over: BTreeMap<Key, PassedOver>,
}

impl Observer for Recorder {
    const ASKS: bool = true;

    fn take(&mut self, name: &Name, taken: Option<TakenAnnouncement>) {
        self.taken.entry(name.clone()).or_default().push(taken);
    }

    fn pass_over(&mut self, name: &Name, key: &Key, why: PassedOver) {
        let name = name.clone();
        self.passed_over.insert(
            Key {
                name,
                ..key.clone()
            },
            why,
        );
    }
}

fn name_trace(
    input: &ResolveInput,
    name: &Name,
    seen: &LastKnown,
    recorder: &mut Recorder,
    missing: &[Name],
) -> NameTrace {
    let taken = recorder.taken.remove(name).unwrap_or_default();
    let is_stored = taken.iter().any(Option::is_none);
    let announced: Vec<TakenAnnouncement> = taken.into_iter().flatten().collect();
    let local_port = announced.iter().find_map(|taken| taken.local_port);
    let mut trace = NameTrace {
        name: name.clone(),
        taken: announced
            .into_iter()
            .map(|taken| (taken.key, taken.source))
            .collect(),
        local_port,
        not_taken: BTreeMap::new(),
        datastores: BTreeMap::new(),
        unreadable: BTreeMap::new(),
    };
    trace.datastores = datastores(input, &trace, is_stored, missing);
    for key in announcements(input, name, seen) {
        if trace.taken.iter().all(|(taken, _)| *taken != key) {
            let why = match recorder.passed_over.remove(&key) {
                Some(why) => NotTaken::PassedOver(why),
                None => not_considered(input, &key, seen, missing),
            };
            trace.not_taken.insert(key, why);
        }
    }
    if let RegistryState::Available(snapshot) = input.registry {
        let records = snapshot.unreadable_of(&input.manifest.federation, name);
        trace.unreadable = records.map(|(path, why)| (path.clone(), why)).collect();
    }
    trace
}

/// Everything that is or was announced of a name, as far as this node knows, and what it offers itself.
fn announcements(input: &ResolveInput, name: &Name, seen: &LastKnown) -> BTreeSet<Key> {
    let federation = &input.manifest.federation;
    let of_name = |key: &&Key| key.name == *name && key.federation == *federation;
    let mut keys = known_keys(federation, name, seen);
    keys.extend(known_keys(federation, name, input.last_known));
    keys.extend(input.local_offers.keys().filter(of_name).cloned());
    if let RegistryState::Available(snapshot) = input.registry {
        let all = snapshot.live.keys().chain(snapshot.withdrawn.keys());
        keys.extend(all.filter(of_name).cloned());
    }
    keys
}

fn known_keys(federation: &Id, name: &Name, known: &LastKnown) -> BTreeSet<Key> {
    let keys = known.keys(federation).into_iter();
    keys.filter(|key| key.name == *name).collect()
}

/// Why an announcement was neither taken nor passed over for another one.
fn not_considered(input: &ResolveInput, key: &Key, seen: &LastKnown, missing: &[Name]) -> NotTaken {
    let found = lookup::look_up(input, &key.name);
    let mut regions = found.iter().flat_map(|found| &found.regions);
    if regions.any(|candidates| candidates.contains_key(key)) {
        return NotTaken::OthersMissing(missing.to_vec());
    }
    let is_offered = input.local_offers.keys().any(|offered| offered == key);
    let is_left = !is_offered && input.local_offers.owns(key);
    match input.registry {
        RegistryState::Available(snapshot) => match snapshot.withdrawn.get(key) {
            Some(entry) => NotTaken::Withdrawn(entry.tombstone.clone()),
            None if is_left => NotTaken::NotProvided,
            None if is_offered || snapshot.live.contains_key(key) => NotTaken::RegionNotRead,
            None => NotTaken::Expired(last_revision(key, [seen, input.last_known])),
        },
        RegistryState::Unavailable(_) if !input.regions.contains(&key.region) => {
            NotTaken::RegionNotRead
        }
        RegistryState::Unavailable(_) if is_left => NotTaken::NotProvided,
        RegistryState::Unavailable(then) => NotTaken::Unread(then),
    }
}

/// The revision at which an announcement was seen last.
fn last_revision(key: &Key, known: [&LastKnown; 2]) -> i64 {
    let revisions = known.into_iter().filter_map(|known| {
        let of_name = known.of(&key.federation, &key.region, &key.name);
        of_name.get(key).map(|known| known.revision)
    });
    revisions.max().unwrap_or_default()
}

/// Every datastore of the name, and whether it is the value.
fn datastores(
    input: &ResolveInput,
    trace: &NameTrace,
    is_taken: bool,
    missing: &[Name],
) -> BTreeMap<Option<Id>, DatastoreUse> {
    let (all, name) = (input.datastores, &trace.name);
    let regional = all
        .regions
        .iter()
        .map(|(region, values)| (Some(region), values));
    let given = regional.chain([(None, &all.common)]);
    let given = given.filter_map(|(region, values)| Some((region, values.get(name)?)));
    let own = all.regions.get(input.region);
    let is_overridden = own.is_some_and(|values| values.contains_key(name));
    let use_of = |region: Option<&Id>, value: &StoredValue| match (region, value) {
        (Some(region), _) if region != input.region => DatastoreUse::OtherRegion,
        (None, _) if is_overridden => DatastoreUse::Overridden,
        _ if is_taken => DatastoreUse::Taken,
        _ if trace
            .taken
            .iter()
            .any(|(_, source)| *source == Source::LastKnown) =>
        {
            DatastoreUse::LastKnown
        }
        _ if !trace.taken.is_empty() => DatastoreUse::Announced,
        (_, StoredValue::Unusable { kind, .. }) => DatastoreUse::Unusable(kind),
        _ if lookup::look_up(input, name).is_none() => DatastoreUse::Unread,
        _ => DatastoreUse::OthersMissing(missing.to_vec()),
    };
    given
        .map(|(region, value)| (region.cloned(), use_of(region, value)))
        .collect()
}
