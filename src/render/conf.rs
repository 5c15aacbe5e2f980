//! What is rendered, what it becomes, and what readers return.

use std::collections::BTreeMap;

use crate::model::{environment::Environment, id::Id};

/// A service with its resolved environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conf<'a> {
    /// The service.
    pub service: &'a Id,
    /// Its variables.
    pub environment: &'a Environment,
}

/// The rendered result of one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// The bytes of a file.
    File(Vec<u8>),
    /// A directory: file name -> bytes.
    Directory(BTreeMap<String, Vec<u8>>),
}

/// The variables that a reader finds, in the order of the text.
pub(crate) type Pairs = Vec<(String, Vec<u8>)>;
