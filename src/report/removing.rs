//! The report of `remove` for one service.

use std::path::PathBuf;

use serde::Serialize;

use super::{announcing::WithdrawReport, output::Report};
use crate::model::{id::Id, key::Key};

/// What `remove` did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RemoveReport {
    /// The service.
    pub service: Id,
    /// Whether anything was removed: it always is.
    pub changed: bool,
    /// The keys of what was taken back.
    pub withdrawn: Vec<String>,
    /// The files that were removed, beside state and locks.
    pub removed: Vec<String>,
    /// Warnings, one lower-case clause each.
    pub warnings: Vec<String>,
}

impl RemoveReport {
    /// Nothing done yet.
    pub(crate) fn new(service: &Id) -> Self {
        Self {
            service: service.clone(),
            changed: true,
            withdrawn: Vec::new(),
            removed: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds what was withdrawn and removed, and the files that reconf did not write.
    pub(crate) fn add(
        &mut self,
        withdrawal: WithdrawReport,
        removed: &[PathBuf],
        left: &[PathBuf],
    ) {
        let WithdrawReport {
            withdrawn,
            warnings,
            ..
        } = withdrawal;
        self.withdrawn = withdrawn;
        self.warnings = warnings;
        let shown = removed.iter().map(|path| path.display().to_string());
        self.removed = shown.collect();
        let left = left.iter().map(|path| {
            let path = path.display();
            format!("left `{path}`: reconf did not write it as it is")
        });
        self.warnings.extend(left);
    }
}

impl Report for RemoveReport {
    fn line(&self) -> Option<String> {
        let names = self.withdrawn.iter().filter_map(|path| Key::parse(path));
        let names: Vec<String> = names.map(|(_, key)| key.name.to_string()).collect();
        let withdrawn = if names.is_empty() {
            String::new()
        } else {
            format!("withdrawn {}; ", names.join(", "))
        };
        Some(format!(
            "{}: {withdrawn}removed from this node",
            self.service
        ))
    }

    fn details(&self) -> Vec<String> {
        self.removed
            .iter()
            .map(|path| format!("  {path}"))
            .collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn changed(&self) -> bool {
        self.changed
    }
}
