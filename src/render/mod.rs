//! Environment -> bytes of each format, and back. Pure: no disk, no clock; looks up no value, and does not
//! know where the bytes go.

mod conf;
mod conf_error;
mod diff;
mod difference;
mod docker;
mod dotenv;
mod envdir;
mod error;
mod json;
mod origin;
mod readback;
mod refusal;
pub(crate) mod shell;
mod systemd;
mod template;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use conf::{Conf, Rendered};
pub(crate) use diff::{DiffKind, DiffLine, diff};
pub(crate) use error::RenderError;
pub(crate) use origin::is_ours;
pub(crate) use refusal::{FormatRefusal, refusals, refused};
pub(crate) use template::{Template, check as check_template};
pub(crate) use write::render;
