//! Collects per-service results: each service stands alone, and the exit code is that of the first failure, by id.

use super::{Code, Failure, Output, output::Report};
use crate::model::id::Id;

/// How a command ends: with success, with a code whose reason was reported already, or with a failure to report.
pub(crate) type Ended = Result<Option<Code>, Failure>;

/// The sum of per-service results. Services are reported in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    failed: Option<Code>,
    changed: bool,
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
        self.failed.get_or_insert(failure.code);
    }

    /// The code to end with. A failure beats a change, and a change counts only where the caller asked for `detailed`
    /// codes.
    pub(crate) fn code(&self, detailed: bool) -> Option<Code> {
        let changed = (detailed && self.changed).then_some(Code::Changed);
        self.failed.or(changed)
    }
}
