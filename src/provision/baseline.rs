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

/// Whether a service needs a provision besides the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// It has applied what it would get, or the running provision or the retry of a failed one serves it.
    Nothing,
    /// The last provision began with just this value, succeeded, and left it unapplied.
    Stale,
    /// No provision has begun with this value.
    Change,
}

/// How a provision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProvisionEnd {
    /// Its command failed.
    Failed,
    /// Its command succeeded, and a render of ours ran meanwhile: what it left unapplied is stale.
    Rendered,
    /// Its command succeeded without any render of ours.
    RenderedNothing,
}

/// What services resolved to when provisions began.
///
/// A provision that succeeded without any render of ours ran a command that applies nothing; then what a service resolved to
/// at its start counts as in use. Any other value seen meanwhile cancels that: somebody else may have rendered it. Where a
/// render ran, only what is applied counts: a degraded one, for example, leaves the old value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    /// What counts as in use though it was never applied.
    in_effect: BTreeMap<Id, Resolved>,
    /// What the running provision began with.
    begun: BTreeMap<Id, Resolved>,
    /// What the last provision began with, if it failed.
    failed: BTreeMap<Id, Resolved>,
    /// What the last successful provision began with, if a render of ours ran in it.
    rendered: BTreeMap<Id, Resolved>,
}

impl Baseline {
    /// Whether a provision would change something for the service.
    pub(crate) fn differs(&self, service: &Id, resolved: Resolved) -> bool {
        let needed = resolved.now.is_some() && resolved.now != resolved.applied;
        needed && self.in_effect.get(service) != Some(&resolved)
    }

    /// Whether the service differs although the last successful provision began with just this value and rendered.
    pub(crate) fn is_stale(&self, service: &Id, resolved: Resolved) -> bool {
        self.differs(service, resolved) && began_with(&self.rendered, service, resolved)
    }

    /// Whether the service needs a provision besides the running one and the retry of a failed one.
    pub(crate) fn need(&self, service: &Id, resolved: Resolved) -> Need {
        let is_served = began_with(&self.begun, service, resolved)
            || began_with(&self.failed, service, resolved);
        if !self.differs(service, resolved) || is_served {
            Need::Nothing
        } else if self.is_stale(service, resolved) {
            Need::Stale
        } else {
            Need::Change
        }
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

    /// The provision ended; `applied` gives what each service has applied now.
    pub(crate) fn end(&mut self, end: ProvisionEnd, applied: impl Fn(&Id) -> Option<Digest>) {
        let begun = std::mem::take(&mut self.begun);
        match end {
            ProvisionEnd::Failed => self.failed = begun,
            ProvisionEnd::Rendered => {
                self.failed.clear();
                self.rendered = begun;
            }
            ProvisionEnd::RenderedNothing => {
                self.failed.clear();
                self.rendered.clear();
                let unchanged = begun.into_iter().filter(|(service, began)| {
                    began.now.is_some() && applied(service) == began.applied
                });
                self.in_effect.extend(unchanged);
            }
        }
    }
}

fn began_with(begun: &BTreeMap<Id, Resolved>, service: &Id, resolved: Resolved) -> bool {
    let at_start = begun.get(service);
    at_start.is_some_and(|was| was.now == resolved.now)
}

#[cfg(test)]
mod tests {
    use super::{
        ProvisionEnd::{Failed, Rendered, RenderedNothing},
        *,
    };

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
            baseline.end(RenderedNothing, |_| applied);
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
        baseline.end(RenderedNothing, |_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
        // The same, seen late.
        let mut baseline = begun(B, C);
        baseline.end(RenderedNothing, |_| C);
        assert!(!baseline.differs(&id(), resolved(B, C)));
        baseline.record(&id(), resolved(C, C));
        assert!(baseline.differs(&id(), resolved(B, C)));
        // The same, unseen.
        let mut baseline = begun(B, C);
        baseline.clear();
        baseline.end(RenderedNothing, |_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
    }

    #[test]
    fn what_counts_as_in_use_is_watched_until_it_is_applied() {
        let mut baseline = begun(B, C);
        assert!(baseline.watches(&id()), "a provision runs");
        baseline.end(RenderedNothing, |_| C);
        assert!(baseline.watches(&id()), "it counts as in use");
        baseline.record(&id(), resolved(B, B));
        assert!(!baseline.watches(&id()));
        assert!(
            baseline.differs(&id(), resolved(B, C)),
            "the old conf is back"
        );
    }

    #[test]
    fn values_that_came_and_went_unseen_matter_only_to_what_was_applied_once() {
        for (applied, differs) in [(None, false), (A, true)] {
            let mut ended = begun(B, applied);
            ended.end(RenderedNothing, |_| applied);
            ended.clear();
            let mut running = begun(B, applied);
            running.clear();
            running.end(RenderedNothing, |_| applied);
            for baseline in [ended, running] {
                let found = baseline.differs(&id(), resolved(B, applied));
                assert_eq!(found, differs, "{applied:?}");
            }
        }
    }

    #[test]
    fn a_value_applied_meanwhile_does_not_count_and_a_failure_is_left_to_the_retry() {
        let mut baseline = begun(B, A);
        baseline.end(RenderedNothing, |_| C);
        assert!(baseline.differs(&id(), resolved(B, C)));
        let mut baseline = begun(B, A);
        assert_eq!(baseline.need(&id(), resolved(B, A)), Need::Nothing);
        assert_eq!(baseline.need(&id(), resolved(C, A)), Need::Change);
        baseline.end(Failed, |_| A);
        assert!(baseline.differs(&id(), resolved(B, A)));
        assert_eq!(baseline.need(&id(), resolved(B, A)), Need::Nothing);
        assert_eq!(baseline.need(&id(), resolved(C, A)), Need::Change);
        baseline.end(RenderedNothing, |_| A);
        assert_eq!(baseline.need(&id(), resolved(B, A)), Need::Change);
    }

    #[test]
    fn a_provision_that_rendered_and_applied_nothing_left_its_change_stale() {
        use Need::{Change, Nothing, Stale};
        for (began, end, now, applied, need) in [
            // Degraded: it applied the old value again, or, the registry's answer being late, one in between.
            (B, Rendered, B, A, Stale),
            (B, Rendered, B, C, Stale),
            (B, Rendered, B, None, Stale),
            (B, Rendered, B, B, Nothing),
            // What came meanwhile is a change of its own.
            (B, Rendered, C, A, Change),
            (A, Rendered, B, A, Change),
            // Without any render, the command applies nothing; a failure is retried.
            (B, RenderedNothing, B, A, Nothing),
            (B, Failed, B, A, Nothing),
        ] {
            let mut baseline = begun(began, A);
            baseline.end(end, |_| applied);
            let seen = resolved(now, applied);
            let case = format!("{began:?} {end:?} {now:?} {applied:?}");
            assert_eq!(baseline.need(&id(), seen), need, "{case}");
            assert_eq!(baseline.is_stale(&id(), seen), need == Stale, "{case}");
        }
    }

    #[test]
    fn a_stale_service_stays_so_while_it_is_provisioned_again_and_until_a_provision_applies_it() {
        let (stale, mut baseline) = (resolved(B, A), begun(B, A));
        baseline.end(Rendered, |_| A);
        for end in [Failed, Rendered] {
            baseline.begin(BTreeMap::from([(id(), stale)]));
            assert_eq!(baseline.need(&id(), stale), Need::Nothing);
            assert!(baseline.is_stale(&id(), stale));
            baseline.end(end, |_| A);
            assert!(baseline.is_stale(&id(), stale));
        }
        assert_eq!(baseline.need(&id(), stale), Need::Stale);
        assert!(!baseline.is_stale(&id(), resolved(B, B)));
    }
}
