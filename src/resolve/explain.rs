//! Why a reference is unmet.

use std::{collections::BTreeSet, fmt};

use super::{
    input::ResolveInput,
    lookup::{look_up, unusable},
    resolution::Reference,
};
use crate::model::{announcement::Tombstone, id::Id, name::Name, snapshot::Snapshot, suggest};

/// The most likely reason that a reference is unmet; displays as one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnmetReason {
    /// It is announced, but no provider announces it together with the other names of its pattern.
    Apart(BTreeSet<Name>),
    /// Its datastore is nothing that an environment can hold.
    Unusable {
        /// What it is.
        kind: &'static str,
        /// Its line in `configuration.json`.
        line: usize,
    },
    /// This node announces it still, but none of its manifests provides it.
    LeftOver {
        /// `service@node` of that announcement.
        provider: String,
    },
    /// Only other regions have it.
    Elsewhere {
        /// The services that provide it there; empty if it is a datastore.
        services: BTreeSet<Id>,
        /// These regions.
        regions: BTreeSet<Id>,
    },
    /// Its announcement was withdrawn.
    Withdrawn {
        /// `service@node` of the last withdrawal.
        provider: String,
        /// Who withdrew it, and when.
        tombstone: Tombstone,
    },
    /// Nothing provides it, but a similar name exists.
    Near(Name),
    /// Nothing provides it.
    Nothing,
}

/// Explains an unmet reference; `names` is every name in the federation's registry.
pub(crate) fn explain(
    input: &ResolveInput,
    snapshot: &Snapshot,
    reference: &Reference,
    names: &BTreeSet<Name>,
) -> UnmetReason {
    let name = &reference.name;
    unusable(input, name)
        .map(|(kind, line)| UnmetReason::Unusable { kind, line })
        .or_else(|| apart(input, reference))
        .or_else(|| elsewhere(input, snapshot, name))
        .or_else(|| left_over(input, snapshot, name))
        .or_else(|| withdrawn(snapshot, name))
        .or_else(|| near(input, name, names).map(UnmetReason::Near))
        .unwrap_or(UnmetReason::Nothing)
}

/// A name that has a value by itself lacks a provider of the whole pattern.
fn apart(input: &ResolveInput, reference: &Reference) -> Option<UnmetReason> {
    look_up(input, &reference.name)?;
    let requirement = input.manifest.requires.get(&reference.variable)?;
    let announced = requirement.pattern.holes().filter(|name| {
        let found = look_up(input, name);
        found.is_some_and(|found| found.is_announced())
    });
    Some(UnmetReason::Apart(announced.cloned().collect()))
}

fn elsewhere(input: &ResolveInput, snapshot: &Snapshot, name: &Name) -> Option<UnmetReason> {
    let live = snapshot.live.keys().filter(|key| key.name == *name);
    let live: Vec<_> = live.filter(|key| !input.local_offers.owns(key)).collect();
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

fn left_over(input: &ResolveInput, snapshot: &Snapshot, name: &Name) -> Option<UnmetReason> {
    let mut live = snapshot.live.keys().filter(|key| key.name == *name);
    let key = live.find(|key| input.local_offers.owns(key))?;
    let provider = key.provider();
    Some(UnmetReason::LeftOver { provider })
}

fn withdrawn(snapshot: &Snapshot, name: &Name) -> Option<UnmetReason> {
    let of_name = snapshot.withdrawn.iter().filter(|(k, _)| k.name == *name);
    let (key, last) = of_name.max_by(|(_, a), (_, b)| a.tombstone.at.cmp(&b.tombstone.at))?;
    Some(UnmetReason::Withdrawn {
        provider: key.provider(),
        tombstone: last.tombstone.clone(),
    })
}

/// A similar name of an announcement, a datastore or an offer of this node.
fn near(input: &ResolveInput, name: &Name, names: &BTreeSet<Name>) -> Option<Name> {
    let datastores = input.datastores;
    let regional = datastores.regions.values().flat_map(|values| values.keys());
    let local = input.local_offers.keys().map(|key| &key.name);
    let all = names
        .iter()
        .chain(datastores.common.keys())
        .chain(regional)
        .chain(local);
    let near = suggest::near_name(name.as_str(), all.map(Name::as_str))?;
    Name::parse(near).ok()
}

impl fmt::Display for UnmetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart(names) => {
                write!(
                    f,
                    "no provider in these regions announces {} together",
                    quoted(names)
                )
            }
            Self::Unusable { kind, line } => write!(
                f,
                "its datastore is {kind}, not a string, number or boolean (line {line} of configuration.json)"
            ),
            Self::Elsewhere { services, regions } if services.is_empty() => {
                write!(
                    f,
                    "set by a datastore, but only in {}",
                    listed("region", regions)
                )
            }
            Self::Elsewhere { services, regions } => {
                let (by, at) = (quoted(services), listed("region", regions));
                write!(f, "provided by {by}, but only in {at}")
            }
            Self::LeftOver { provider } => write!(
                f,
                "announced by `{provider}`, but no manifest on this node provides it any more"
            ),
            Self::Withdrawn {
                provider,
                tombstone,
            } => write!(f, "from `{provider}`, {tombstone}"),
            Self::Near(name) => write!(f, "nothing provides it; did you mean `{name}`?"),
            Self::Nothing => f.write_str("nothing provides it"),
        }
    }
}

fn quoted(ids: &BTreeSet<impl fmt::Display>) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}

fn listed(noun: &str, ids: &BTreeSet<Id>) -> String {
    let plural = if ids.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} {}", quoted(ids))
}
