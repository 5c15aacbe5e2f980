//! The shape of a file: what of it only a reload can change.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{
    Certificate,
    parse::{Position, SAID_BY, server},
    words,
};

/// Stands for the shape until it is known.
pub(super) const PLACEHOLDER: &str = "\u{1}shape\u{1}";

/// The first 16 digits of SHA-256 over a file without the `server` lines of some pools and the line that says the shape, and
/// over the certificates that it names. Words of those lines that a template adds (`weight 2`) count, wherever they stand: the
/// socket is not told them.
pub(super) fn of(text: &str, pools: &BTreeSet<&str>, certificates: &[Certificate]) -> String {
    let mut hash = Sha256::new();
    let mut place = Position::Other;
    let mut further = BTreeSet::new();
    for line in text.split_inclusive('\n') {
        let words = words::split(line);
        if let Some(next) = Position::begins(&words) {
            place = next;
        }
        match server(&words) {
            Some((_, server)) if place.is_pool(pools) => {
                further.insert(server.words);
            }
            _ if place == Position::Global && says_shape(&words) => {}
            _ => hash.update(line),
        }
    }
    for words in further.iter().filter(|words| !words.is_empty()) {
        hash.update(format!("server {}\n", words.join(" ")));
    }
    for Certificate {
        path,
        size,
        modified,
    } in certificates
    {
        hash.update(format!("{} {size} {modified}\n", path.display()));
    }
    digits(hash)
}

/// The first 16 digits of SHA-256 over some bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    digits(Sha256::new_with_prefix(bytes))
}

fn digits(hash: Sha256) -> String {
    let mut digits = format!("{:x}", hash.finalize());
    digits.truncate(16);
    digits
}

fn says_shape(words: &[String]) -> bool {
    matches!(words, [key, by, shape] if key == "description" && by == SAID_BY && shape == PLACEHOLDER)
}
