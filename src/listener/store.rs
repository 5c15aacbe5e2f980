//! The files that the listener reads: the folders in which it waits for their changes, its switch and its stamp.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    edge::{
        clock,
        files::{self, Access},
        locks,
        state::{self, Durability},
    },
    model::{paths::Paths, stamp::Stamp, switch::StoredSwitch},
    node::Node,
    provision::{self, Uptime},
    report::Failure,
};

/// How long a read-modify-write of a state waits for others.
const WAIT: Duration = Duration::from_secs(10);

/// The folders whose files decide what the listener does; those that are missing are made.
pub(crate) fn folders(node: &Node) -> Result<Vec<PathBuf>, Failure> {
    let paths = &node.paths;
    let known = paths.known(&node.settings.federation);
    let mut folders = vec![
        paths.manifests(),
        paths.state(),
        paths.service_states(),
        known.parent().unwrap_or(&known).to_owned(),
    ];
    for file in [&paths.configuration(), &node.settings.config] {
        folders.extend(file.parent().map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    for folder in &folders {
        files::make_dir(folder, paths.folder_mode(folder))?;
    }
    Ok(folders)
}

/// Whether a change in these folders can be of interest: not that of the stamp, nor of what reconf is about to put in the
/// place of a file.
pub(crate) fn concerns(paths: &Paths, path: &Path) -> bool {
    let is_ours = path.file_name().is_some_and(files::is_hidden_name);
    !is_ours && path != paths.provision()
}

/// The switch, as a person left it.
pub(crate) fn switch(node: &Node) -> Result<StoredSwitch, Failure> {
    Ok(state::load(&node.paths.listen())?.unwrap_or_default())
}

/// Changes the switch.
pub(crate) fn turn(node: &Node, change: impl FnOnce(&mut StoredSwitch)) -> Result<(), Failure> {
    let _lock = node.state_lock()?;
    let mut switch = switch(node)?;
    change(&mut switch);
    switch.asked = switch.asked.wrapping_add(1);
    let path = node.paths.listen();
    state::save(&node.paths, &path, &switch, Durability::Durable)?;
    Ok(())
}

/// What the queue is told of the switch: the wall clock says when an `off` ends, uptime counts until then.
pub(crate) fn position(switch: &StoredSwitch, now: Uptime) -> provision::Switch {
    if switch.on {
        return provision::Switch::On;
    }
    let until = switch.until.as_deref().and_then(clock::parse_rfc3339);
    let until = until.map(|end| now + end.duration_since(clock::now()).unwrap_or_default());
    match until {
        Some(until) if until <= now => provision::Switch::On,
        until => provision::Switch::Off { until },
    }
}

/// Whether the stored switch lets provisions start now.
pub(crate) fn is_on(switch: &StoredSwitch) -> bool {
    position(switch, Uptime::ZERO) == provision::Switch::On
}

/// Whether a listener runs on this node.
pub(crate) fn is_running(node: &Node) -> Result<bool, Failure> {
    Ok(locks::is_held(&node.paths.listener_lock())?)
}

/// The stamp of the last provision; nothing if there never was one.
pub(crate) fn stamp(paths: &Paths) -> Result<Option<Stamp>, Failure> {
    Ok(state::load_stamp(&paths.provision())?)
}

/// Changes the stamp. A power cut may undo that: then a provision starts a little early.
pub(crate) fn restamp(paths: &Paths, change: impl FnOnce(&mut Stamp)) -> Result<(), Failure> {
    let folder = paths.locks();
    files::make_dir(&folder, paths.folder_mode(&folder))?;
    let _lock = locks::exclusive(&paths.state_lock(), &Access::PRIVATE, WAIT)?;
    Ok(state::edit_stamp(paths, &paths.provision(), change)?)
}
