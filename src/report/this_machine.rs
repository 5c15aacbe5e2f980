//! What is said where the registry knows this machine only.

use super::output::Output;

/// The note of a failure that another machine's announcement would have helped.
pub(super) const NOTE: &str = "the registry is the embedded one: it knows this machine only";

/// Begins an answer about a fleet. `is_alone` is whether the registry knows this machine only.
pub(crate) fn begin_answer(out: &Output, is_alone: bool) {
    if is_alone {
        out.line("this machine only: the registry is the embedded one");
    }
}
