//! HAProxy's file: from the view, by a template, and parsed back before anything is replaced.

use std::path::PathBuf;

use super::view::View;

mod binds;
mod candidate;
mod certificates;
mod error;
mod maps;
mod parse;
mod readback;
mod shape;
mod template;
mod words;

pub(crate) use binds::{BoundAddress, bound_addresses};
pub(crate) use candidate::render;
pub(crate) use certificates::{Certificate, certificate_paths};
pub(crate) use error::{CandidateError, FileProblem};
pub(crate) use parse::{ParsedFile, ParsedServer, ProxySection, parse};

/// The first line of every file that reconf writes for HAProxy; a file without it is never replaced.
pub(crate) const HEADER: &str = "# Written by reconf from the registry.";

/// The built-in template.
pub(crate) const BUILT_IN: &str = include_str!("../../../templates/haproxy.cfg.hbs");

/// A file that was rendered and parsed back, and is still to be checked by HAProxy.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The file.
    pub bytes: Vec<u8>,
    /// The shape of the file, whether or not its template says it; `parsed.shape` is what HAProxy will say.
    pub shape: String,
    /// The files of routes that it names, with their content.
    pub maps: Vec<(PathBuf, Vec<u8>)>,
    /// What stands in it.
    pub parsed: ParsedFile,
    /// The view with `shape` and `map` filled in.
    pub view: View,
}

#[cfg(test)]
mod tests;
