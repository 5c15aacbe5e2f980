//! Which services a provision would change, and which of these findings are new.

use std::collections::{BTreeMap, BTreeSet};

use super::{Baseline, Digest, Resolved};
use crate::model::id::Id;

/// What the comparison of one service found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// The digests of what is applied and of what would be rendered now.
    pub resolved: Resolved,
    /// The variables that differ, or, of a service with unmet requirements, the unmet names.
    pub names: Vec<String>,
}

/// What an observation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is to be reported; nothing that was reported before.
    pub report: Option<Finding>,
    /// Whether the service needs a provision that is neither running nor already being retried.
    pub needs_provision: bool,
}

/// What is reported of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Its applied values differ from the current ones.
    Change,
    /// They no longer differ.
    UpToDate,
    /// Requirements are unmet.
    Unmet,
}

/// The services whose applied values differ from what a provision would apply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences {
    baseline: Baseline,
    resolved: BTreeMap<Id, Resolved>,
    differing: BTreeMap<Id, Vec<String>>,
    unmet: BTreeSet<Id>,
}

impl Differences {
    /// The services that a provision would change, with the variables that differ.
    pub(crate) fn differing(&self) -> &BTreeMap<Id, Vec<String>> {
        &self.differing
    }

    /// Takes the current comparison of a service.
    pub(crate) fn observe(&mut self, id: &Id, observation: Observation) -> Verdict {
        let Observation { resolved, names } = observation;
        self.resolved.insert(id.clone(), resolved);
        self.baseline.record(id, resolved);
        let needs_provision = self.baseline.needs_provision(id, resolved);
        let report = if self.baseline.differs(id, resolved) {
            self.unmet.remove(id);
            let known = self.differing.insert(id.clone(), names.clone());
            (known != Some(names)).then_some(Finding::Change)
        } else if resolved.now.is_none() {
            self.differing.remove(id);
            self.unmet.insert(id.clone()).then_some(Finding::Unmet)
        } else {
            self.unmet.remove(id);
            self.differing.remove(id).map(|_| Finding::UpToDate)
        };
        Verdict {
            report,
            needs_provision,
        }
    }

    /// Forgets a service that cannot be compared: its manifest is bad or gone, or its registry was not read yet.
    pub(crate) fn forget(&mut self, id: &Id) {
        self.differing.remove(id);
        self.resolved.remove(id);
    }

    /// Whether even a momentary value of the service has to be recorded.
    pub(crate) fn watches(&self, id: &Id) -> bool {
        self.baseline.watches(id)
    }

    /// Records what a service resolves to, if only for a moment.
    pub(crate) fn record(&mut self, id: &Id, resolved: Resolved) {
        self.baseline.record(id, resolved);
    }

    /// The registry was listed anew, so values may have come and gone unseen.
    pub(crate) fn registry_listed(&mut self) {
        self.baseline.clear();
    }

    /// A provision starts from the latest observations.
    pub(crate) fn provision_started(&mut self) {
        self.baseline.begin(self.resolved.clone());
    }

    /// The provision succeeded; `applied` gives what each service has applied now.
    pub(crate) fn provision_succeeded(&mut self, applied: impl Fn(&Id) -> Option<Digest>) {
        self.baseline.succeeded(applied);
    }

    /// The provision failed.
    pub(crate) fn provision_failed(&mut self) {
        self.baseline.failed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<Digest> = Some([1; 32]);
    const B: Option<Digest> = Some([2; 32]);

    fn observation(now: Option<Digest>, applied: Option<Digest>, names: &[&str]) -> Observation {
        Observation {
            resolved: Resolved { now, applied },
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn each_finding_is_reported_once() {
        use Finding::{Change, Unmet, UpToDate};
        let cases = [
            (A, A, &[][..], None, false),
            (B, A, &["DB"], Some(Change), true),
            (B, A, &["DB"], None, true),
            (B, A, &["DB", "KEY"], Some(Change), true),
            (A, A, &[], Some(UpToDate), false),
            (A, A, &[], None, false),
            (None, A, &["DB_URL"], Some(Unmet), false),
            (None, A, &["DB_URL"], None, false),
            (B, A, &["DB"], Some(Change), true),
            (None, A, &["DB_URL"], Some(Unmet), false),
            (A, A, &[], None, false),
        ];
        let id = Id::parse("www").unwrap();
        let mut differences = Differences::default();
        for (step, (now, applied, names, report, needs_provision)) in cases.into_iter().enumerate()
        {
            let verdict = differences.observe(&id, observation(now, applied, names));
            let expected = Verdict {
                report,
                needs_provision,
            };
            assert_eq!(verdict, expected, "step {step}");
            let differs = differences.differing().contains_key(&id);
            assert_eq!(differs, needs_provision, "step {step}");
        }
    }

    #[test]
    fn a_change_that_the_running_provision_serves_needs_no_other() {
        let id = Id::parse("www").unwrap();
        let mut differences = Differences::default();
        let change = observation(B, A, &["DB"]);
        assert!(differences.observe(&id, change.clone()).needs_provision);
        differences.provision_started();
        assert!(!differences.observe(&id, change.clone()).needs_provision);
        differences.provision_failed();
        // A failed provision is retried by the queue.
        assert!(!differences.observe(&id, change.clone()).needs_provision);
        differences.provision_started();
        // The command applies nothing: what it was started for counts as in use.
        differences.provision_succeeded(|_| A);
        let verdict = differences.observe(&id, change.clone());
        assert_eq!(
            (verdict.report, verdict.needs_provision),
            (Some(Finding::UpToDate), false)
        );
        differences.registry_listed();
        assert!(differences.observe(&id, change).needs_provision);
    }

    #[test]
    fn a_service_that_cannot_be_compared_is_forgotten() {
        let id = Id::parse("www").unwrap();
        let mut differences = Differences::default();
        differences.observe(&id, observation(B, A, &["DB"]));
        differences.forget(&id);
        assert!(differences.differing().is_empty());
        let verdict = differences.observe(&id, observation(B, A, &["DB"]));
        assert_eq!(verdict.report, Some(Finding::Change));
    }
}
