//! Filling a template, with the helpers that only a template for HAProxy has.

use std::net::{IpAddr, Ipv6Addr};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason,
    ScopedJson,
};
use serde_json::{Value, json};

use super::CandidateError;
use crate::balance::view::View;

/// What a helper makes of its parameters and the whole view.
type Rule = fn(&[&Value], &Value) -> Option<Value>;

/// Each helper with the number of its parameters.
const HELPERS: [(&str, usize, Rule); 5] = [
    ("endpoint", 2, endpoint),
    ("is_host_name", 1, is_host_name),
    ("any_host_name", 1, any_host_name),
    ("pool_named", 1, pool_named),
    ("has_port", 1, has_port),
];

/// Fills a template with a view. What does not exist is an error; nothing is escaped.
///
/// # Errors
/// [`CandidateError::Template`] if it does not parse or names something that does not exist.
pub(super) fn fill(name: &str, text: &str, view: &View) -> Result<String, CandidateError> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    for (helper, parameters, rule) in HELPERS {
        handlebars.register_helper(helper, Box::new(Lookup { parameters, rule }));
    }
    let failed =
        |place: (Option<usize>, Option<usize>), message: String| CandidateError::Template {
            template: name.to_owned(),
            line: place.0,
            column: place.1,
            message,
        };
    handlebars
        .register_template_string(name, text)
        .map_err(|e| failed(e.pos().unzip(), clause(&e.reason().to_string())))?;
    handlebars
        .render(name, view)
        .map_err(|e| failed((e.line_no, e.column_no), explain(e.reason())))
}

/// A helper that returns a value.
struct Lookup {
    parameters: usize,
    rule: Rule,
}

impl HelperDef for Lookup {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let wrong = |why: String| RenderErrorReason::Other(format!("`{}` {why}", helper.name()));
        let given = helper.params();
        if given.len() != self.parameters {
            let wanted = self.parameters;
            return Err(wrong(format!("takes {wanted}, not {} values", given.len())).into());
        }
        if let Some(missing) = given.iter().find(|parameter| parameter.is_value_missing()) {
            let path = missing.relative_path().cloned();
            return Err(RenderErrorReason::MissingVariable(path).into());
        }
        let values: Vec<&Value> = given.iter().map(handlebars::PathAndJson::value).collect();
        let found = (self.rule)(&values, context.data());
        let found = found.ok_or_else(|| wrong(format!("knows nothing of {}", values[0])))?;
        Ok(ScopedJson::Derived(found))
    }
}

/// `ADDRESS:PORT`; an IPv6 address is put in brackets.
fn endpoint(values: &[&Value], _: &Value) -> Option<Value> {
    let (host, port) = (values[0].as_str()?, values[1].as_u64()?);
    let text = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]:{port}"),
        Err(_) => format!("{host}:{port}"),
    };
    Some(Value::String(text))
}

/// Whether HAProxy has to resolve an address.
fn is_host_name(values: &[&Value], _: &Value) -> Option<Value> {
    Some(json!(values[0].as_str()?.parse::<IpAddr>().is_err()))
}

/// Whether HAProxy has to resolve the address of any server of some pools.
fn any_host_name(values: &[&Value], _: &Value) -> Option<Value> {
    let pools = values[0].as_array()?.iter();
    let mut servers = pools.flat_map(|pool| pool["servers"].as_array().into_iter().flatten());
    let named = |server: &Value| {
        let address = server["address"].as_str();
        address.is_some_and(|text| text.parse::<IpAddr>().is_err())
    };
    Some(json!(servers.any(named)))
}

/// The pool of a name.
fn pool_named(values: &[&Value], view: &Value) -> Option<Value> {
    let pools = view["pools"].as_array()?;
    pools
        .iter()
        .find(|pool| pool["name"] == *values[0])
        .cloned()
}

/// Whether the pool of a name is that of a local port.
fn has_port(values: &[&Value], view: &Value) -> Option<Value> {
    let ports = view["ports"].as_array()?;
    Some(json!(ports.iter().any(|port| port["pool"] == *values[0])))
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
    let mut line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    line
}
