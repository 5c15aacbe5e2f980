//! The identity of this machine.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

/// The text of a machine-id file, trimmed; `None` if it is missing or cannot be read, or if it is transient: systemd
/// mounts one over the file while `/etc` cannot be written, and the next boot may have another.
pub(crate) fn machine_id(path: &Path) -> Option<String> {
    let text = String::from_utf8(super::files::read_named(path).ok()?).ok()?;
    let device = |path: &Path| Some(fs::metadata(path).ok()?.dev());
    let is_transient = device(path) != device(path.parent()?);
    (!is_transient).then(|| text.trim().to_owned())
}
