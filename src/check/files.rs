//! The files that are checked together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    format::Format, id::Id, name::Name, problem::Problems, settings::Settings,
    source_file::SourceFile,
};

/// A file that should be the manifest of a service.
#[derive(Clone, Debug)]
pub(crate) struct ManifestFile {
    /// The service, by the file's name.
    pub id: Id,
    /// The file.
    pub file: SourceFile,
}

/// The files of one check.
#[derive(Debug, Default)]
pub(crate) struct CheckedFiles {
    /// The manifests, in the order of their services.
    pub manifests: Vec<ManifestFile>,
    /// Files that should be manifests and are not named after a service.
    pub unnamed: Vec<SourceFile>,
    /// `configuration.json`, if it is given.
    pub datastores: Option<SourceFile>,
    /// `config.json`, if it is given.
    pub config: CheckedConfig,
    /// The federations of nodes; none: that of `config`, or a nameless one.
    pub federations: Vec<Id>,
    /// The regions of nodes; none: those of the datastores.
    pub regions: Vec<Id>,
    /// Whether these are the files of one node, and not of a repository for many.
    pub is_node: bool,
    /// What formats cannot carry.
    pub refuses: FormatRule,
}

/// Why formats cannot carry the value of a variable, a clause each: the rule of `render`, which this room does not know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormatRule(pub(crate) fn(&Name, &str, &[Format]) -> Vec<String>);

impl Default for FormatRule {
    /// Everything can be carried.
    fn default() -> Self {
        Self(|_, _, _| Vec::new())
    }
}

/// What is announced: names with their regions, by federation.
pub(crate) type AnnouncedNames = BTreeMap<Id, BTreeSet<(Name, Id)>>;

/// What is known of `config.json`.
#[derive(Debug, Default)]
pub(crate) enum CheckedConfig {
    /// It is not given.
    #[default]
    NotGiven,
    /// It is bad.
    Bad(Problems),
    /// It says this.
    Good(Box<Settings>),
}

impl CheckedFiles {
    /// What `config.json` says, if it is given and good.
    pub(super) fn settings(&self) -> Option<&Settings> {
        match &self.config {
            CheckedConfig::Good(settings) => Some(settings),
            CheckedConfig::NotGiven | CheckedConfig::Bad(_) => None,
        }
    }
}
