//! What the manifests on this node would announce themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    announcement::Announcement, facts::Facts, id::Id, key::Key, manifest::Manifest, offer::offers,
};

/// What the services of this node stand for by themselves, whatever the registry says of them: so that services of
/// one node may need each other from the first converge, and announcing changes nobody's choice.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalOffers {
    offers: BTreeMap<Key, Announcement>,
    services: BTreeSet<(Id, Id, Id)>,
    before: BTreeSet<Key>,
}

impl LocalOffers {
    /// The offers of these manifests; held services are not among them.
    pub(crate) fn new<'a>(
        manifests: impl IntoIterator<Item = &'a Manifest>,
        facts: &Facts,
    ) -> Self {
        let mut own = Self::default();
        for manifest in manifests {
            let identity = (&manifest.federation, &manifest.id, &facts.node);
            own.services
                .insert((identity.0.clone(), identity.1.clone(), identity.2.clone()));
            own.offers.extend(offers(manifest, facts, ""));
        }
        own
    }

    /// The same with what these services announced before: the next announce takes back what they no longer offer, such
    /// as what they offered under another node name.
    #[must_use]
    pub(crate) fn with_previous(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.before.extend(keys);
        self
    }

    /// The offers of a name in a region.
    pub(super) fn of<'a>(
        &'a self,
        federation: &'a Id,
        region: &'a Id,
        name: &'a crate::model::name::Name,
    ) -> impl Iterator<Item = (&'a Key, &'a Announcement)> {
        self.offers.iter().filter(move |(key, _)| {
            key.federation == *federation && key.region == *region && key.name == *name
        })
    }

    /// Whether this node speaks for the key: then only its offers count, not what the registry still has.
    pub(crate) fn owns(&self, key: &Key) -> bool {
        let identity = (
            key.federation.clone(),
            key.service.clone(),
            key.node.clone(),
        );
        self.services.contains(&identity) || self.before.contains(key)
    }

    /// Every offer, for catalogues of names.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.offers.keys()
    }
}
