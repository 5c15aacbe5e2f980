//! What is wrong with the manifests of a repository, before they are deployed (docs/sight.md). Pure: files come in as texts.

mod diagnostic;
mod files;
mod form;
mod values;

pub(crate) use diagnostic::{Diagnostic, Severity};
pub(crate) use files::{CheckedConfig, CheckedFiles, ManifestFile};
pub(crate) use form::check_form;
