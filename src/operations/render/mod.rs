//! Rendering services: lock, read, resolve, render, write, publish (section 7).

mod applied;
mod batch;
mod drain;
mod files;
mod many_locks;
mod on_change;
mod ports;
mod preview;
mod publish;
mod swap;
mod versions;
mod wait;
mod write;

pub(crate) use applied::{Seen, mark_applied};
pub(crate) use batch::{Batch, render};
pub(crate) use files::{Templates, access};
pub(crate) use on_change::{refuse_nested as refuse_nested_on_change, run as run_on_change};
pub(crate) use preview::{Preview, PreviewOptions, dry_run, preview};
pub(crate) use wait::{retry, waiting};

use std::time::Duration;

use crate::{
    model::{applied::AppliedRecord, id::Id},
    report::{Failure, RenderReport},
};

/// How confs are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RenderOptions {
    /// The conf stays pending until it is marked as applied.
    pub(crate) awaits: bool,
    /// Waits for running tasks, this long at most.
    pub(crate) drain: Option<Duration>,
    /// Reports contain values.
    pub(crate) show_values: bool,
}

/// The result of one service.
pub(crate) struct RenderOutcome {
    pub(crate) report: RenderReport,
    /// What changes, a variable a line.
    pub(crate) diff: Vec<String>,
    /// The record to publish; `None` while the conf is pending, or where the registry was not read.
    record: Option<AppliedRecord>,
}

impl RenderOutcome {
    /// The outcome of a service without a conf.
    fn nothing(report: RenderReport) -> Self {
        Self {
            report,
            diff: Vec::new(),
            record: None,
        }
    }
}

/// The services in the order of their ids, with the result of each.
pub(crate) type Results = Vec<(Id, Result<RenderOutcome, Failure>)>;
