//! Which services a provision would change, and which of these findings are new.

use std::collections::{BTreeMap, BTreeSet};

use super::{Baseline, Digest, Need, ProvisionEnd, Resolved};
use crate::model::id::Id;

/// What the comparison of one service found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// The digests of what is applied and of what would be rendered now.
    pub resolved: Resolved,
    /// The variables that differ, or, of a service with unmet requirements, the unmet names.
    pub names: Vec<String>,
    /// Why each of the unmet names is unmet.
    pub reasons: Vec<String>,
}

/// What an observation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is to be reported; nothing that was reported before.
    pub report: Option<Finding>,
    /// Whether the service needs a provision that is neither running nor already being retried.
    pub need: Need,
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
    unmet: BTreeMap<Id, Vec<String>>,
}

impl Differences {
    /// The services that a provision would change, with the variables that differ.
    pub(crate) fn differing(&self) -> &BTreeMap<Id, Vec<String>> {
        &self.differing
    }

    /// The services whose requirements are unmet, with the missing names and why each is missing.
    pub(crate) fn unmet(&self) -> &BTreeMap<Id, Vec<String>> {
        &self.unmet
    }

    /// The differing services that the last successful provision should have changed.
    pub(crate) fn stale(&self) -> BTreeSet<Id> {
        let stale = |(id, resolved): &(&Id, &Resolved)| self.baseline.is_stale(id, **resolved);
        let stale = self.resolved.iter().filter(stale);
        stale.map(|(id, _)| id.clone()).collect()
    }

    /// Takes the current comparison of a service.
    pub(crate) fn observe(&mut self, id: &Id, observation: Observation) -> Verdict {
        let Observation {
            resolved,
            names,
            reasons,
        } = observation;
        self.resolved.insert(id.clone(), resolved);
        self.baseline.record(id, resolved);
        let need = self.baseline.need(id, resolved);
        let report = if self.baseline.differs(id, resolved) {
            self.unmet.remove(id);
            let known = self.differing.insert(id.clone(), names.clone());
            (known != Some(names)).then_some(Finding::Change)
        } else if resolved.now.is_none() {
            self.differing.remove(id);
            let named = names.iter().zip(&reasons);
            let unmet = named.map(|(name, reason)| format!("{name}: {reason}"));
            let unmet: Vec<String> = unmet.collect();
            let known = self.unmet.insert(id.clone(), unmet.clone());
            (known != Some(unmet)).then_some(Finding::Unmet)
        } else {
            self.unmet.remove(id);
            self.differing.remove(id).map(|_| Finding::UpToDate)
        };
        Verdict { report, need }
    }

    /// Forgets a service that cannot be compared: its manifest is bad or gone, or its registry was not read yet.
    pub(crate) fn forget(&mut self, id: &Id) {
        self.differing.remove(id);
        self.resolved.remove(id);
        self.unmet.remove(id);
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

    /// The provision ended; `applied` gives what each service has applied now.
    pub(crate) fn provision_ended(
        &mut self,
        end: ProvisionEnd,
        applied: impl Fn(&Id) -> Option<Digest>,
    ) {
        self.baseline.end(end, applied);
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
            reasons: vec!["nothing provides it".to_owned(); names.len()],
        }
    }

    #[test]
    fn each_finding_is_reported_once() {
        use Finding::{Change, Unmet, UpToDate};
        let cases = [
            (A, A, &[][..], None),
            (B, A, &["DB"], Some(Change)),
            (B, A, &["DB"], None),
            (B, A, &["DB", "KEY"], Some(Change)),
            (A, A, &[], Some(UpToDate)),
            (A, A, &[], None),
            (None, A, &["DB_URL"], Some(Unmet)),
            (None, A, &["DB_URL"], None),
            (B, A, &["DB"], Some(Change)),
            (None, A, &["DB_URL"], Some(Unmet)),
            (A, A, &[], None),
        ];
        let id = Id::parse("www").unwrap();
        let mut differences = Differences::default();
        for (step, (now, applied, names, report)) in cases.into_iter().enumerate() {
            let verdict = differences.observe(&id, observation(now, applied, names));
            let differs = now.is_some() && now != applied;
            let need = if differs { Need::Change } else { Need::Nothing };
            assert_eq!(verdict, Verdict { report, need }, "step {step}");
            assert_eq!(
                differences.differing().contains_key(&id),
                differs,
                "step {step}"
            );
            assert_eq!(
                differences.unmet().contains_key(&id),
                now.is_none(),
                "step {step}"
            );
        }
    }

    #[test]
    fn a_change_that_the_running_provision_serves_needs_no_other() {
        let id = Id::parse("www").unwrap();
        let mut differences = Differences::default();
        let change = observation(B, A, &["DB"]);
        let need = |differences: &mut Differences| differences.observe(&id, change.clone()).need;
        assert_eq!(need(&mut differences), Need::Change);
        differences.provision_started();
        assert_eq!(need(&mut differences), Need::Nothing);
        differences.provision_ended(ProvisionEnd::Failed, |_| A);
        // A failed provision is retried by the queue.
        assert_eq!(need(&mut differences), Need::Nothing);
        differences.provision_started();
        differences.provision_ended(ProvisionEnd::Rendered, |_| A);
        assert_eq!(need(&mut differences), Need::Stale);
        assert!(differences.stale().contains(&id));
        differences.provision_started();
        // The command applies nothing: what it was started for counts as in use.
        differences.provision_ended(ProvisionEnd::RenderedNothing, |_| A);
        let verdict = differences.observe(&id, change.clone());
        let expected = (Some(Finding::UpToDate), Need::Nothing);
        assert_eq!((verdict.report, verdict.need), expected);
        assert!(differences.stale().is_empty());
        differences.registry_listed();
        assert_eq!(differences.observe(&id, change.clone()).need, Need::Change);
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
