//! Renders a conf in one format.

use super::{
    conf::{Conf, Rendered},
    envdir,
    error::RenderError,
    json, readback,
    refusal::refusals,
    shell,
    template::{self, Template},
};
use crate::model::format::Format;

/// Renders a conf in one format, with a custom template if one is given, and reads the result back to prove that it has
/// exactly the resolved variables.
///
/// # Errors
/// A variable that the format cannot represent, a bad template, or a result that reads back differently.
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
        (_, Some(custom)) => Rendered::File(template::fill(custom, conf)?),
        (Format::Shell, None) => Rendered::File(shell::write(conf)),
        (_, None) => Rendered::File(template::fill(&Template::built_in(format), conf)?),
    };
    readback::check(format, conf, &rendered)?;
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{id::Id, sample};

    #[test]
    fn the_shell_writer_writes_what_its_template_renders() {
        let pairs = [
            ("A", ""),
            ("B", "it's\n$HOME `id` {{service}} &amp; \u{1f600}\r"),
            ("C_3", "'"),
        ];
        let service = Id::parse("app-www").unwrap();
        for count in 0..=pairs.len() {
            let environment = sample::environment(&pairs[..count]);
            let conf = Conf {
                service: &service,
                environment: &environment,
            };
            let filled = template::fill(&Template::built_in(Format::Shell), &conf);
            assert_eq!(Ok(shell::write(&conf)), filled);
        }
    }
}
