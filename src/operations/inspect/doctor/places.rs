//! Folders and files: modes, owners, and room.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::rules;
use crate::{
    edge::{files, free_space, registry},
    model::{paths::Paths, settings::Location},
    node::{Node, manifests, states},
    report::Diagnosis,
};

/// Whom a place may be open to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenTo {
    /// Its owner alone.
    Owner,
    /// Others may look, and nobody but its owner and group may write.
    Readers,
    /// Others may look, and have to get through.
    Users,
    /// It holds secrets that its group may read.
    Group,
}

pub(super) fn look(node: &Node) -> Vec<Diagnosis> {
    let mut rows: Vec<Diagnosis> = Vec::new();
    let obstructed = obstructed_folders(node);
    let mut all = 0;
    let mut places = places(node);
    places.retain(|(path, _)| !obstructed.contains(path));
    for (path, open_to) in places {
        match files::look(&path) {
            Ok(None) => {}
            Ok(Some(seen)) => {
                all += 1;
                rows.extend(judge(&path, seen.access.mode, open_to));
                rows.extend(owner(node, &path, seen.access.owner));
            }
            Err(error) => rows.push(Diagnosis::unknown("modes", error.to_string())),
        }
    }
    if rows.is_empty() {
        let found = format!("of {all} folders and files, as they should be");
        rows.push(Diagnosis::ok("modes", found));
    }
    rows.extend(obstructed.iter().map(|path| {
        let found = format!("{}: it is no folder", path.display());
        Diagnosis::fault("files", found, "move it away: reconf makes a folder there")
    }));
    rows.extend(obstructions(node));
    rows.extend(room(node));
    rows
}

/// Every folder and file whose mode matters.
fn places(node: &Node) -> Vec<(PathBuf, OpenTo)> {
    let paths = &node.paths;
    let mut places = vec![
        (node.settings.config.clone(), OpenTo::Readers),
        (paths.configuration(), OpenTo::Group),
        (paths.manifests(), OpenTo::Readers),
        (paths.templates(), OpenTo::Readers),
        (paths.confs().to_owned(), OpenTo::Users),
        (paths.state(), OpenTo::Users),
        (paths.tasks(), OpenTo::Users),
    ];
    for folder in [paths.manifests(), paths.templates()] {
        places.extend(within(&folder, OpenTo::Readers));
    }
    for folder in private(paths, node) {
        places.push((folder.clone(), OpenTo::Owner));
        places.extend(within(&folder, OpenTo::Owner));
    }
    places.extend(within(&paths.state(), OpenTo::Owner));
    places
}

/// The folders of state that nobody else may read.
fn private(paths: &Paths, node: &Node) -> Vec<PathBuf> {
    let known = paths.known(&node.settings.federation);
    let known = known.parent().unwrap_or(&known).to_owned();
    let registry = Paths::default_registry(&node.settings.root);
    vec![
        paths.service_states(),
        paths.applied_confs(),
        known,
        registry,
    ]
}

/// The files of a folder, if the caller may list it.
fn within(folder: &Path, open_to: OpenTo) -> Vec<(PathBuf, OpenTo)> {
    let files = files::list_files(folder).unwrap_or_default();
    files.into_iter().map(|file| (file, open_to)).collect()
}

/// A mode that lets somebody do too much, or keeps out those who need it.
fn judge(path: &Path, mode: u32, open_to: OpenTo) -> Option<Diagnosis> {
    let shown = path.display();
    let fault = |why: &str, wanted: &str| {
        Diagnosis::fault(
            "modes",
            format!("{shown}: {why} (mode {mode:04o})"),
            format!("`chmod {wanted} {shown}`"),
        )
    };
    let is_sticky = mode & 0o1000 != 0;
    if mode & 0o002 != 0 && !is_sticky {
        return Some(fault("everybody can write it", "o-w"));
    }
    match open_to {
        OpenTo::Owner if mode & 0o077 != 0 => Some(fault("others can read it", "go=")),
        OpenTo::Group if mode & 0o004 != 0 => Some(Diagnosis::warning(
            "modes",
            format!("{shown}: everybody can read the datastores (mode {mode:04o})"),
            format!("`chmod 0640 {shown}`"),
        )),
        OpenTo::Users if mode & 0o005 != 0o005 => {
            Some(fault("users cannot get to their confs and tasks", "o+rx"))
        }
        _ => None,
    }
}

/// State that belongs to somebody else than the folder of all state.
fn owner(node: &Node, path: &Path, owner: Option<u32>) -> Option<Diagnosis> {
    let state = node.paths.state();
    let seen = files::look(&state).ok().flatten()?;
    let wanted = seen.access.owner.filter(|wanted| owner != Some(*wanted))?;
    let is_state = path.starts_with(&state) && !path.starts_with(node.paths.tasks());
    is_state.then(|| {
        let (shown, state) = (path.display(), state.display());
        let found = format!("{shown} does not belong to the owner of {state}");
        Diagnosis::warning("owners", found, format!("`chown {wanted} {shown}`"))
    })
}

/// The folders that reconf makes and in whose place is something else.
fn obstructed_folders(node: &Node) -> Vec<PathBuf> {
    let paths = &node.paths;
    let mut folders = vec![paths.confs().to_owned(), paths.state(), paths.tasks()];
    folders.extend(private(paths, node));
    folders.extend([paths.locks(), paths.locks().join("services")]);
    folders.retain(|path| matches!(files::look(path), Ok(Some(seen)) if !seen.is_folder));
    folders
}

/// Links, folders and the like in the place of files that reconf makes: the next command would refuse them.
fn obstructions(node: &Node) -> Vec<Diagnosis> {
    let paths = &node.paths;
    let mut files = vec![
        paths.on_change_lock(),
        paths.balance_lock(),
        paths.listener_lock(),
        paths.provision_lock(),
        paths.state_lock(),
        paths.status_file(),
        paths.known(&node.settings.federation),
    ];
    if let Location::Directory(folder) = &node.settings.registry.location {
        files.push(folder.join(registry::LOCK_NAME));
    }
    let mut ids = manifests::ids(node).unwrap_or_default();
    ids.extend(states::all(node).unwrap_or_default());
    for id in BTreeSet::from_iter(ids) {
        files.extend([paths.task_gate(&id), paths.task_lock(&id)]);
        files.extend([paths.service_lock(&id), paths.applied_conf(&id)]);
    }
    let judged = files.iter().map(|path| files::judge_replaceable(path));
    let rows = judged.filter_map(Result::err).map(|error| {
        let found = format!("{}: {}", error.path.display(), error.reason);
        Diagnosis::fault("files", found, "move it away: reconf makes a file there")
    });
    rows.collect()
}

/// The room of each file system that is written.
fn room(node: &Node) -> Vec<Diagnosis> {
    let mut folders = vec![
        node.paths.confs().to_owned(),
        node.paths.state(),
        node.paths.locks(),
    ];
    if let Location::Directory(registry) = &node.settings.registry.location {
        folders.push(registry.clone());
    }
    // A part of a file system may be mounted read-only.
    let mut known = BTreeSet::new();
    let mut rows = Vec::new();
    for folder in folders {
        // A folder that is not there yet is made where its first parent is.
        let there = folder.ancestors().find_map(|path| {
            let seen = files::look(path).ok().flatten()?;
            Some((path, seen.device))
        });
        if let Some((path, device)) = there
            && let Ok(found) = free_space::room(path)
            && known.insert((device, found.is_read_only))
        {
            rows.push(rules::room(&folder, found));
        }
    }
    rows
}
