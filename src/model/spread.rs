//! Rendezvous hashing (Thaler and Ravishankar 1998): each consumer takes the provider with the highest score for it, so
//! consumers spread evenly, and adding or removing a provider affects only the provider's own share.

use sha2::{Digest, Sha256};

use super::{id::Id, key::Key};

/// The score of a provider for a consumer's node; the same on every machine and in every version (section 6).
pub(crate) fn score(consumer: &Id, provider: &Key) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"reconf-spread-v1\0");
    hash.update(consumer.as_str());
    hash.update(b"\0");
    hash.update(format!("{}/{}", provider.region, provider.provider()));
    let digest = hash.finalize();
    digest[..8]
        .iter()
        .fold(0, |score, byte| score << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{key::Kind, name::Name};

    #[test]
    fn the_scores_are_those_of_the_contract() {
        let key = |node: &str| Key {
            federation: Id::default_scope(),
            name: Name::parse("API_URL").unwrap(),
            region: Id::default_scope(),
            service: Id::parse("api").unwrap(),
            node: Id::parse(node).unwrap(),
        };
        let best = |consumer: &str| {
            let consumer = Id::parse(consumer).unwrap();
            let nodes = ["api01", "api02", "api03"];
            let winner = nodes
                .map(key)
                .into_iter()
                .max_by_key(|k| score(&consumer, k));
            let winner = winner.unwrap();
            (winner.node.to_string(), score(&consumer, &winner))
        };
        assert_eq!(best("web01"), ("api03".to_owned(), 0xbb3b_02de_06d5_f3d1));
        assert_eq!(best("web02").0, "api02");
        assert_eq!(best("web03"), ("api01".to_owned(), 0xd108_efe2_9057_ff44));
        assert!(key("api01").path(Kind::Provides).ends_with("api@api01"));
    }
}
