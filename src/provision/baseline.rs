//! Whether what a service resolves to differs from what the node runs with. Values come as digests: none is kept.

use std::collections::BTreeMap;

use crate::model::id::Id;

/// The digest of all values of an environment.
pub(crate) type Digest = [u8; 32];

/// What a service is, and what it would be if it were rendered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// What its requirements resolve to; `None`: some of them are unmet, so nothing could be rendered.
    pub now: Option<Digest>,
    /// What is applied; `None`: nothing ever was.
    pub applied: Option<Digest>,
}

/// What held when provisions began, for commands that apply nothing.
///
/// A provision that succeeded and left the applied conf as it was may have applied nothing because its command never
/// does; then what held when it began counts as in use. Or its command rendered a value that has been and gone since it
/// began; then nothing of the kind may be concluded. So any other value that is seen meanwhile ends the conclusion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    held: BTreeMap<Id, Resolved>,
    begun: BTreeMap<Id, Resolved>,
    failed: BTreeMap<Id, Resolved>,
}

impl Baseline {
    /// Whether a provision would change something for the service.
    pub(crate) fn differs(&self, service: &Id, resolved: Resolved) -> bool {
        let needed = resolved.now.is_some() && resolved.now != resolved.applied;
        needed && self.held.get(service) != Some(&resolved)
    }

    /// Whether that is new to the provision that runs, or has failed and is tried again later anyway.
    pub(crate) fn is_news(&self, service: &Id, resolved: Resolved) -> bool {
        let same = |tried: &BTreeMap<Id, Resolved>| {
            let tried = tried.get(service);
            tried.is_some_and(|tried| tried.now == resolved.now)
        };
        self.differs(service, resolved) && !same(&self.begun) && !same(&self.failed)
    }

    /// Whether it matters what a service resolves to for a moment.
    pub(crate) fn watches(&self, service: &Id) -> bool {
        self.held.contains_key(service) || self.begun.contains_key(service)
    }

    /// Takes note of what a service resolves to, if only for a moment.
    pub(crate) fn record(&mut self, service: &Id, resolved: Resolved) {
        let other = |was: &Resolved| was.now != resolved.now;
        let in_order = resolved.now == resolved.applied;
        if in_order || self.held.get(service).is_some_and(other) {
            self.held.remove(service);
        }
        if self.begun.get(service).is_some_and(other) {
            self.begun.remove(service);
        }
    }

    /// The registry was listed again: values may have come and gone unseen. That cannot have misled a command that
    /// applies nothing anywhere.
    pub(crate) fn clear(&mut self) {
        let never_applied = |_: &Id, was: &mut Resolved| was.applied.is_none();
        self.held.retain(never_applied);
        self.begun.retain(never_applied);
    }

    /// A provision begins with this.
    pub(crate) fn begin(&mut self, services: BTreeMap<Id, Resolved>) {
        self.begun = services;
    }

    /// The provision that began last has succeeded, and this is applied now.
    pub(crate) fn succeeded(&mut self, applied: impl Fn(&Id) -> Option<Digest>) {
        self.failed.clear();
        for (service, began) in std::mem::take(&mut self.begun) {
            if began.now.is_some() && applied(&service) == began.applied {
                self.held.insert(service, began);
            }
        }
    }

    /// The provision that began last has failed.
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
    fn what_is_applied_counts_and_what_is_unmet_starts_nothing() {
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
    fn a_value_that_came_and_went_during_the_provision_misleads_nobody() {
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
    fn what_was_applied_or_failed_meanwhile_is_not_what_held() {
        let mut baseline = begun(B, A);
        baseline.succeeded(|_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
        let mut baseline = begun(B, A);
        assert!(!baseline.is_news(&id(), resolved(B, A)));
        assert!(baseline.is_news(&id(), resolved(C, A)));
        baseline.failed();
        assert!(baseline.differs(&id(), resolved(B, A)));
        assert!(!baseline.is_news(&id(), resolved(B, A)));
        assert!(baseline.is_news(&id(), resolved(C, A)));
        baseline.succeeded(|_| A);
        assert!(baseline.is_news(&id(), resolved(B, A)));
    }
}
