//! Collects per-service results: each service stands alone, and the exit code is that of the first failure, by id.

use super::{Code, Failure, Output, output::Report};
use crate::model::id::Id;

/// How a command ends: with success, with a code whose reason was reported already, or with a failure to report.
pub(crate) type Ended = Result<Option<Code>, Failure>;

/// The sum of per-service results.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    failed: Option<FirstFailure>,
    changed: bool,
}

/// The failure that decides the exit code.
#[derive(Debug)]
struct FirstFailure {
    /// Nothing for a failure of the command as a whole, which comes after those of services.
    service: Option<Id>,
    code: Code,
}

impl Tally {
    /// Counts a service that succeeded.
    pub(crate) fn done(&mut self, changed: bool) {
        self.changed |= changed;
    }

    /// Reports and counts the result of a service.
    pub(crate) fn report(
        &mut self,
        out: &Output,
        service: &Id,
        result: Result<impl Report, Failure>,
    ) {
        match result {
            Ok(report) => {
                out.report(&report);
                self.done(report.changed());
            }
            Err(failure) => self.fail(out, Some(service), &failure),
        }
    }

    /// Reports and counts a failure.
    pub(crate) fn fail(&mut self, out: &Output, service: Option<&Id>, failure: &Failure) {
        out.failure(service, failure);
        self.count(service, failure.code);
    }

    fn count(&mut self, service: Option<&Id>, code: Code) {
        let order = |service: Option<&Id>| (service.is_none(), service.cloned());
        let is_first = |first: &FirstFailure| order(service) < order(first.service.as_ref());
        if self.failed.as_ref().is_none_or(is_first) {
            let service = service.cloned();
            self.failed = Some(FirstFailure { service, code });
        }
    }

    /// The code to end with. A failure beats a change, and a change counts only where the caller asked for `detailed`
    /// codes.
    pub(crate) fn code(&self, detailed: bool) -> Option<Code> {
        let changed = (detailed && self.changed).then_some(Code::Changed);
        self.failed.as_ref().map(|first| first.code).or(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failed_service_decides_whatever_is_reported_first() {
        type Failures = &'static [(Option<&'static str>, Code)];
        let cases: [(Failures, Option<Code>); 6] = [
            (&[], Some(Code::Changed)),
            (&[(None, Code::OnChange)], Some(Code::OnChange)),
            (
                &[(Some("b"), Code::Unmet), (Some("a"), Code::Data)],
                Some(Code::Data),
            ),
            (
                &[(Some("a"), Code::Unmet), (Some("b"), Code::Data)],
                Some(Code::Unmet),
            ),
            (
                &[(Some("a"), Code::Unmet), (Some("a"), Code::Data)],
                Some(Code::Unmet),
            ),
            (
                &[(None, Code::OnChange), (Some("a"), Code::Data)],
                Some(Code::Data),
            ),
        ];
        for (failures, expected) in cases {
            let mut tally = Tally::default();
            tally.done(true);
            for (service, code) in failures {
                let service = service.map(|id| Id::parse(id).unwrap());
                tally.count(service.as_ref(), *code);
            }
            assert_eq!(tally.code(true), expected, "{failures:?}");
        }
    }
}
