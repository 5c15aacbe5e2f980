//! Manifest x what is known of the fleet -> environment, or every unmet requirement (design.md section 6).
//! Pure: snapshot, last known announcements and datastores come in as arguments. Knows nothing of files.

mod candidates;
mod explain;
mod local_offers;
mod lookup;
mod spread;
#[cfg(test)]
mod tests;

pub(crate) use explain::explain;
pub(crate) use local_offers::LocalOffers;

use crate::model::{
    datastores::Datastores,
    environment::{Environment, Source, Variable},
    id::Id,
    last_known::LastKnown,
    manifest::{Manifest, Pick, Requirement},
    name::Name,
    settings::OnUnreachable,
    snapshot::Snapshot,
};
use lookup::Found;

/// Everything that a service's environment follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResolveInput<'a> {
    /// The service.
    pub manifest: &'a Manifest,
    /// The node that it runs on.
    pub node: &'a Id,
    /// The node's region.
    pub region: &'a Id,
    /// Where announcements are looked for, in order.
    pub regions: &'a [Id],
    /// What the registry said.
    pub registry: RegistryState<'a>,
    /// What the manifests on this node would announce.
    pub local_offers: &'a LocalOffers,
    /// What the registry said before.
    pub last_known: &'a LastKnown,
    /// The federation's datastores.
    pub datastores: &'a Datastores,
}

/// What the registry said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RegistryState<'a> {
    /// This, of every name that the manifest refers to.
    Available(&'a Snapshot),
    /// Nothing; and this is what the node does about it.
    Unavailable(OnUnreachable),
}

/// A resolved environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Every variable of the service.
    pub environment: Environment,
    /// References that have no live announcement and no tombstone, and keep their last known value.
    pub lapsed: Vec<Reference>,
}

/// A reference that a requirement makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The variable to be filled.
    pub variable: Name,
    /// The name that it needs.
    pub name: Name,
}

/// Resolves a service's environment.
///
/// # Errors
/// Every reference for which there is no value: unmet ones if the registry was read, else those that could not be read.
pub(crate) fn resolve(input: &ResolveInput) -> Result<Resolution, Vec<Reference>> {
    let written = input.manifest.environment.iter();
    let mut environment: Environment = written
        .map(|(name, value)| (name.clone(), plain(value, Source::Environment)))
        .collect();
    let mut lapsed = Vec::new();
    let mut missing = Vec::new();
    for (name, requirement) in &input.manifest.requires {
        let reference = |to: &Name| Reference {
            variable: name.clone(),
            name: to.clone(),
        };
        match fill(input, requirement) {
            Ok(Some(filled)) => {
                lapsed.extend(filled.lapsed.iter().map(reference));
                environment.insert(name.clone(), filled.variable);
            }
            Ok(None) => {}
            Err(names) => missing.extend(names.iter().map(reference)),
        }
    }
    if missing.is_empty() {
        Ok(Resolution {
            environment,
            lapsed,
        })
    } else {
        Err(missing)
    }
}

struct Filled {
    variable: Variable,
    lapsed: Vec<Name>,
}

/// The requirement's variable, `None` for an optional one that is unmet, or every name that is missing.
fn fill(input: &ResolveInput, requirement: &Requirement) -> Result<Option<Filled>, Vec<Name>> {
    let mut found: Vec<(&Name, Found)> = Vec::new();
    let mut missing: Vec<Name> = Vec::new();
    for name in requirement.pattern.holes() {
        match lookup::find(input, name, &requirement.pick) {
            Some(one) => found.push((name, one)),
            None if missing.contains(name) => {}
            None => missing.push(name.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(Some(join(input, requirement, &found)));
    }
    // Neither covers a name that could not be read: the registry may well have it.
    let read = matches!(input.registry, RegistryState::Available(_));
    match &requirement.default {
        Some(value) if read => Ok(Some(Filled {
            variable: plain(value, Source::Default),
            lapsed: Vec::new(),
        })),
        None if read && requirement.optional => Ok(None),
        _ => Err(missing),
    }
}

fn join(input: &ResolveInput, requirement: &Requirement, found: &[(&Name, Found)]) -> Filled {
    let value_of = |hole: &Name| {
        let found = found.iter().find(|(name, _)| *name == hole);
        found.map(|(_, found)| found.value.clone())
    };
    let read = matches!(input.registry, RegistryState::Available(_));
    let lapsed = found
        .iter()
        .filter(|(_, f)| read && f.source == Source::LastKnown);
    Filled {
        lapsed: lapsed.map(|(name, _)| (*name).clone()).collect(),
        variable: Variable {
            value: requirement.pattern.fill(value_of).unwrap_or_default(),
            // A pattern without a hole is a literal value, as those of `environment` are.
            source: found
                .iter()
                .map(|(_, f)| f.source)
                .max()
                .unwrap_or(Source::Environment),
            references: found.iter().map(|(name, _)| (*name).clone()).collect(),
            keys: found.iter().flat_map(|(_, f)| f.keys.clone()).collect(),
            providers: found
                .iter()
                .flat_map(|(_, f)| f.providers.clone())
                .collect(),
        },
    }
}

fn plain(value: &str, source: Source) -> Variable {
    Variable {
        value: value.to_owned(),
        source,
        references: Vec::new(),
        keys: Vec::new(),
        providers: Vec::new(),
    }
}

/// How several values of one name become one.
fn join_all(pick: &Pick) -> Option<&str> {
    match pick {
        Pick::Spread => None,
        Pick::All { separator } => Some(separator),
    }
}
