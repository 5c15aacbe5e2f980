//! Whether a provision would change a service. Values are compared as digests: none is kept.

use std::collections::BTreeMap;

use super::Digest;
use crate::model::id::Id;

/// What a service has applied, and what it would get if it were rendered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// What its requirements resolve to now; `None` if some of them are unmet, so that nothing can be rendered.
    pub now: Option<Digest>,
    /// What it has applied; `None` if it never applied anything.
    pub applied: Option<Digest>,
}

/// What services resolved to when provisions began, for commands that apply nothing.
///
/// A provision that succeeded without changing the applied conf may have run a command that never applies anything; then
/// what the service resolved to at its start counts as in use. Or the command rendered a value that appeared and
/// disappeared while it ran; then that conclusion would be wrong. So any other value seen meanwhile cancels it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    /// What counts as in use though it was never applied.
    in_effect: BTreeMap<Id, Resolved>,
    /// What the running provision began with.
    begun: BTreeMap<Id, Resolved>,
    /// What the last provision began with, if it failed.
    failed: BTreeMap<Id, Resolved>,
}

impl Baseline {
    /// Whether a provision would change something for the service.
    pub(crate) fn differs(&self, service: &Id, resolved: Resolved) -> bool {
        let needed = resolved.now.is_some() && resolved.now != resolved.applied;
        needed && self.in_effect.get(service) != Some(&resolved)
    }

    /// Whether the service needs a provision besides the running one and the retry of a failed one.
    pub(crate) fn needs_provision(&self, service: &Id, resolved: Resolved) -> bool {
        let same = |tried: &BTreeMap<Id, Resolved>| {
            let tried = tried.get(service);
            tried.is_some_and(|tried| tried.now == resolved.now)
        };
        self.differs(service, resolved) && !same(&self.begun) && !same(&self.failed)
    }

    /// Whether even a momentary value of the service has to be recorded.
    pub(crate) fn watches(&self, service: &Id) -> bool {
        self.in_effect.contains_key(service) || self.begun.contains_key(service)
    }

    /// Records what a service resolves to, if only for a moment.
    pub(crate) fn record(&mut self, service: &Id, resolved: Resolved) {
        let other = |was: &Resolved| was.now != resolved.now;
        let is_applied = resolved.now == resolved.applied;
        if is_applied || self.in_effect.get(service).is_some_and(other) {
            self.in_effect.remove(service);
        }
        if self.begun.get(service).is_some_and(other) {
            self.begun.remove(service);
        }
    }

    /// The registry was listed anew, so values may have come and gone unseen. That does not matter to a service that has
    /// never applied anything.
    pub(crate) fn clear(&mut self) {
        let never_applied = |_: &Id, was: &mut Resolved| was.applied.is_none();
        self.in_effect.retain(never_applied);
        self.begun.retain(never_applied);
    }

    /// A provision begins with these.
    pub(crate) fn begin(&mut self, services: BTreeMap<Id, Resolved>) {
        self.begun = services;
    }

    /// The provision succeeded; `applied` gives what each service has applied now.
    pub(crate) fn succeeded(&mut self, applied: impl Fn(&Id) -> Option<Digest>) {
        self.failed.clear();
        for (service, began) in std::mem::take(&mut self.begun) {
            if began.now.is_some() && applied(&service) == began.applied {
                self.in_effect.insert(service, began);
            }
        }
    }

    /// The provision failed.
    pub(crate) fn failed(&mut self) {
        self.failed = std::mem::take(&mut self.begun);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<Digest> = Some([1; 32]);
    const B: Option<Digest> = Some([2; 32]);
    const C: Option<Digest> = Some([3; 32]);

    fn id() -> Id {
        Id::parse("www").unwrap()
    }

    fn resolved(now: Option<Digest>, applied: Option<Digest>) -> Resolved {
        Resolved { now, applied }
    }

    fn begun(now: Option<Digest>, applied: Option<Digest>) -> Baseline {
        let mut baseline = Baseline::default();
        baseline.begin(BTreeMap::from([(id(), resolved(now, applied))]));
        baseline
    }

    #[test]
    fn only_what_is_resolved_and_not_applied_differs() {
        let baseline = Baseline::default();
        assert!(baseline.differs(&id(), resolved(B, A)));
        assert!(baseline.differs(&id(), resolved(B, None)));
        assert!(!baseline.differs(&id(), resolved(A, A)));
        assert!(!baseline.differs(&id(), resolved(None, A)));
    }

    #[test]
    fn a_command_that_applies_nothing_is_not_run_again_for_the_same_value() {
        for applied in [None, A] {
            let mut baseline = begun(B, applied);
            baseline.succeeded(|_| applied);
            assert!(!baseline.differs(&id(), resolved(B, applied)));
            baseline.record(&id(), resolved(C, applied));
            assert!(baseline.differs(&id(), resolved(C, applied)));
            assert!(baseline.differs(&id(), resolved(B, applied)));
        }
    }

    #[test]
    fn a_value_that_came_and_went_during_the_provision_cancels_the_conclusion() {
        // It began at B and rendered C, which was applied before: so nothing new was applied.
        let mut baseline = begun(B, C);
        baseline.record(&id(), resolved(C, C));
        baseline.succeeded(|_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
        // The same, seen late.
        let mut baseline = begun(B, C);
        baseline.succeeded(|_| C);
        assert!(!baseline.differs(&id(), resolved(B, C)));
        baseline.record(&id(), resolved(C, C));
        assert!(baseline.differs(&id(), resolved(B, C)));
        // The same, unseen.
        let mut baseline = begun(B, C);
        baseline.clear();
        baseline.succeeded(|_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
    }

    #[test]
    fn a_value_applied_meanwhile_does_not_count_and_a_failure_is_left_to_the_retry() {
        let mut baseline = begun(B, A);
        baseline.succeeded(|_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
        let mut baseline = begun(B, A);
        assert!(!baseline.needs_provision(&id(), resolved(B, A)));
        assert!(baseline.needs_provision(&id(), resolved(C, A)));
        baseline.failed();
        assert!(baseline.differs(&id(), resolved(B, A)));
        assert!(!baseline.needs_provision(&id(), resolved(B, A)));
        assert!(baseline.needs_provision(&id(), resolved(C, A)));
        baseline.succeeded(|_| A);
        assert!(baseline.needs_provision(&id(), resolved(B, A)));
    }
}
