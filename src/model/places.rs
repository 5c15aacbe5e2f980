//! Where everything of a node is (design.md section 2). Path arithmetic only: knows nothing of what is on the disk.

use std::path::{Path, PathBuf};

use super::{format::Format, id::Id};

/// The places of one node, all below one root but a conf directory that was set to somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    root: PathBuf,
    confs: PathBuf,
}

impl Places {
    /// The places below `root`, with confs in `conf_directory` (`render.directory`, taken as it is).
    pub fn new(root: &Path, conf_directory: &Path) -> Self {
        Self {
            root: root.to_owned(),
            confs: conf_directory.to_owned(),
        }
    }

    /// Where confs are below `root` when nothing else is configured.
    pub fn default_confs(root: &Path) -> PathBuf {
        root.join("etc/services.d")
    }

    /// Where the embedded registry is below `root` when nothing else is configured.
    pub fn default_registry(root: &Path) -> PathBuf {
        root.join("var/lib/reconf/registry")
    }

    /// Where `config.json` is below `root` when nothing else is said.
    pub fn default_config(root: &Path) -> PathBuf {
        root.join("etc/reconf/config.json")
    }

    /// The folder below which the places are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of confs.
    pub fn confs(&self) -> &Path {
        &self.confs
    }

    /// The conf that `exec` reads.
    pub fn conf(&self, id: &Id) -> PathBuf {
        self.rendered(id, Format::Shell)
    }

    /// The rendered file (for envdir: directory) of a format.
    pub fn rendered(&self, id: &Id, format: Format) -> PathBuf {
        self.confs.join(format!("{id}.{}", format.extension()))
    }

    /// The folder of the manifests of this node.
    pub fn manifests(&self) -> PathBuf {
        self.root.join("etc/reconf/services")
    }

    /// A service's manifest.
    pub fn manifest(&self, id: &Id) -> PathBuf {
        self.manifests().join(format!("{id}.json"))
    }

    /// Datastores as Chef has them.
    pub fn configuration(&self) -> PathBuf {
        self.root.join("etc/reconf/configuration.json")
    }

    /// The folder of templates that replace the built-in ones.
    pub fn templates(&self) -> PathBuf {
        self.root.join("etc/reconf/templates")
    }

    /// The folder of all state; 0755, for the task locks below it are opened by others.
    pub fn state(&self) -> PathBuf {
        self.root.join("var/lib/reconf")
    }

    /// The folder of the services' state; 0700.
    pub fn service_states(&self) -> PathBuf {
        self.state().join("services")
    }

    /// The state of a service.
    pub fn service_state(&self, id: &Id) -> PathBuf {
        self.service_states().join(format!("{id}.json"))
    }

    /// The folder of the confs as they were last applied; 0700.
    pub fn applied_confs(&self) -> PathBuf {
        self.state().join("applied")
    }

    /// A service's conf as it was last applied.
    pub fn applied(&self, id: &Id) -> PathBuf {
        self.applied_confs().join(format!("{id}.conf"))
    }

    /// The last known announcements of a federation.
    pub fn known(&self, federation: &Id) -> PathBuf {
        self.state()
            .join("known")
            .join(format!("{federation}.json"))
    }

    /// The listener's switch.
    pub fn listen(&self) -> PathBuf {
        self.state().join("listen.json")
    }

    /// The stamp of the last provision.
    pub fn provision(&self) -> PathBuf {
        self.state().join("provision.json")
    }

    /// What a running listener tells of itself.
    pub fn listening(&self) -> PathBuf {
        self.locks().join("listener.json")
    }

    /// The lock that a running listener holds.
    pub fn listener_lock(&self) -> PathBuf {
        self.locks().join("listener.lock")
    }

    /// The lock that whoever waits for a provision to end holds.
    pub fn provision_lock(&self) -> PathBuf {
        self.locks().join("provision.lock")
    }

    /// The `host` that this node used last.
    pub fn node(&self) -> PathBuf {
        self.state().join("node.json")
    }

    /// The folder of the task locks; 0755, and it survives a reboot.
    pub fn tasks(&self) -> PathBuf {
        self.state().join("tasks")
    }

    /// The gate that a starting task passes; a drain shuts it.
    pub fn task_gate(&self, id: &Id) -> PathBuf {
        self.tasks().join(format!("{id}.gate"))
    }

    /// The lock that running tasks hold.
    pub fn task_lock(&self, id: &Id) -> PathBuf {
        self.tasks().join(format!("{id}.lock"))
    }

    /// The folder of all other locks.
    pub fn locks(&self) -> PathBuf {
        self.root.join("run/reconf")
    }

    /// The lock under which the files of a service are written. It has a folder of its own,
    /// so that no service's id can name another lock.
    pub fn service_lock(&self, id: &Id) -> PathBuf {
        self.locks().join("services").join(format!("{id}.lock"))
    }

    /// The lock under which `--on-change` runs; the first in the order of locks.
    pub fn on_change_lock(&self) -> PathBuf {
        self.locks().join("on-change.lock")
    }

    /// The permission bits that a folder of these places is made with: open where others have to pass, closed else.
    pub fn folder_mode(&self, folder: &Path) -> u32 {
        let below_state = folder.starts_with(self.state());
        if below_state && folder != self.state() && folder != self.tasks() {
            0o700
        } else {
            0o755
        }
    }

    /// The lock of one read-modify-write of a state file; never held for longer.
    pub fn state_lock(&self) -> PathBuf {
        self.locks().join("state.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_below_the_root_but_the_confs() {
        let places = Places::new(Path::new("/r"), Path::new("/elsewhere"));
        let id = Id::parse("on-change").unwrap();
        assert_eq!(places.conf(&id), Path::new("/elsewhere/on-change.conf"));
        assert_eq!(
            places.rendered(&id, Format::Envdir),
            Path::new("/elsewhere/on-change.envdir")
        );
        assert_eq!(
            places.task_gate(&id),
            Path::new("/r/var/lib/reconf/tasks/on-change.gate")
        );
        assert_eq!(places.folder_mode(&places.state()), 0o755);
        assert_eq!(places.folder_mode(&places.service_states()), 0o700);
        assert_ne!(places.service_lock(&id), places.on_change_lock());
        assert_eq!(
            Places::default_confs(Path::new("/r")),
            Path::new("/r/etc/services.d")
        );
    }
}
