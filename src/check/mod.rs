//! What is wrong with the manifests of a repository, before they are deployed (docs/sight.md). Pure: files come in as texts.

mod cycles;
mod diagnostic;
mod files;
mod form;
mod formats;
mod items;
mod keys;
mod matrix;
mod missing;
mod needs;
mod pairs;
mod ports;
mod provided;
mod repository;
mod source;
mod values;
mod whole;

pub(crate) use diagnostic::{Diagnostic, Severity};
pub(crate) use files::{AnnouncedNames, CheckedConfig, CheckedFiles, FormatRule, ManifestFile};
pub(crate) use form::check_form;
pub(crate) use items::Items;
pub(crate) use matrix::{MatrixRow, MatrixState};
pub(crate) use whole::{Checked, check_repository};
