//! What a picture is drawn from: the registry at one revision of each federation, or the manifests of a repository.

use std::path::Path;

use super::check::{CheckSources, ITEMS, read};
use crate::{
    edge::files,
    fleet::used_announcements,
    graph::{AnnouncementUse, Picture, of_manifests, of_registry as draw},
    model::{
        key::{self, Kind},
        manifest::Manifest,
        snapshot::Snapshot,
    },
    node::{AssumedFiles, Node},
    operations::read_set::ReadSet,
    report::{Code, Failure, unreadable},
};

/// Draws the federations of this node as the registry knows them; returns the picture, and warnings of records that cannot be
/// read.
pub(crate) fn of_registry(node: &Node) -> Result<(Picture, Vec<String>), Failure> {
    let mut reads = ReadSet::default();
    for federation in &node.settings.federations {
        for kind in [Kind::Provides, Kind::Withdrawn] {
            reads.records(federation, &[], kind);
        }
        reads.prefix(federation, key::applied_prefix(federation));
    }
    let snapshots = reads.read(&mut node.session());
    let (mut federations, mut warnings) = (Vec::new(), Vec::new());
    let nothing = Snapshot::default();
    for federation in &node.settings.federations {
        let snapshot = snapshots.of(federation).required()?.unwrap_or(&nothing);
        let entries = snapshot.unreadable.iter();
        warnings.extend(unreadable(entries.map(|(key, entry)| (key, entry.why))));
        let uses = used_announcements(federation, snapshot).into_iter();
        let uses = uses.map(|(node, service, key)| AnnouncementUse { node, service, key });
        federations.push(draw(federation, snapshot, &uses.collect::<Vec<_>>()));
    }
    let source = if node.settings.is_registry_of_this_machine() {
        "registry of this machine only"
    } else {
        "registry"
    };
    let picture = Picture {
        source: source.to_owned(),
        federations,
    };
    Ok((picture, warnings))
}

/// Draws the manifests of a repository, of which those without a federation belong to the node's; returns the picture, and
/// warnings of files that are none.
pub(crate) fn of_repository(node: &Node, path: &Path) -> Result<(Picture, Vec<String>), Failure> {
    let items = path.join(ITEMS);
    let paths = [if files::is_folder(&items) {
        items
    } else {
        path.to_path_buf()
    }];
    let sources = CheckSources {
        paths: &paths,
        config: None,
        datastores: None,
        is_assumed: false,
    };
    let texts = read(&sources, &AssumedFiles::default())?;
    let unnamed = texts.unnamed.iter().map(|file| {
        let path = &file.path;
        format!("`{path}` is not named after an id: it is ignored")
    });
    let mut manifests = Vec::new();
    for manifest in &texts.manifests {
        let (file, home) = (&manifest.file, &node.settings.federation);
        let parsed = Manifest::parse(&file.path, &file.text, &manifest.id, home);
        manifests.push(parsed.map_err(|problems| {
            Failure::problems(Code::Data, &problems)
                .hint("`reconf check` says everything that is wrong with a repository")
        })?);
    }
    let picture = Picture {
        source: format!("repository {}", path.display()),
        federations: of_manifests(&manifests),
    };
    Ok((picture, unnamed.collect()))
}
