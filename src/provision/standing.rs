//! Whether what a service resolves to differs from what the node runs with. Values come as digests: none is kept.

use std::collections::BTreeMap;

use crate::model::id::Id;

/// The digest of all values of an environment.
pub type Digest = [u8; 32];

/// What a service is, and what it would be if it were rendered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
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
pub struct Standing {
    held: BTreeMap<Id, Resolved>,
    begun: BTreeMap<Id, Resolved>,
    failed: BTreeMap<Id, Resolved>,
}

impl Standing {
    /// Whether a provision would change something for the service.
    pub fn differs(&self, service: &Id, resolved: Resolved) -> bool {
        let needed = resolved.now.is_some() && resolved.now != resolved.applied;
        needed && self.held.get(service) != Some(&resolved)
    }

    /// Whether that is new to the provision that runs, or has failed and is tried again later anyway.
    pub fn is_news(&self, service: &Id, resolved: Resolved) -> bool {
        let same = |tried: &BTreeMap<Id, Resolved>| {
            let tried = tried.get(service);
            tried.is_some_and(|tried| tried.now == resolved.now)
        };
        self.differs(service, resolved) && !same(&self.begun) && !same(&self.failed)
    }

    /// Whether it matters what a service resolves to for a moment.
    pub fn heeds(&self, service: &Id) -> bool {
        self.held.contains_key(service) || self.begun.contains_key(service)
    }

    /// Takes note of what a service resolves to, if only for a moment.
    pub fn saw(&mut self, service: &Id, resolved: Resolved) {
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
    pub fn lost_sight(&mut self) {
        let never_applied = |_: &Id, was: &mut Resolved| was.applied.is_none();
        self.held.retain(never_applied);
        self.begun.retain(never_applied);
    }

    /// A provision begins with this.
    pub fn begin(&mut self, services: BTreeMap<Id, Resolved>) {
        self.begun = services;
    }

    /// The provision that began last has succeeded, and this is applied now.
    pub fn succeeded(&mut self, applied: impl Fn(&Id) -> Option<Digest>) {
        self.failed.clear();
        for (service, began) in std::mem::take(&mut self.begun) {
            if began.now.is_some() && applied(&service) == began.applied {
                self.held.insert(service, began);
            }
        }
    }

    /// The provision that began last has failed.
    pub fn failed(&mut self) {
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

    fn begun(now: Option<Digest>, applied: Option<Digest>) -> Standing {
        let mut standing = Standing::default();
        standing.begin(BTreeMap::from([(id(), resolved(now, applied))]));
        standing
    }

    #[test]
    fn what_is_applied_counts_and_what_is_unmet_starts_nothing() {
        let standing = Standing::default();
        assert!(standing.differs(&id(), resolved(B, A)));
        assert!(standing.differs(&id(), resolved(B, None)));
        assert!(!standing.differs(&id(), resolved(A, A)));
        assert!(!standing.differs(&id(), resolved(None, A)));
    }

    #[test]
    fn a_command_that_applies_nothing_is_not_run_again_for_the_same_value() {
        for applied in [None, A] {
            let mut standing = begun(B, applied);
            standing.succeeded(|_| applied);
            assert!(!standing.differs(&id(), resolved(B, applied)));
            standing.saw(&id(), resolved(C, applied));
            assert!(standing.differs(&id(), resolved(C, applied)));
            assert!(standing.differs(&id(), resolved(B, applied)));
        }
    }

    #[test]
    fn a_value_that_came_and_went_during_the_provision_misleads_nobody() {
        // It began at B and rendered C, which was applied before: so nothing new was applied.
        let mut standing = begun(B, C);
        standing.saw(&id(), resolved(C, C));
        standing.succeeded(|_| C);
        assert!(standing.differs(&id(), resolved(B, C)));
        // The same, seen late.
        let mut standing = begun(B, C);
        standing.succeeded(|_| C);
        assert!(!standing.differs(&id(), resolved(B, C)));
        standing.saw(&id(), resolved(C, C));
        assert!(standing.differs(&id(), resolved(B, C)));
        // The same, unseen.
        let mut standing = begun(B, C);
        standing.lost_sight();
        standing.succeeded(|_| C);
        assert!(standing.differs(&id(), resolved(B, C)));
    }

    #[test]
    fn what_was_applied_or_failed_meanwhile_is_not_what_held() {
        let mut standing = begun(B, A);
        standing.succeeded(|_| C);
        assert!(standing.differs(&id(), resolved(B, C)));
        let mut standing = begun(B, A);
        assert!(!standing.is_news(&id(), resolved(B, A)));
        assert!(standing.is_news(&id(), resolved(C, A)));
        standing.failed();
        assert!(standing.differs(&id(), resolved(B, A)));
        assert!(!standing.is_news(&id(), resolved(B, A)));
        assert!(standing.is_news(&id(), resolved(C, A)));
        standing.succeeded(|_| A);
        assert!(standing.is_news(&id(), resolved(B, A)));
    }
}
