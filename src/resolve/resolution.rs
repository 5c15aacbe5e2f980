//! From a manifest and its inputs to an environment, or to every missing reference.

use super::{
    input::{RegistryState, ResolveInput},
    lookup::{self, ReferenceValue},
};
use crate::model::{
    environment::{Environment, Source, Variable},
    manifest::Requirement,
    name::Name,
};

/// A resolved environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Every variable of the service.
    pub environment: Environment,
    /// References without a live announcement or a tombstone, which keep their last known value.
    pub expired: Vec<Reference>,
}

/// A reference of a requirement to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The variable of the requirement.
    pub variable: Name,
    /// The name to which it refers.
    pub name: Name,
}

/// Resolves a service's environment.
///
/// # Errors
/// Every reference without a value: unmet if the registry was read, unknown otherwise.
pub(crate) fn resolve(input: &ResolveInput) -> Result<Resolution, Vec<Reference>> {
    let written = input.manifest.environment.iter();
    let mut environment: Environment = written
        .map(|(name, value)| (name.clone(), plain(value, Source::Environment)))
        .collect();
    let mut expired = Vec::new();
    let mut missing = Vec::new();
    for (name, requirement) in &input.manifest.requires {
        let reference = |to: &Name| Reference {
            variable: name.clone(),
            name: to.clone(),
        };
        match fill(input, requirement) {
            Ok(Some(filled)) => {
                expired.extend(filled.expired.iter().map(reference));
                environment.insert(name.clone(), filled.variable);
            }
            Ok(None) => {}
            Err(names) => missing.extend(names.iter().map(reference)),
        }
    }
    if missing.is_empty() {
        Ok(Resolution {
            environment,
            expired,
        })
    } else {
        Err(missing)
    }
}

/// A requirement with a value for every hole.
struct Filled {
    variable: Variable,
    expired: Vec<Name>,
}

/// The requirement's variable, `None` for an unmet optional one, or every missing name.
fn fill(input: &ResolveInput, requirement: &Requirement) -> Result<Option<Filled>, Vec<Name>> {
    let mut values: Vec<(&Name, ReferenceValue)> = Vec::new();
    let mut missing: Vec<Name> = Vec::new();
    for name in requirement.pattern.holes() {
        match lookup::value_of(input, name, &requirement.pick) {
            Some(value) => values.push((name, value)),
            None if missing.contains(name) => {}
            None => missing.push(name.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(Some(join(input, requirement, &values)));
    }
    // Neither a default nor `optional` applies if the registry was not read: it may have the name.
    let read = matches!(input.registry, RegistryState::Available(_));
    match &requirement.default {
        Some(value) if read => Ok(Some(Filled {
            variable: plain(value, Source::Default),
            expired: Vec::new(),
        })),
        None if read && requirement.optional => Ok(None),
        _ => Err(missing),
    }
}

fn join(
    input: &ResolveInput,
    requirement: &Requirement,
    values: &[(&Name, ReferenceValue)],
) -> Filled {
    let value_of = |hole: &Name| {
        let value = values.iter().find(|(name, _)| *name == hole);
        value.map(|(_, value)| value.value.clone())
    };
    let read = matches!(input.registry, RegistryState::Available(_));
    let expired = values
        .iter()
        .filter(|(_, f)| read && f.source == Source::LastKnown);
    Filled {
        expired: expired.map(|(name, _)| (*name).clone()).collect(),
        variable: Variable {
            value: requirement.pattern.fill(value_of).unwrap_or_default(),
            // A pattern without holes is a literal value, like those of `environment`.
            source: values
                .iter()
                .map(|(_, f)| f.source)
                .max()
                .unwrap_or(Source::Environment),
            references: values.iter().map(|(name, _)| (*name).clone()).collect(),
            keys: values.iter().flat_map(|(_, f)| f.keys.clone()).collect(),
            providers: values
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
