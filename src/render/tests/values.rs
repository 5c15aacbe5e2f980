//! Environments of hostile values.

use std::collections::BTreeMap;

use super::reader::ReadPairs;
use crate::{
    harness::values,
    model::{
        environment::{Environment, Source, Variable},
        name::Name,
    },
};

/// A variable of each value, as if a manifest had written it.
pub(super) fn environment(named: impl IntoIterator<Item = (String, String)>) -> Environment {
    let variable = |value| Variable {
        value,
        source: Source::Environment,
        references: Vec::new(),
        keys: Vec::new(),
        providers: Vec::new(),
        local_ports: BTreeMap::new(),
    };
    named
        .into_iter()
        .map(|(name, value)| (Name::parse(&name).expect("a name"), variable(value)))
        .collect()
}

/// So many random values.
pub(super) fn random(count: usize) -> Environment {
    let named = values::random(count).into_iter().enumerate();
    environment(named.map(|(number, value)| (format!("V{number}"), value)))
}

/// Name and bytes of each variable.
pub(super) fn pairs(environment: &Environment) -> ReadPairs {
    let pair = |(name, variable): (&Name, &Variable)| {
        (name.to_string(), variable.value.clone().into_bytes())
    };
    environment.iter().map(pair).collect()
}
