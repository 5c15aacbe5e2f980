//! Environment -> bytes of each format, and back. Pure: no disk, no clock; it does not know where values come from
//! or where the bytes go.

mod diff;
mod docker;
mod dotenv;
mod envdir;
mod error;
mod json;
mod readback;
mod refusal;
#[cfg(test)]
mod sample;
pub(crate) mod shell;
mod systemd;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use diff::{DiffKind, DiffLine, diff};
pub(crate) use error::{ConfError, RenderError};
pub(crate) use refusal::refusals;
pub(crate) use template::Template;

use crate::model::{environment::Environment, format::Format, id::Id};

/// What is rendered: the finished environment of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conf<'a> {
    /// The service.
    pub service: &'a Id,
    /// Its variables.
    pub environment: &'a Environment,
}

/// What is to be written for one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// The bytes of a file.
    File(Vec<u8>),
    /// A directory: file name -> bytes.
    Directory(BTreeMap<String, Vec<u8>>),
}

/// Variables as a reader returns them, in the order of the text.
pub(crate) type Pairs = Vec<(String, Vec<u8>)>;

/// Renders a conf in one format, through the replacement of its template if one is given, and proves by reading the
/// result back that it says what was resolved.
///
/// # Errors
/// [`RenderError`]: a variable that the format cannot carry, a bad template, or a result that reads back differently.
pub(crate) fn render(
    format: Format,
    conf: &Conf<'_>,
    template: Option<&Template>,
) -> Result<Rendered, RenderError> {
    let refused = refusals(conf.environment, &[format]);
    if !refused.is_empty() {
        return Err(RenderError::Refused(refused));
    }
    let rendered = match (format, template) {
        (Format::Json, None) => Rendered::File(json::write(conf.environment)),
        (Format::Envdir, None) => Rendered::Directory(envdir::write(conf.environment)),
        (Format::Json | Format::Envdir, Some(_)) => return Err(RenderError::BuiltIn(format)),
        (_, Some(replacement)) => Rendered::File(template::fill(replacement, conf)?),
        (Format::Shell, None) => Rendered::File(shell::write(conf)),
        (_, None) => Rendered::File(template::fill(&Template::built_in(format), conf)?),
    };
    readback::check(format, conf, &rendered)?;
    Ok(rendered)
}
