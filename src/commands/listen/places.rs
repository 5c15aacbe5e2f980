//! The files that the listener reads: the folders in which it waits for their changes, its switch and its stamp.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    commands::node::Node,
    edge::{
        clock,
        files::{self, Access},
        locks,
        state::{self, Durability},
    },
    model::{places::Places, stamp::Stamp, switch::Switch},
    provision::{self, Uptime},
    report::Failure,
};

/// How long a read-modify-write of a state waits for others.
const WAIT: Duration = Duration::from_secs(10);

/// The folders whose files decide what the listener does; those that are missing are made.
pub(super) fn folders(node: &Node) -> Result<Vec<PathBuf>, Failure> {
    let places = &node.places;
    let known = places.known(&node.settings.federation);
    let mut folders = vec![
        places.manifests(),
        places.state(),
        places.service_states(),
        known.parent().unwrap_or(&known).to_owned(),
    ];
    for file in [&places.configuration(), &node.settings.config] {
        folders.extend(file.parent().map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    for folder in &folders {
        files::make_dir(folder, places.folder_mode(folder))?;
    }
    Ok(folders)
}

/// Whether a change in these folders can be of interest: not that of the stamp, nor of what reconf is about to put in the
/// place of a file.
pub(super) fn concerns(places: &Places, path: &Path) -> bool {
    let is_ours = path.file_name().is_some_and(files::is_hidden_name);
    !is_ours && path != places.provision()
}

/// The switch, as a person left it.
pub(super) fn switch(node: &Node) -> Result<Switch, Failure> {
    Ok(state::load(&node.places.listen())?.unwrap_or_default())
}

/// Changes the switch.
pub(super) fn turn(node: &Node, change: impl FnOnce(&mut Switch)) -> Result<(), Failure> {
    let _lock = node.state_lock()?;
    let mut switch = switch(node)?;
    change(&mut switch);
    switch.asked = switch.asked.wrapping_add(1);
    let path = node.places.listen();
    state::save(&node.places, &path, &switch, Durability::Durable)?;
    Ok(())
}

/// What the queue is told of the switch: the wall clock says when an `off` ends, uptime counts until then.
pub(super) fn position(switch: &Switch, now: Uptime) -> provision::Switch {
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

/// The stamp of the last provision; nothing if there never was one.
pub(super) fn stamp(places: &Places) -> Result<Option<Stamp>, Failure> {
    Ok(state::load_stamp(&places.provision())?)
}

/// Changes the stamp. A power cut may undo that: then a provision starts a little early.
pub(super) fn restamp(places: &Places, change: impl FnOnce(&mut Stamp)) -> Result<(), Failure> {
    let folder = places.locks();
    files::make_dir(&folder, places.folder_mode(&folder))?;
    let _lock = locks::exclusive(&places.state_lock(), &Access::PRIVATE, WAIT)?;
    Ok(state::edit_stamp(places, &places.provision(), change)?)
}
