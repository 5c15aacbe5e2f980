//! The files that are checked together.

use crate::model::{id::Id, problem::Problems, settings::Settings, source_file::SourceFile};

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
    /// Whether these are the files of one node, and not of a repository for many.
    pub is_node: bool,
}

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
