//! What several services come to: each stands alone, and the exit code is that of the first failed one by id.

use super::node::Node;
use crate::{
    model::id::Id,
    report::{Code, Failure},
};

/// The sum of what became of the services, told in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    failed: Option<Code>,
    changed: bool,
}

impl Tally {
    /// Counts a service that was done.
    pub(crate) fn done(&mut self, changed: bool) {
        self.changed |= changed;
    }

    /// Tells and counts a failure.
    pub(crate) fn fail(&mut self, node: &Node, service: Option<&Id>, failure: &Failure) {
        node.tell.failure(service, failure);
        self.failed.get_or_insert(failure.code);
    }

    /// The code to end with; a failure beats a change, which only counts when the caller asked for `detailed` codes.
    pub(crate) fn code(&self, detailed: bool) -> Option<Code> {
        let changed = (detailed && self.changed).then_some(Code::Changed);
        self.failed.or(changed)
    }
}
