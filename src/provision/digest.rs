//! Digests of environments, to compare what a service runs with and what it would run with without keeping values.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::model::environment::Environment;

/// The digest of all names and values of an environment.
pub(crate) type Digest = [u8; 32];

/// The digest of an environment.
pub(crate) fn of_environment(environment: &Environment) -> Digest {
    let pairs = environment.iter();
    digest(pairs.map(|(name, variable)| (name.as_str(), variable.value.as_bytes())))
}

/// The digest of the variables of a conf: equal to that of the environment from which the conf was rendered.
pub(crate) fn of_variables(variables: &BTreeMap<String, Vec<u8>>) -> Digest {
    let pairs = variables.iter();
    digest(pairs.map(|(name, value)| (name.as_str(), value.as_slice())))
}

/// Names and values contain no NUL, so it separates them.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::environment;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn an_environment_and_its_conf_have_one_digest_whatever_their_order() {
        let cases: [&[(&str, &str)]; 3] =
            [&[], &[("A", "1")], &[("B", "2"), ("A", "1"), ("C", "")]];
        for pairs in cases {
            let reversed: Vec<_> = pairs.iter().rev().copied().collect();
            let expected = of_environment(&environment(pairs));
            assert_eq!(of_variables(&variables(pairs)), expected, "{pairs:?}");
            assert_eq!(of_variables(&variables(&reversed)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn environments_that_differ_anywhere_have_different_digests() {
        let cases: [&[(&str, &str)]; 6] = [
            &[],
            &[("A", "")],
            &[("A", "1")],
            &[("A", "1B2")],
            &[("A", "1"), ("B", "2")],
            &[("A", "1"), ("B", "")],
        ];
        for (at, one) in cases.iter().enumerate() {
            for other in &cases[at + 1..] {
                let digests = [one, other].map(|pairs| of_environment(&environment(pairs)));
                assert_ne!(digests[0], digests[1], "{one:?} {other:?}");
            }
        }
    }
}
