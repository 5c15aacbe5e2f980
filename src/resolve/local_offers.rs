//! What the manifests on this node announce, whether the registry has it or not.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    announcement::Announcement, facts::Facts, id::Id, key::Key, manifest::Manifest, name::Name,
    offer::offers,
};

/// The offers of this node's services. They replace what the registry has of these services, so that services of one node
/// can use each other from the first converge on, and announcing them changes no environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalOffers {
    offers: BTreeMap<Key, Announcement>,
    services: BTreeSet<(Id, Id, Id)>,
    previous: BTreeSet<Key>,
}

impl LocalOffers {
    /// The offers of these manifests, which exclude those of held services.
    pub(crate) fn new<'a>(
        manifests: impl IntoIterator<Item = &'a Manifest>,
        facts: &Facts,
    ) -> Self {
        let mut local = Self::default();
        for manifest in manifests {
            let identity = (&manifest.federation, &manifest.id, &facts.node);
            local
                .services
                .insert((identity.0.clone(), identity.1.clone(), identity.2.clone()));
            local.offers.extend(offers(manifest, facts, ""));
        }
        local
    }

    /// Adds the keys that these services announced before. The next announce withdraws those that they no longer offer, such
    /// as keys of an earlier node name.
    #[must_use]
    pub(crate) fn with_previous(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.previous.extend(keys);
        self
    }

    /// The offers of a name in a region.
    pub(super) fn of<'a>(
        &'a self,
        federation: &'a Id,
        region: &'a Id,
        name: &'a Name,
    ) -> impl Iterator<Item = (&'a Key, &'a Announcement)> {
        self.offers.iter().filter(move |(key, _)| {
            key.federation == *federation && key.region == *region && key.name == *name
        })
    }

    /// Whether a service of this node owns the key: then only its offers count, not what the registry has.
    pub(crate) fn owns(&self, key: &Key) -> bool {
        let identity = (
            key.federation.clone(),
            key.service.clone(),
            key.node.clone(),
        );
        self.services.contains(&identity) || self.previous.contains(key)
    }

    /// The keys of all offers.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.offers.keys()
    }
}
