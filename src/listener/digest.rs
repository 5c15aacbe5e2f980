//! What a service runs with, and would run with, as digests that can be compared.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::{
    edge::files,
    model::{environment::Environment, id::Id},
    node::Node,
    provision::Digest,
    render::shell,
};

/// A conf that cannot be read counts as none.
pub(super) fn applied(node: &Node, id: &Id) -> Option<Vec<u8>> {
    files::read_own(&node.paths.applied(id)).ok().flatten()
}

/// The digest of a conf; nothing of one that `exec` would refuse.
pub(super) fn of_conf(conf: &[u8]) -> Option<Digest> {
    let pairs: BTreeMap<String, Vec<u8>> = shell::parse(conf).ok()?.into_iter().collect();
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()));
    Some(digest(pairs))
}

/// The digest of the conf that an environment would become.
pub(super) fn of_environment(environment: &Environment) -> Digest {
    let pairs = environment.iter();
    digest(pairs.map(|(name, variable)| (name.as_str(), variable.value.as_bytes())))
}

/// No value holds a NUL.
fn digest<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Digest {
    let mut hash = Sha256::new();
    for (name, value) in pairs {
        hash.update(name);
        hash.update(b"\0");
        hash.update(value);
        hash.update(b"\0");
    }
    hash.finalize().into()
}
