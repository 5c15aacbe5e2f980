//! Reads what a check is about: files that are named, files that are assumed, and with `--live` the registry. Reads no file of
//! this node.

use std::path::{Path, PathBuf};

use crate::{
    check::{AnnouncedNames, ManifestFile},
    edge::files,
    model::{id::Id, key::Kind, source_file::SourceFile},
    node::{AssumedFiles, Node},
    operations::read_set::ReadSet,
    report::{Code, Failure},
};

/// Where data bag items are in a Chef repository.
pub(crate) const ITEMS: &str = "data_bags/service";

/// The folder of a node in which its manifests are.
const MANIFESTS: &str = "services";

/// What the caller names.
pub(crate) struct CheckSources<'a> {
    /// Manifests, and folders of them.
    pub paths: &'a [PathBuf],
    /// `config.json`.
    pub config: Option<&'a Path>,
    /// `configuration.json`.
    pub datastores: Option<&'a Path>,
    /// Whether files are assumed: then nothing is checked by default.
    pub is_assumed: bool,
}

/// The files that were read.
#[derive(Default)]
pub(crate) struct CheckTexts {
    /// The manifests, in the order of their services.
    pub manifests: Vec<ManifestFile>,
    /// Files that are not named after a service.
    pub unnamed: Vec<SourceFile>,
    /// `config.json`.
    pub config: Option<SourceFile>,
    /// `configuration.json`.
    pub datastores: Option<SourceFile>,
    /// Assumed files that are none of these.
    pub ignored: Vec<PathBuf>,
}

/// Reads the files of a check.
pub(crate) fn read(
    sources: &CheckSources<'_>,
    assumed: &AssumedFiles,
) -> Result<CheckTexts, Failure> {
    let mut texts = CheckTexts::default();
    for path in manifest_paths(sources)? {
        let text = if sources.paths.contains(&path) {
            required(assumed, &path, "name a manifest, or a folder of them")?
        } else {
            found(assumed, &path)?
        };
        texts.add_manifest(&path, text);
    }
    if let Some(path) = sources.config {
        texts.config = Some(source(
            path,
            required(assumed, path, "`--config` names it")?,
        ));
    }
    if let Some(path) = sources.datastores {
        texts.datastores = Some(secrets(
            path,
            required(assumed, path, "`--datastores` names it")?,
        ));
    }
    for (path, text) in assumed.present() {
        texts.add_assumed(sources, path, text);
    }
    texts.manifests.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(texts)
}

/// What is announced in these federations now.
pub(crate) fn read_announced(node: &Node, federations: &[Id]) -> Result<AnnouncedNames, Failure> {
    let mut reads = ReadSet::default();
    for federation in federations {
        reads.records(federation, &[], Kind::Provides);
    }
    let snapshots = reads.read(&mut node.session());
    let of = |federation: &Id| {
        let snapshot = snapshots.of(federation).required()?;
        let live = snapshot
            .into_iter()
            .flat_map(|snapshot| snapshot.live.keys());
        let names = live.map(|key| (key.name.clone(), key.region.clone()));
        Ok((federation.clone(), names.collect()))
    };
    federations.iter().map(of).collect()
}

/// The manifests that the caller names, or those of the repository in the working folder.
fn manifest_paths(sources: &CheckSources<'_>) -> Result<Vec<PathBuf>, Failure> {
    let by_default = [PathBuf::from(ITEMS)];
    let given = match sources.paths {
        [] if sources.is_assumed => &[],
        [] => &by_default[..],
        given => given,
    };
    let mut paths = Vec::new();
    for path in given {
        if files::is_folder(path) {
            paths.extend(manifests_in(path)?);
        } else {
            paths.push(path.clone());
        }
    }
    Ok(paths)
}

fn manifests_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let names = files::list_names(folder, "json")?;
    if names.is_empty() {
        let message = format!("there is no manifest in `{}`", folder.display());
        return Err(Failure::new(Code::NoInput, message)
            .hint("manifests are named `<id>.json`, as data bag items are"));
    }
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

/// A file that the caller names. `hint` is the next step where there is none.
fn required(assumed: &AssumedFiles, path: &Path, hint: &str) -> Result<String, Failure> {
    let text = assumed.read_named(path, Code::Data)?;
    text.ok_or_else(|| missing(path).hint(hint))
}

/// A manifest that its folder lists, or the folder of items that is not there.
fn found(assumed: &AssumedFiles, path: &Path) -> Result<String, Failure> {
    let text = assumed.read_found(path, Code::Data)?;
    let is_default = path == Path::new(ITEMS);
    text.ok_or_else(|| match missing(path) {
        failure if is_default => {
            failure.hint("name the items: `reconf check PATH`, or run it in a Chef repository")
        }
        failure => failure,
    })
}

fn missing(path: &Path) -> Failure {
    Failure::new(Code::NoInput, format!("there is no `{}`", path.display()))
}

fn source(path: &Path, text: String) -> SourceFile {
    SourceFile::new(path.display().to_string(), text)
}

fn secrets(path: &Path, text: String) -> SourceFile {
    SourceFile::of_secrets(path.display().to_string(), text)
}

impl CheckTexts {
    fn add_manifest(&mut self, path: &Path, text: String) {
        let file = source(path, text);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".json").unwrap_or(&name);
        match Id::parse(stem) {
            Ok(id) => self.manifests.push(ManifestFile { id, file }),
            Err(_) => self.unnamed.push(file),
        }
    }

    /// Adds an assumed file that the caller has not named: what it is, its name says.
    fn add_assumed(&mut self, sources: &CheckSources<'_>, path: &Path, text: &str) {
        let given = sources.paths.iter().map(PathBuf::as_path);
        let mut given = given.chain(sources.config).chain(sources.datastores);
        if given.any(|given| given == path) {
            return;
        }
        let folder = path.parent().and_then(Path::file_name);
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = text.to_owned();
        match &name[..] {
            _ if is_json && folder.is_some_and(|name| name == MANIFESTS) => {
                self.add_manifest(path, text);
            }
            "config.json" => self.config = Some(source(path, text)),
            "configuration.json" => self.datastores = Some(secrets(path, text)),
            _ => self.ignored.push(path.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
