//! As whom this process acts. Nothing in reconf changes that, so the system is asked once.

use std::sync::LazyLock;

use nix::unistd::{getegid, geteuid};

static THIS: LazyLock<Caller> = LazyLock::new(|| Caller {
    user: geteuid().as_raw(),
    group: getegid().as_raw(),
});

/// The user and group of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub group: u32,
}

impl Caller {
    /// The caller of this process.
    pub(crate) fn this() -> Self {
        *THIS
    }

    /// Whether it is root.
    pub(crate) fn is_root(self) -> bool {
        self.user == 0
    }
}
