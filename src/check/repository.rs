//! The services of a repository by federation, with what is provided there and by what.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    files::{AnnouncedNames, CheckedFiles},
    items::{Item, Items},
};
use crate::model::{
    configuration::Configuration, datastores::Datastores, id::Id, manifest::Manifest, name::Name,
    problem::Problems,
};

/// Everything that is checked together.
pub(super) struct Repository<'i> {
    pub(super) items: &'i Items<'i>,
    pub(super) federations: Vec<Federation<'i>>,
    /// Whether the datastores are known.
    pub(super) has_datastores: bool,
}

/// The services that can be in one federation.
pub(super) struct Federation<'i> {
    pub(super) id: Id,
    /// Whether anybody has named it.
    pub(super) is_named: bool,
    pub(super) items: Vec<&'i Item<'i>>,
    pub(super) providers: BTreeMap<&'i Name, Vec<&'i Item<'i>>>,
    pub(super) datastores: Datastores,
    pub(super) regions: Vec<Id>,
    /// What is announced now, with its region.
    pub(super) announced: BTreeSet<(Name, Id)>,
}

impl<'i> Repository<'i> {
    /// The services of these files.
    ///
    /// # Errors
    /// The problems of the datastores' file.
    pub(super) fn new(
        files: &CheckedFiles,
        items: &'i Items<'i>,
        announced: &AnnouncedNames,
    ) -> Result<Self, Problems> {
        let mut federations = Vec::new();
        for id in items.federations() {
            let datastores = datastores(files, items, &id)?;
            federations.push(Federation {
                announced: announced.get(&id).cloned().unwrap_or_default(),
                regions: regions(files, &datastores),
                datastores,
                ..Federation::of(files, items, id)
            });
        }
        Ok(Self {
            items,
            federations,
            has_datastores: files.datastores.is_some(),
        })
    }

    /// The services that provide a name in other federations than this one, each with its federation.
    pub(super) fn elsewhere(
        &self,
        federation: &Federation<'i>,
        name: &Name,
    ) -> Vec<(&Federation<'i>, &'i Item<'i>)> {
        let others = self
            .federations
            .iter()
            .filter(|other| other.id != federation.id);
        let of = |other: &Federation<'i>| other.providers.get(name).cloned().unwrap_or_default();
        let found = others.flat_map(|other| of(other).into_iter().map(move |item| (other, item)));
        found.collect()
    }
}

impl<'i> Federation<'i> {
    fn of(files: &CheckedFiles, items: &'i Items<'i>, id: Id) -> Self {
        let is_home = items.homes.contains(&id);
        let is_in = |item: &&Item| {
            let Manifest {
                follows_node,
                federation,
                ..
            } = &item.manifest;
            if *follows_node {
                is_home
            } else {
                *federation == id
            }
        };
        let own: Vec<&Item> = items.good.iter().filter(is_in).collect();
        let mut providers: BTreeMap<&Name, Vec<&Item>> = BTreeMap::new();
        for item in &own {
            for name in item.manifest.provides.keys() {
                providers.entry(name).or_default().push(item);
            }
        }
        let is_named_by_item = |item: &&Item| !item.manifest.follows_node;
        Self {
            is_named: !files.federations.is_empty()
                || own.iter().any(is_named_by_item)
                || id != Id::default_scope(),
            id,
            items: own,
            providers,
            datastores: Datastores::default(),
            regions: Vec::new(),
            announced: BTreeSet::new(),
        }
    }

    /// The known names that one may have meant: those that are provided, and the datastores.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let stored = self.datastores.regions.values();
        let stored = stored
            .chain([&self.datastores.common])
            .flat_map(BTreeMap::keys);
        let provided = self.providers.keys().copied();
        stored.chain(provided).map(Name::as_str)
    }

    /// How messages name one of its regions; nothing where there is only the nameless one.
    pub(super) fn scope(&self, region: &Id) -> String {
        let federation = self.is_named.then(|| format!("federation `{}`", self.id));
        let is_one = self.regions.len() == 1 && *region == Id::default_scope();
        let region = (!is_one).then(|| format!("region `{region}`"));
        let parts: Vec<String> = federation.into_iter().chain(region).collect();
        parts.join(", ")
    }
}

/// The datastores of a federation. Those at the top belong to a node's own.
fn datastores(
    files: &CheckedFiles,
    items: &Items<'_>,
    federation: &Id,
) -> Result<Datastores, Problems> {
    let Some(file) = &files.datastores else {
        return Ok(Datastores::default());
    };
    let is_home = items.homes.contains(federation);
    let home = if is_home { federation } else { &items.homes[0] };
    let mut all = Configuration::parse(&file.path, &file.text, home)?;
    Ok(all.datastores.remove(federation).unwrap_or_default())
}

/// The regions that are given, else those of the datastores, else that of the node, else a nameless one.
fn regions(files: &CheckedFiles, datastores: &Datastores) -> Vec<Id> {
    if !files.regions.is_empty() {
        return files.regions.clone();
    }
    let settings = files.settings();
    if let Some(settings) = settings.filter(|_| files.is_node || datastores.regions.is_empty()) {
        return vec![settings.region.clone()];
    }
    if datastores.regions.is_empty() {
        return vec![Id::default_scope()];
    }
    datastores.regions.keys().cloned().collect()
}
