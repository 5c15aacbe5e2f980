//! `--dry-run` and `--stdout`: what a render would write, without locks and without a trace.

use super::{
    RenderOutcome, Results,
    files::{Files, Templates},
    swap, write,
};
use crate::{
    edge::registry::Session,
    model::{format::Format, id::Id, manifest::Manifest},
    node::Node,
    operations::inputs::Inputs,
    render::{Conf, Rendered},
    report::{Code, Failure, warnings},
    resolve::Resolution,
};

/// What is to be shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PreviewOptions {
    /// The text of the conf, instead of what a render would do.
    pub(crate) text: bool,
    /// The format that is printed, or tried as well.
    pub(crate) format: Option<Format>,
    /// Reports contain values.
    pub(crate) show_values: bool,
}

/// What a render of a service would do.
pub(crate) enum Preview {
    /// The text of its conf, with warnings.
    Text {
        bytes: Vec<u8>,
        warnings: Vec<String>,
    },
    /// The result that it would have.
    Outcome(Box<RenderOutcome>),
}

/// Shows what a render of a service would write.
pub(crate) fn preview(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    id: &Id,
    templates: &Templates,
    options: PreviewOptions,
) -> Result<Preview, Failure> {
    let (manifest, resolution) = resolve(node, session, inputs, id)?;
    if options.text && manifest.has_conf {
        return text(inputs, manifest, &resolution, templates, options);
    }
    let outcome = outcome(node, inputs, manifest, &resolution, templates, options)?;
    Ok(Preview::Outcome(Box::new(outcome)))
}

/// The results that a render of these services would have.
pub(crate) fn dry_run(
    node: &Node,
    session: &mut Session,
    inputs: &Inputs,
    ids: &[Id],
) -> Result<Results, Failure> {
    let templates = Templates::load(node)?;
    let options = PreviewOptions::default();
    let mut of = |id: &Id| {
        let (manifest, resolution) = resolve(node, session, inputs, id)?;
        outcome(node, inputs, manifest, &resolution, &templates, options)
    };
    Ok(ids.iter().map(|id| (id.clone(), of(id))).collect())
}

fn resolve<'a>(
    node: &Node,
    session: &mut Session,
    inputs: &'a Inputs,
    id: &Id,
) -> Result<(&'a Manifest, Resolution), Failure> {
    let manifest = inputs.manifest(id)?;
    let resolution = inputs.resolve(node, manifest);
    let resolution =
        resolution.map_err(|unresolved| inputs.explain(node, session, manifest, unresolved))?;
    Ok((manifest, resolution))
}

fn text(
    inputs: &Inputs,
    manifest: &Manifest,
    resolution: &Resolution,
    templates: &Templates,
    options: PreviewOptions,
) -> Result<Preview, Failure> {
    let conf = Conf {
        service: &manifest.id,
        environment: &resolution.environment,
    };
    let format = options.format.unwrap_or(Format::Shell);
    let Rendered::File(bytes) = templates.render(format, &conf)? else {
        let message = format!("`{format}` is a directory and cannot be printed");
        return Err(Failure::new(Code::Usage, message).hint("try it with `--dry-run`"));
    };
    let read_error = inputs.read_error(manifest).map(|error| &error.failure);
    let last_read = inputs.last_read.as_deref();
    let warnings = warnings(read_error, last_read, &manifest.id, resolution, &[]);
    Ok(Preview::Text { bytes, warnings })
}

fn outcome(
    node: &Node,
    inputs: &Inputs,
    manifest: &Manifest,
    resolution: &Resolution,
    templates: &Templates,
    options: PreviewOptions,
) -> Result<RenderOutcome, Failure> {
    if !manifest.has_conf {
        let report = write::report_without_conf(node, &manifest.id);
        return Ok(RenderOutcome::nothing(report));
    }
    let environment = &resolution.environment;
    if let Some(format) = options.format {
        let service = &manifest.id;
        templates.render(
            format,
            &Conf {
                service,
                environment,
            },
        )?;
    }
    let files = Files::render(node, templates, manifest, environment)?;
    let swap = swap::preview(node, &manifest.id, &files)?;
    let show_values = options.show_values;
    Ok(write::outcome(
        node,
        inputs,
        manifest,
        resolution,
        &swap,
        show_values,
    ))
}
