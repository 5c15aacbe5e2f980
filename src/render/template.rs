//! Templates: their data, their quoting helpers, and their errors.

use std::collections::BTreeMap;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
};
use serde::Serialize;
use serde_json::Value;

use super::{conf::Conf, dotenv, error::RenderError, json, shell, systemd};
use crate::model::{
    environment::{Environment, Source, Variable},
    format::Format,
    name::Name,
};

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Its name in messages.
    pub name: String,
    /// Its text, in Handlebars.
    pub text: String,
}

impl Template {
    /// The built-in template of a format; empty for formats whose writer is code.
    pub(super) fn built_in(format: Format) -> Self {
        let text = match format {
            Format::Shell => include_str!("../../templates/shell.hbs"),
            Format::Systemd => include_str!("../../templates/systemd.hbs"),
            Format::Docker => include_str!("../../templates/docker.hbs"),
            Format::Dotenv => include_str!("../../templates/dotenv.hbs"),
            Format::Json | Format::Envdir => "",
        };
        Self {
            name: format!("{format}.hbs"),
            text: text.to_owned(),
        }
    }
}

/// The data of a template. Values are below `env` and in `variables`, where no built-in helper can shadow them.
#[derive(Serialize)]
struct Data<'a> {
    service: &'a str,
    count: usize,
    env: BTreeMap<&'a Name, &'a str>,
    variables: Vec<VariableRow<'a>>,
}

#[derive(Serialize)]
struct VariableRow<'a> {
    name: &'a Name,
    value: &'a str,
    source: Source,
}

impl<'a> Data<'a> {
    fn new(conf: &Conf<'a>) -> Self {
        let environment: &'a Environment = conf.environment;
        let row = |(name, variable)| {
            let variable: &'a Variable = variable;
            VariableRow {
                name,
                value: &variable.value,
                source: variable.source,
            }
        };
        Self {
            service: conf.service.as_str(),
            count: environment.len(),
            env: environment
                .iter()
                .map(|(n, v)| (n, v.value.as_str()))
                .collect(),
            variables: environment.iter().map(row).collect(),
        }
    }
}

/// Checks that a template parses.
///
/// # Errors
/// [`RenderError::Template`].
pub(crate) fn check(template: &Template) -> Result<(), RenderError> {
    register(&mut Handlebars::new(), template)
}

/// Fills one template.
///
/// # Errors
/// [`RenderError::Template`] if it does not parse or names something that does not exist.
pub(super) fn fill(template: &Template, conf: &Conf<'_>) -> Result<Vec<u8>, RenderError> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // The helpers quote; HTML escapes would break URLs.
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.register_helper("shell", Box::new(Quote(shell_text)));
    handlebars.register_helper("systemd", Box::new(Quote(systemd::quote)));
    handlebars.register_helper("dotenv", Box::new(Quote(dotenv::quote)));
    handlebars.register_helper("json", Box::new(Quote(json::quote)));
    register(&mut handlebars, template)?;
    let text = handlebars
        .render(&template.name, &Data::new(conf))
        .map_err(|e| failed(template, (e.line_no, e.column_no), explain(e.reason())))?;
    Ok(text.into_bytes())
}

fn register(handlebars: &mut Handlebars<'_>, template: &Template) -> Result<(), RenderError> {
    handlebars
        .register_template_string(&template.name, &template.text)
        .map_err(|e| failed(template, e.pos().unzip(), clause(&e.reason().to_string())))
}

fn failed(
    template: &Template,
    (line, column): (Option<usize>, Option<usize>),
    message: String,
) -> RenderError {
    RenderError::Template {
        template: template.name.clone(),
        line,
        column,
        message,
    }
}

/// A helper that quotes its one parameter.
struct Quote(fn(&str) -> String);

impl HelperDef for Quote {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let wrong = |why: String| RenderErrorReason::Other(format!("`{}` {why}", helper.name()));
        let [parameter] = helper.params().as_slice() else {
            return Err(wrong("takes exactly one value".to_owned()).into());
        };
        if parameter.is_value_missing() {
            let path = parameter.relative_path().cloned();
            return Err(RenderErrorReason::MissingVariable(path).into());
        }
        let text = match parameter.value() {
            Value::String(text) => (self.0)(text),
            Value::Number(number) => (self.0)(&number.to_string()),
            _ => return Err(wrong("accepts strings and numbers only".to_owned()).into()),
        };
        out.write(&text)?;
        Ok(())
    }
}

fn shell_text(value: &str) -> String {
    String::from_utf8_lossy(&shell::quote(value.as_bytes())).into_owned()
}

fn explain(reason: &RenderErrorReason) -> String {
    match reason {
        RenderErrorReason::MissingVariable(Some(path)) => format!("`{path}` does not exist"),
        RenderErrorReason::HelperNotFound(name) => format!("unknown helper `{name}`"),
        other => clause(&other.to_string()),
    }
}

/// Handlebars' message on one line, starting in lower case.
fn clause(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    line
}
