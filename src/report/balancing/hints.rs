//! What the report of a run of `balance` advises.

use super::BalanceReport;
use crate::balance::instance::{EMPTY, LeftOut, LeftOutKind};

impl BalanceReport {
    /// What to do next.
    pub(super) fn hints(&self) -> Vec<&'static str> {
        let is_empty = |left: &LeftOut| left.kind == LeftOutKind::Name && left.reason == EMPTY;
        let is_idle = !self.changed && self.ports.is_empty() && self.routes.is_empty();
        let hints = [
            (
                !self.kept.is_empty(),
                "`reconf retire NODE` for machines that are gone",
            ),
            (
                self.left_out.iter().any(is_empty),
                "`reconf ls` lists who announces a name, and who withdrew it",
            ),
            (
                is_idle && self.left_out.is_empty(),
                "a port opens for a name that is announced with a `local_port` and that a manifest of this node has; \
                 a route needs a value that is `http://{HOST}:{PORT}` and a path",
            ),
        ];
        let hints = hints.into_iter().filter(|(applies, _)| *applies);
        hints.map(|(_, hint)| hint).collect()
    }
}
