//! `--assume`: contents that replace files on the disk, for commands that write nothing.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    edge::files,
    model::id::Id,
    report::{Code, Failure},
};

/// Contents by path; `None` for a file that is assumed to be absent.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssumedFiles {
    files: BTreeMap<PathBuf, Option<String>>,
}

impl AssumedFiles {
    /// Reads the JSON object of paths and contents that `--assume` names.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = files::read_text(path)
            .map_err(|error| Failure::reading(error, Code::Data))?
            .ok_or_else(|| {
                let message = format!("there is no `{shown}`");
                Failure::new(Code::NoInput, message).hint("`--assume` names it")
            })?;
        // serde_json may quote a value, and values are secrets.
        let files = serde_json::from_str(&text).map_err(|error| {
            let message = format!("`{shown}` is not a JSON object of paths and contents");
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::new(Code::Usage, message).facts([place])
        })?;
        Ok(Self { files })
    }

    /// A text file, as [`files::read_trusted_text`] reads it; `None` if it is absent, or assumed to be.
    pub(crate) fn read(&self, path: &Path, bad: Code) -> Result<Option<String>, Failure> {
        match self.files.get(path) {
            Some(assumed) => Ok(assumed.clone()),
            None => files::read_trusted_text(path).map_err(|error| Failure::reading(error, bad)),
        }
    }

    /// A text file that the caller names for this call, in whosever hands it is; `None` if it is absent, or assumed to be.
    pub(crate) fn read_named(&self, path: &Path, bad: Code) -> Result<Option<String>, Failure> {
        match self.files.get(path) {
            Some(assumed) => Ok(assumed.clone()),
            None => files::read_text(path).map_err(|error| Failure::reading(error, bad)),
        }
    }

    /// A regular file that was found in a folder that the caller names; `None` if it is absent, or assumed to be.
    pub(crate) fn read_found(&self, path: &Path, bad: Code) -> Result<Option<String>, Failure> {
        match self.files.get(path) {
            Some(assumed) => Ok(assumed.clone()),
            None => files::read_found_text(path).map_err(|error| Failure::reading(error, bad)),
        }
    }

    /// The files that are assumed to be there, with their contents.
    pub(crate) fn present(&self) -> impl Iterator<Item = (&Path, &str)> {
        let files = self.files.iter();
        files.filter_map(|(path, content)| Some((path.as_path(), content.as_deref()?)))
    }

    /// The services with a manifest in `folder`, where these are found on the disk.
    pub(crate) fn ids(&self, folder: &Path, found: Vec<Id>) -> Vec<Id> {
        let manifest = |id: &Id| folder.join(format!("{id}.json"));
        let stays = |id: &Id| !matches!(self.files.get(&manifest(id)), Some(None));
        let mut ids: Vec<Id> = found.into_iter().filter(stays).collect();
        for (path, content) in &self.files {
            let id = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(Ok(id)) = id.map(Id::parse)
                && content.is_some()
                && *path == manifest(&id)
            {
                ids.push(id);
            }
        }
        ids.sort();
        ids.dedup();
        ids
    }
}
