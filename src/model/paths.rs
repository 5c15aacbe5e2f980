//! The paths of all files of a node (design.md section 2). Path arithmetic only: knows nothing of what is on the disk.

use std::path::{Path, PathBuf};

use super::{format::Format, id::Id};

/// The paths of one node, all below one root except for a configured conf directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    root: PathBuf,
    confs: PathBuf,
}

impl Paths {
    /// The paths below `root`, with confs in `conf_directory`, which may be elsewhere.
    pub(crate) fn new(root: &Path, conf_directory: &Path) -> Self {
        Self {
            root: root.to_owned(),
            confs: conf_directory.to_owned(),
        }
    }

    /// The conf directory below `root`, unless another one is configured.
    pub(crate) fn default_confs(root: &Path) -> PathBuf {
        root.join("etc/services.d")
    }

    /// The folder of the embedded registry below `root`, unless one is configured.
    pub(crate) fn default_registry(root: &Path) -> PathBuf {
        root.join("var/lib/reconf/registry")
    }

    /// `config.json` below `root`, unless a flag or a variable names another file.
    pub(crate) fn default_config(root: &Path) -> PathBuf {
        root.join("etc/reconf/config.json")
    }

    /// The folder of confs.
    pub(crate) fn confs(&self) -> &Path {
        &self.confs
    }

    /// The conf that `exec` reads.
    pub(crate) fn conf(&self, id: &Id) -> PathBuf {
        self.rendered(id, Format::Shell)
    }

    /// The rendered file (for envdir: directory) of a format.
    pub(crate) fn rendered(&self, id: &Id, format: Format) -> PathBuf {
        self.confs.join(format!("{id}.{}", format.extension()))
    }

    /// The folder of the manifests of this node.
    pub(crate) fn manifests(&self) -> PathBuf {
        self.root.join("etc/reconf/services")
    }

    /// A service's manifest.
    pub(crate) fn manifest(&self, id: &Id) -> PathBuf {
        self.manifests().join(format!("{id}.json"))
    }

    /// The datastores, as Chef writes them.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.root.join("etc/reconf/configuration.json")
    }

    /// The folder of custom templates.
    pub(crate) fn templates(&self) -> PathBuf {
        self.root.join("etc/reconf/templates")
    }

    /// The folder of all state; 0755, since other users open the task locks below it.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("var/lib/reconf")
    }

    /// The folder of the services' state; 0700.
    pub(crate) fn service_states(&self) -> PathBuf {
        self.state().join("services")
    }

    /// The state of a service.
    pub(crate) fn service_state(&self, id: &Id) -> PathBuf {
        self.service_states().join(format!("{id}.json"))
    }

    /// What the states of several services are about to say.
    pub(crate) fn intents(&self) -> PathBuf {
        self.state().join("intents.json")
    }

    /// The folder of the last applied confs; 0700.
    pub(crate) fn applied_confs(&self) -> PathBuf {
        self.state().join("applied")
    }

    /// A service's last applied conf.
    pub(crate) fn applied_conf(&self, id: &Id) -> PathBuf {
        self.applied_confs().join(format!("{id}.conf"))
    }

    /// The last known announcements of a federation.
    pub(crate) fn known(&self, federation: &Id) -> PathBuf {
        self.state()
            .join("known")
            .join(format!("{federation}.json"))
    }

    /// The listener's switch.
    pub(crate) fn switch_file(&self) -> PathBuf {
        self.state().join("listen.json")
    }

    /// The stamp of the last provision.
    pub(crate) fn stamp_file(&self) -> PathBuf {
        self.state().join("provision.json")
    }

    /// A file that exists from the start of a provision until a render of ours runs.
    pub(crate) fn no_render_yet(&self) -> PathBuf {
        self.locks().join("provision.no-render-yet")
    }

    /// The status file of a running listener.
    pub(crate) fn status_file(&self) -> PathBuf {
        self.locks().join("listener.json")
    }

    /// The lock that a running listener holds.
    pub(crate) fn listener_lock(&self) -> PathBuf {
        self.locks().join("listener.lock")
    }

    /// The lock that is held until a provision's end has been recorded.
    pub(crate) fn provision_lock(&self) -> PathBuf {
        self.locks().join("provision.lock")
    }

    /// What the last run of `balance` has put in use, and the switch of the local balancer.
    pub(crate) fn balance_state(&self) -> PathBuf {
        self.state().join("balance.json")
    }

    /// HAProxy's file as it was last proved to be in use.
    pub(crate) fn proved_balance(&self) -> PathBuf {
        self.state().join("balance.cfg")
    }

    /// The states of HAProxy's servers over a reload.
    pub(crate) fn haproxy_state(&self) -> PathBuf {
        self.state().join("haproxy.state")
    }

    /// The lock that a run of `balance` holds; after `on-change.lock` in the order of locks.
    pub(crate) fn balance_lock(&self) -> PathBuf {
        self.locks().join("balance.lock")
    }

    /// The machine-id of the operating system.
    pub(crate) fn machine_id(&self) -> PathBuf {
        self.root.join("etc/machine-id")
    }

    /// What this machine keeps of itself.
    pub(crate) fn node_state(&self) -> PathBuf {
        self.state().join("node.json")
    }

    /// The folder of the task locks; 0755, and persistent across reboots.
    pub(crate) fn tasks(&self) -> PathBuf {
        self.state().join("tasks")
    }

    /// The lock that a starting task takes briefly; a drain holds it to keep tasks from starting.
    pub(crate) fn task_gate(&self, id: &Id) -> PathBuf {
        self.tasks().join(format!("{id}.gate"))
    }

    /// The lock that running tasks hold.
    pub(crate) fn task_lock(&self, id: &Id) -> PathBuf {
        self.tasks().join(format!("{id}.lock"))
    }

    /// The folder of all other locks.
    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("run/reconf")
    }

    /// The lock for writing a service's files. It is in a folder of its own, so that no id can collide with another lock.
    pub(crate) fn service_lock(&self, id: &Id) -> PathBuf {
        self.locks().join("services").join(format!("{id}.lock"))
    }

    /// The lock for running `--on-change`; the first in the order of a verb's locks.
    pub(crate) fn on_change_lock(&self) -> PathBuf {
        self.locks().join("on-change.lock")
    }

    /// The mode with which to create a folder: 0700 for private state, else 0755.
    pub(crate) fn folder_mode(&self, folder: &Path) -> u32 {
        let below_state = folder.starts_with(self.state());
        if below_state && folder != self.state() && folder != self.tasks() {
            0o700
        } else {
            0o755
        }
    }

    /// The lock for one read-modify-write of a state file, never held for longer.
    pub(crate) fn state_lock(&self) -> PathBuf {
        self.locks().join("state.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_below_the_root_except_for_confs() {
        let paths = Paths::new(Path::new("/r"), Path::new("/elsewhere"));
        let id = Id::parse("on-change").unwrap();
        assert_eq!(paths.conf(&id), Path::new("/elsewhere/on-change.conf"));
        assert_eq!(
            paths.rendered(&id, Format::Envdir),
            Path::new("/elsewhere/on-change.envdir")
        );
        assert_eq!(
            paths.task_gate(&id),
            Path::new("/r/var/lib/reconf/tasks/on-change.gate")
        );
        assert_eq!(paths.folder_mode(&paths.state()), 0o755);
        assert_eq!(paths.folder_mode(&paths.service_states()), 0o700);
        assert_ne!(paths.service_lock(&id), paths.on_change_lock());
        assert_eq!(
            Paths::default_confs(Path::new("/r")),
            Path::new("/r/etc/services.d")
        );
    }
}
