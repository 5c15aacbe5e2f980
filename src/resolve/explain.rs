//! Why a reference is unmet, as far as it can be told.

use std::{collections::BTreeSet, fmt};

use super::{Reference, ResolveInput};
use crate::model::{
    announcement::{By, Tombstone},
    id::Id,
    name::Name,
    snapshot::Snapshot,
};

/// The nearest explanation of an unmet reference; displays as one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnmetReason {
    /// Other regions have it.
    Elsewhere {
        /// The services that provide it there; none if it is a datastore.
        services: BTreeSet<Id>,
        /// Those regions.
        regions: BTreeSet<Id>,
    },
    /// It was there and was taken back.
    TombstoneEntry {
        /// `service@node` of the one that was taken back last.
        provider: String,
        /// By whom, and when.
        tombstone: Tombstone,
    },
    /// Nothing provides it, but something of nearly that name.
    Near(Name),
    /// Nothing is known of it.
    Nothing,
}

/// Explains an unmet reference. `names` is every name that the federation's registry knows.
pub(crate) fn explain(
    input: &ResolveInput,
    snapshot: &Snapshot,
    reference: &Reference,
    names: &BTreeSet<Name>,
) -> UnmetReason {
    let name = &reference.name;
    elsewhere(input, snapshot, name)
        .or_else(|| withdrawn(snapshot, name))
        .or_else(|| near(input, name, names).map(UnmetReason::Near))
        .unwrap_or(UnmetReason::Nothing)
}

fn elsewhere(input: &ResolveInput, snapshot: &Snapshot, name: &Name) -> Option<UnmetReason> {
    let live: Vec<_> = snapshot.live.keys().filter(|k| k.name == *name).collect();
    let given = &input.datastores.regions;
    let stored = given.iter().filter(|(_, values)| values.contains_key(name));
    let mut regions: BTreeSet<Id> = live.iter().map(|key| key.region.clone()).collect();
    if live.is_empty() {
        regions = stored.map(|(region, _)| region.clone()).collect();
    }
    (!regions.is_empty()).then(|| UnmetReason::Elsewhere {
        services: live.iter().map(|key| key.service.clone()).collect(),
        regions,
    })
}

fn withdrawn(snapshot: &Snapshot, name: &Name) -> Option<UnmetReason> {
    let of_name = snapshot.withdrawn.iter().filter(|(k, _)| k.name == *name);
    let (key, last) = of_name.max_by(|(_, a), (_, b)| a.tombstone.at.cmp(&b.tombstone.at))?;
    Some(UnmetReason::TombstoneEntry {
        provider: key.provider(),
        tombstone: last.tombstone.clone(),
    })
}

/// Two edits away, and less than half of the name: `A_URL` is not a misspelt `B_URL`'s neighbour by design.
fn near(input: &ResolveInput, name: &Name, names: &BTreeSet<Name>) -> Option<Name> {
    let datastores = input.datastores;
    let stored = datastores.regions.values().flat_map(|values| values.keys());
    let own = input.local_offers.keys().map(|key| &key.name);
    let all = names
        .iter()
        .chain(datastores.common.keys())
        .chain(stored)
        .chain(own);
    all.map(|other| {
        (
            strsim::damerau_levenshtein(name.as_str(), other.as_str()),
            other,
        )
    })
    .filter(|(distance, other)| (1..=2).contains(distance) && distance * 2 < other.as_str().len())
    .min()
    .map(|(_, other)| other.clone())
}

impl fmt::Display for UnmetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere { services, regions } if services.is_empty() => {
                write!(f, "a datastore, but only in {}", listed("region", regions))
            }
            Self::Elsewhere { services, regions } => {
                let (by, at) = (quoted(services), listed("region", regions));
                write!(f, "provided by {by}, but only in {at}")
            }
            Self::TombstoneEntry {
                provider,
                tombstone,
            } => match tombstone.by {
                By::Hand => write!(f, "withdrawn from `{provider}` by hand at {}", tombstone.at),
                By::Manifest => write!(
                    f,
                    "no longer provided by `{provider}` since {}",
                    tombstone.at
                ),
            },
            Self::Near(name) => write!(f, "nothing provides it; did you mean `{name}`?"),
            Self::Nothing => f.write_str("nothing provides it"),
        }
    }
}

fn quoted(ids: &BTreeSet<Id>) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}

fn listed(noun: &str, ids: &BTreeSet<Id>) -> String {
    let plural = if ids.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} {}", quoted(ids))
}
