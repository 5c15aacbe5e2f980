//! The shape of a file: what of it only a reload can change.

use sha2::{Digest, Sha256};

use super::{Certificate, words};

/// Stands for the shape until it is known.
pub(super) const PLACEHOLDER: &str = "\u{1}shape of reconf\u{1}";

/// What stands before the shape in `global`'s description.
pub(super) const DESCRIPTION: &str = "reconf";

/// The first 16 digits of SHA-256 over a file without its `server` lines and the line that says the shape, and over the
/// certificates that it names.
pub(super) fn of(text: &str, certificates: &[Certificate]) -> String {
    let mut hash = Sha256::new();
    for line in text.split_inclusive('\n') {
        if !is_server(line) && !says_shape(line) {
            hash.update(line);
        }
    }
    for certificate in certificates {
        let Certificate {
            path,
            size,
            modified,
        } = certificate;
        hash.update(format!("\n{} {size} {modified}", path.display()));
    }
    hex(hash)
}

/// The first 16 digits of SHA-256 over some parts.
pub(super) fn digits(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    let mut digits = format!("{:x}", hash.finalize());
    digits.truncate(16);
    digits
}

fn is_server(line: &str) -> bool {
    let rest = line.trim_start().strip_prefix("server");
    rest.is_some_and(|rest| rest.starts_with([' ', '\t']))
}

fn says_shape(line: &str) -> bool {
    line.contains(PLACEHOLDER)
        && words::split(line)
            .first()
            .is_some_and(|w| w == "description")
}
