//! The manifests of a check, parsed: each item by itself.

use std::collections::BTreeSet;

use super::{
    diagnostic::{CheckRule, Diagnostic},
    files::{CheckedConfig, CheckedFiles, ManifestFile},
};
use crate::model::{
    id::Id,
    manifest::{Manifest, is_encrypted_item},
    source_file::SourceFile,
};

/// A manifest and its file.
#[derive(Debug)]
pub(crate) struct Item<'f> {
    pub(super) file: &'f SourceFile,
    pub(super) manifest: Manifest,
}

/// The manifests of a check.
#[derive(Debug)]
pub(crate) struct Items<'f> {
    /// Those that are good.
    pub(super) good: Vec<Item<'f>>,
    /// Those that are bad; what they require and provide is not known.
    pub(super) bad: Vec<&'f ManifestFile>,
    /// Those that are encrypted.
    pub(super) encrypted: Vec<&'f ManifestFile>,
    /// The federations of nodes, by which manifests that name none are checked.
    pub(super) homes: Vec<Id>,
    /// What is wrong with the manifests themselves.
    pub(super) found: Vec<Diagnostic>,
}

impl<'f> Items<'f> {
    /// Parses the manifests of these files.
    pub(crate) fn parse(files: &'f CheckedFiles) -> Self {
        let homes = homes(files);
        let mut items = Self {
            good: Vec::new(),
            bad: Vec::new(),
            encrypted: Vec::new(),
            found: unnamed(files),
            homes,
        };
        let home = items.homes[0].clone();
        for manifest in &files.manifests {
            items.add(manifest, &home);
        }
        items
    }

    fn add(&mut self, manifest: &'f ManifestFile, home: &Id) {
        let ManifestFile { id, file } = manifest;
        match Manifest::parse(&file.path, &file.text, id, home) {
            Ok(manifest) => self.good.push(Item { file, manifest }),
            Err(problems) => {
                let found = Diagnostic::of_problems(CheckRule::Manifest, Some(id), &problems);
                self.found.extend(found);
                if is_encrypted_item(&file.text) {
                    self.encrypted.push(manifest);
                } else {
                    self.bad.push(manifest);
                }
            }
        }
    }

    /// Every federation that is checked: those of nodes, and those that manifests name.
    pub(crate) fn federations(&self) -> Vec<Id> {
        let mut all = self.homes.clone();
        let named: BTreeSet<&Id> = self
            .good
            .iter()
            .map(|item| &item.manifest.federation)
            .collect();
        let others = named.into_iter().filter(|id| !self.homes.contains(id));
        all.extend(others.cloned().collect::<Vec<_>>());
        all
    }
}

/// At least one.
fn homes(files: &CheckedFiles) -> Vec<Id> {
    if !files.federations.is_empty() {
        return files.federations.clone();
    }
    let settings = match &files.config {
        CheckedConfig::Good(settings) => Some(settings),
        CheckedConfig::NotGiven | CheckedConfig::Bad(_) => None,
    };
    vec![settings.map_or_else(Id::default_scope, |settings| settings.federation.clone())]
}

/// The files that no service's name can find.
fn unnamed(files: &CheckedFiles) -> Vec<Diagnostic> {
    let diagnostic = |file: &SourceFile| {
        let message = "the file is not named after an id".to_owned();
        Diagnostic::error(CheckRule::Manifest, file.place(0), message).hint(
            "name it `<id>.json`; an id is 1 to 200 of `A-Z a-z 0-9 . _ -`, with no leading `.`",
        )
    };
    files.unnamed.iter().map(diagnostic).collect()
}
