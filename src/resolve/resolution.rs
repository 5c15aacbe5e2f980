//! From a manifest and its inputs to an environment, or to every missing reference.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    input::{RegistryState, ResolveInput},
    lookup,
    observer::{Observer, TakenAnnouncement, Unobserved},
    pairs::{self, Announced, ChosenValue, Filling},
};
use crate::model::{
    environment::{Environment, Source, Variable},
    key::Kind,
    manifest::Requirement,
    name::Name,
    pattern::Hole,
};

/// A resolved environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Every variable of the service.
    pub environment: Environment,
    /// References without a live announcement or a tombstone, which keep their last known value.
    pub expired: Vec<Reference>,
    /// References whose datastore ends in a line break, which becomes part of the variable.
    pub line_breaks: Vec<Reference>,
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
    let mut line_breaks = Vec::new();
    let mut missing = Vec::new();
    for (name, requirement) in &input.manifest.requires {
        let reference = |to: &Name| Reference {
            variable: name.clone(),
            name: to.clone(),
        };
        match fill(input, requirement, &mut Unobserved) {
            Ok(Some(filled)) => {
                expired.extend(filled.expired.iter().map(reference));
                line_breaks.extend(filled.line_breaks.iter().map(reference));
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
            line_breaks,
        })
    } else {
        Err(missing)
    }
}

/// A requirement with a value for every hole.
pub(super) struct Filled {
    pub(super) variable: Variable,
    expired: Vec<Name>,
    line_breaks: Vec<Name>,
}

/// The requirement's variable, `None` for an unmet optional one, or every missing name.
pub(super) fn fill<O: Observer>(
    input: &ResolveInput,
    requirement: &Requirement,
    observer: &mut O,
) -> Result<Option<Filled>, Vec<Name>> {
    let missing = match fillings_of(input, requirement, observer) {
        Ok(fillings) => {
            if O::ASKS {
                report(&fillings, observer);
            }
            return Ok(Some(join(input, requirement, &fillings)));
        }
        Err(missing) => missing,
    };
    let may_be_replaced = may_be_replaced(input, &missing);
    match &requirement.default {
        Some(value) if may_be_replaced => Ok(Some(Filled {
            variable: plain(value, Source::Default),
            expired: Vec::new(),
            line_breaks: Vec::new(),
        })),
        None if may_be_replaced && requirement.optional => Ok(None),
        _ => Err(missing),
    }
}

/// Reports what a requirement takes.
fn report<O: Observer>(fillings: &[Filling<'_>], observer: &mut O) {
    for (name, chosen) in fillings.iter().flatten() {
        let taken = chosen
            .announced
            .as_ref()
            .map(|announced| TakenAnnouncement {
                key: announced.key.clone(),
                source: chosen.source,
                local_port: announced.local_port,
            });
        observer.take(name, taken);
    }
}

/// Whether a default or `optional` applies to missing names: not if the registry was not read, since it may have the name,
/// and not if a datastore is no text, since somebody set the name.
fn may_be_replaced(input: &ResolveInput, missing: &[Name]) -> bool {
    let is_unusable = |name: &Name| lookup::unusable(input, name).is_some();
    matches!(input.registry, RegistryState::Available(_)) && !missing.iter().any(is_unusable)
}

fn fillings_of<'a, O: Observer>(
    input: &ResolveInput<'a>,
    requirement: &'a Requirement,
    observer: &mut O,
) -> Result<Vec<Filling<'a>>, Vec<Name>> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for name in distinct(requirement.pattern.holes()) {
        match lookup::look_up(input, name) {
            Some(one) => found.push(one),
            None => missing.push(name.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    pairs::fillings(input, &found, &requirement.pick, observer)
        .map_err(|apart| apart.into_iter().cloned().collect())
}

fn join(input: &ResolveInput, requirement: &Requirement, fillings: &[Filling<'_>]) -> Filled {
    let read = matches!(input.registry, RegistryState::Available(_));
    let references: Vec<&Name> = distinct(requirement.pattern.holes());
    let of_name = |name| {
        let chosen = fillings.iter().filter_map(move |filling| filling.get(name));
        chosen.map(move |chosen| (name, chosen))
    };
    let chosen: Vec<(&Name, &ChosenValue)> = references.iter().copied().flat_map(of_name).collect();
    let ends_line = |value: &str| value.ends_with(['\n', '\r']);
    let announced = chosen
        .iter()
        .filter_map(|(name, chosen)| Some((*name, chosen.announced.as_ref()?)));
    Filled {
        expired: names(&chosen, |chosen| read && chosen.source == Source::LastKnown),
        line_breaks: names(&chosen, |chosen| {
            chosen.announced.is_none() && ends_line(&chosen.value)
        }),
        variable: Variable {
            value: value(requirement, fillings),
            // A pattern always has a reference.
            source: chosen
                .iter()
                .map(|(_, chosen)| chosen.source)
                .max()
                .unwrap_or(Source::Environment),
            keys: announced
                .clone()
                .filter(|(_, announced)| announced.local_port.is_none())
                .map(|(_, announced)| (announced.key.path(Kind::Provides), announced.revision))
                .collect(),
            providers: distinct(announced.clone().map(|(_, announced)| provider(announced))),
            local_ports: announced
                .filter_map(|(name, announced)| Some((name.clone(), announced.local_port?)))
                .collect(),
            references: references.into_iter().cloned().collect(),
        },
    }
}

/// The names with a chosen value of this kind.
fn names(chosen: &[(&Name, &ChosenValue)], is_meant: impl Fn(&ChosenValue) -> bool) -> Vec<Name> {
    let meant = chosen.iter().filter(|(_, chosen)| is_meant(chosen));
    let names = distinct(meant.map(|(name, _)| *name));
    names.into_iter().cloned().collect()
}

/// Who provides a value: `service@node`, or the pool of the local balancer.
fn provider(announced: &Announced<'_>) -> String {
    match announced.local_port {
        Some(port) => format!("local:{port}"),
        None => announced.key.provider(),
    }
}

/// The values of a requirement's fillings: a single reference is joined in its place, several are filled once for each
/// provider, and those texts are joined. Sorted, without duplicates.
fn value(requirement: &Requirement, fillings: &[Filling<'_>]) -> String {
    let pattern = &requirement.pattern;
    let filtered = |filling: &Filling<'_>, hole: &Hole| {
        let chosen = filling.get(&hole.name)?;
        Some(hole.filter.apply(&chosen.value))
    };
    let joined = |values: Vec<String>| {
        let values: BTreeSet<String> = values.into_iter().collect();
        let values: Vec<String> = values.into_iter().collect();
        values.join(requirement.pick.separator())
    };
    let filled = if pattern.holes().count() == 1 {
        pattern.fill(|hole| {
            Some(joined(
                fillings
                    .iter()
                    .filter_map(|filling| filtered(filling, hole))
                    .collect(),
            ))
        })
    } else {
        let filled = fillings
            .iter()
            .map(|filling| pattern.fill(|hole| filtered(filling, hole)));
        filled.collect::<Result<_, _>>().map(joined)
    };
    // Every filling has a value for every hole.
    filled.unwrap_or_default()
}

/// The items without repetitions, in order.
fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

fn plain(value: &str, source: Source) -> Variable {
    Variable {
        value: value.to_owned(),
        source,
        references: Vec::new(),
        keys: Vec::new(),
        providers: Vec::new(),
        local_ports: BTreeMap::new(),
    }
}
