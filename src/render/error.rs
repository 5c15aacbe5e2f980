//! Errors of rendering. No message has a value, since values may be secret.

use super::{conf_error::ConfError, difference::Difference, refusal::FormatRefusal};
use crate::model::{format::Format, id::Id};

/// Why a conf was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderError {
    /// The format cannot represent these variables; never empty.
    #[error("{}", FormatRefusal::summary(.0))]
    Refused(Vec<FormatRefusal>),
    /// The format has no template, since its writer is code.
    #[error("format `{0}` does not support templates")]
    BuiltIn(Format),
    /// The template does not parse, or names something that does not exist.
    #[error("template `{template}` is not valid: {message}")]
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
    /// The shell conf exceeds the limit of `exec`.
    #[error("the shell conf of `{service}` is larger than 4 MiB, the limit of `exec`")]
    TooLarge {
        /// The service.
        service: Id,
    },
    /// The format's reader does not accept the result of the template.
    #[error("the {format} conf of `{service}` cannot be read back")]
    Unreadable {
        /// The service.
        service: Id,
        /// The format.
        format: Format,
        /// Where and why.
        source: ConfError,
    },
    /// The format's reader finds other variables than the resolved ones.
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
