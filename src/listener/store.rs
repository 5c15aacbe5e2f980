//! The files that the listener reads: the folders that it watches, its switch, and its stamp.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    edge::{
        clock,
        files::{self, Access},
        locks::{self, Lock, LockError},
        state::{self, Durability},
    },
    model::{paths::Paths, stamp::Stamp, switch::StoredSwitch},
    node::Node,
    provision::{self, Uptime},
    report::{Code, Failure},
};

/// How long to wait for the lock of the states.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How long to wait for the lock of a listener that is just ending.
const LISTENER_LOCK_WAIT: Duration = Duration::from_millis(100);

/// The folders whose files decide what the listener does; missing ones are made.
pub(crate) fn make_watched_folders(node: &Node) -> Result<Vec<PathBuf>, Failure> {
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

/// Whether a change of this file can matter: the stamp is the listener's own, and so are temporary files.
pub(crate) fn can_matter(paths: &Paths, path: &Path) -> bool {
    let is_temporary = path.file_name().is_some_and(files::is_hidden_name);
    !is_temporary && path != paths.stamp_file()
}

/// The switch, as an operator turned it.
pub(crate) fn switch(paths: &Paths) -> Result<StoredSwitch, Failure> {
    Ok(state::load(&paths.switch_file())?.unwrap_or_default())
}

/// Changes the switch.
pub(crate) fn turn(node: &Node, change: impl FnOnce(&mut StoredSwitch)) -> Result<(), Failure> {
    let _lock = node.state_lock()?;
    let mut switch = switch(&node.paths)?;
    change(&mut switch);
    switch.requests = switch.requests.wrapping_add(1);
    let path = node.paths.switch_file();
    state::save(&node.paths, &path, &switch, Durability::Durable)?;
    Ok(())
}

/// The position of the switch by the clock as it is now: `off --for` ends at a time of day, the queue counts uptime.
pub(crate) fn position(switch: &StoredSwitch, now: Uptime) -> provision::Switch {
    if switch.on {
        return provision::Switch::On;
    }
    let until = switch.until.as_deref().and_then(clock::parse_rfc3339);
    provision::Switch::off(until, clock::now(), now)
}

/// Whether the stored switch lets provisions start now.
pub(crate) fn is_on(switch: &StoredSwitch) -> bool {
    position(switch, Uptime::ZERO) == provision::Switch::On
}

/// Takes the lock of this node's one listener.
pub(super) fn take_listener_lock(node: &Node) -> Result<Lock, Failure> {
    node.make_lock_folder()?;
    let path = node.paths.listener_lock();
    match locks::exclusive(&path, &Access::PRIVATE, LISTENER_LOCK_WAIT) {
        Err(LockError::Busy { .. }) => {
            let message = "another listener is running on this node";
            let failure = Failure::new(Code::TryAgain, message);
            Err(failure.hint("`reconf listen status` shows what it does"))
        }
        other => Ok(other?),
    }
}

/// Whether a listener is running on this node.
pub(crate) fn is_running(paths: &Paths) -> Result<bool, Failure> {
    Ok(locks::is_own_held(&paths.listener_lock())?)
}

/// The stamp of the last provision; nothing before the first.
pub(crate) fn stamp(paths: &Paths) -> Result<Option<Stamp>, Failure> {
    Ok(state::load_stamp(&paths.stamp_file())?)
}

/// A provision begins: from now on, `node::note_render` records whether a render of ours runs. If this cannot be written, it
/// looks as if one did, and then only what is applied counts.
pub(crate) fn expect_render(paths: &Paths) {
    let _looks_rendered = files::write_without_sync(&paths.no_render_yet(), b"", &Access::PRIVATE);
}

/// Whether a render of ours has run since [`expect_render`].
pub(crate) fn has_rendered(paths: &Paths) -> bool {
    !files::exists(&paths.no_render_yet())
}

/// Changes the stamp. A power cut may undo that; then a provision starts a little early.
pub(crate) fn edit_stamp(paths: &Paths, change: impl FnOnce(&mut Stamp)) -> Result<(), Failure> {
    let folder = paths.locks();
    files::make_dir(&folder, paths.folder_mode(&folder))?;
    let _lock = locks::exclusive(&paths.state_lock(), &Access::PRIVATE, LOCK_WAIT)?;
    Ok(state::edit_stamp(paths, &paths.stamp_file(), change)?)
}
