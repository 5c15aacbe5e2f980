//! What can go wrong between an environment and its text. No message holds a value: values may be secret.

use std::fmt;

use super::{readback::Difference, refusal::FormatRefusal};
use crate::model::{format::Format, id::Id};

/// Why a conf was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderError {
    /// The format cannot carry these variables; never empty.
    #[error("{}", FormatRefusal::summary(.0))]
    Refused(Vec<FormatRefusal>),
    /// The format is built in code.
    #[error("format `{0}` takes no template")]
    BuiltIn(Format),
    /// The template does not parse, or asks for something that is not there.
    #[error("template `{template}` cannot be filled: {message}")]
    Template {
        /// The template's name.
        template: String,
        /// From 1, where it is known.
        line: Option<usize>,
        /// From 1, where it is known.
        column: Option<usize>,
        /// One clause.
        message: String,
    },
    /// `exec` would not read it.
    #[error("the shell conf of `{service}` is larger than 4 MiB, and `exec` reads no larger one")]
    TooLarge {
        /// The service.
        service: Id,
    },
    /// The format's reader does not understand what the template made.
    #[error("the {format} conf of `{service}` cannot be read back")]
    Unreadable {
        /// The service.
        service: Id,
        /// The format.
        format: Format,
        /// Where and why.
        source: ConfError,
    },
    /// The format's reader sees other variables than were resolved.
    #[error("the {format} conf of `{service}` reads back differently: {}", Difference::list(.differences))]
    Different {
        /// The service.
        service: Id,
        /// The format.
        format: Format,
        /// The variables that differ, sorted by name; never empty.
        differences: Vec<Difference>,
    },
}

/// A conf that is not what reconf writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ConfError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// One lower-case clause.
    pub message: String,
}

impl ConfError {
    /// An error at a byte offset of the conf.
    pub(super) fn at(conf: &[u8], offset: usize, message: impl fmt::Display) -> Self {
        let before = conf.get(..offset).unwrap_or(conf);
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |newline| newline + 1);
        // Bytes that continue a UTF-8 sequence are not characters of their own.
        let characters = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        Self {
            line: before.split(|&b| b == b'\n').count(),
            column: characters(&before[line_start..]) + 1,
            message: message.to_string(),
        }
    }
}
