//! The digest of a conf, by which root knows whether the conf's owner has changed what `render` wrote (section 7).

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of the bytes of a conf, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ConfDigest(String);

impl ConfDigest {
    /// The digest of a conf.
    pub(crate) fn of(conf: &[u8]) -> Self {
        let mut digits = String::new();
        for byte in Sha256::digest(conf) {
            // A string takes whatever is written to it.
            let _always_written = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_sha256sum() {
        for (conf, digits) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            assert_eq!(ConfDigest::of(conf.as_bytes()).0, digits);
        }
    }
}
