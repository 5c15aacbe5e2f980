//! Environments for the unit tests of this layer.

use crate::model::{
    environment::{Environment, Source, Variable},
    name::Name,
};

/// An environment of these names and values.
pub(super) fn environment(pairs: &[(&str, &str)]) -> Environment {
    let variable = |value: &str| Variable {
        value: value.to_owned(),
        source: Source::Environment,
        references: Vec::new(),
        keys: Vec::new(),
        providers: Vec::new(),
    };
    let entry = |(name, value): &(&str, &str)| (Name::parse(name).unwrap(), variable(value));
    pairs.iter().map(entry).collect()
}
