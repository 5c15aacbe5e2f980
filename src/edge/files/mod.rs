//! Files that are read whole and replaced atomically (design.md section 7, "Write"), whatever their content.
//! Whoever writes a file holds its lock, because a write removes the temporary files of killed writers.
//!
//! A service's user may own files that root reads and replaces, and even their folder. Nothing here follows a link that
//! such a user placed, or waits for what was put in a file's place.

mod access;
mod directory;
mod error;
mod folder;
mod lock_file;
mod look;
mod many;
mod next;
mod open_folder;
mod read;
mod regular;
mod temporary;
#[cfg(test)]
mod tests;
mod trust;
mod walk;
mod write;

pub(crate) use access::Access;
pub(crate) use directory::{is_written_directory, write_directory};
pub(crate) use error::{FileError, FileErrorKind};
pub(in crate::edge) use error::{Unfit, Unopened, system_reason};
pub(crate) use folder::{exists, is_folder, list_ids, list_names, make_dir, modified};
pub(in crate::edge) use lock_file::{open_lock, open_other_lock};
pub(crate) use look::{judge_replaceable, list_files, look};
pub(crate) use many::write_all;
pub(crate) use next::Written;
pub(in crate::edge) use read::{open_own, read_named, whole};
pub(crate) use read::{read_found_text, read_own, read_text, read_trusted_text};
pub(crate) use temporary::is_hidden_name;
pub(in crate::edge) use temporary::remove_leftovers;
pub(crate) use walk::is_absent;
pub(crate) use write::{
    remove, remove_with_leftovers, settle, write, write_at_once, write_without_sync,
};
