//! `--dry-run` and `--stdout`: what would be written, without locks and without a trace.

use super::{
    Done,
    files::{Files, Templates},
    swap, tell, write,
};
use crate::{
    cli,
    commands::{
        Ended, Tally,
        known::Learn,
        node::{Node, read_text},
        view::View,
    },
    edge::registry::Session,
    model::{format::Format, id::Id, manifest::Manifest},
    render::{Conf, Rendered, Template, diff},
    report::{self, Code, Failure},
    resolve::Resolution,
};

/// Shows what a render of these services would write.
pub(super) fn run(node: &Node, session: &mut Session, ids: &[Id], args: &cli::Render) -> Ended {
    let format = args.format.unwrap_or(Format::Shell);
    let templates = Templates::load(node)?.with(format, template(args)?);
    let view = View::load(node, session, ids, Learn::Forget, |_, _, _| {})?;
    let mut tally = Tally::default();
    for id in ids {
        let result = resolve(node, session, &view, id).and_then(|(manifest, resolution)| {
            if args.stdout {
                print(node, &view, manifest, &resolution, &templates, format)?;
                Ok(None)
            } else {
                let done = compare(node, &view, manifest, &resolution, &templates, args)?;
                Ok(Some(done))
            }
        });
        match result {
            Ok(None) => tally.done(false),
            Ok(Some(done)) => tell(node, id, &Ok(done), args.diff, &mut tally),
            Err(failure) => tell(node, id, &Err(failure), false, &mut tally),
        }
    }
    Ok(tally.code(args.detailed_exitcode))
}

fn resolve<'a>(
    node: &Node,
    session: &mut Session,
    view: &'a View,
    id: &Id,
) -> Result<(&'a Manifest, Resolution), Failure> {
    let manifest = view.manifest(id)?;
    Ok((manifest, view.resolve(node, session, manifest)?))
}

fn template(args: &cli::Render) -> Result<Option<Template>, Failure> {
    let Some(path) = &args.template else {
        return Ok(None);
    };
    let name = path.display().to_string();
    let text = read_text(path, Code::Data)?
        .ok_or_else(|| Failure::new(Code::NoInput, format!("there is no template `{name}`")))?;
    Ok(Some(Template { name, text }))
}

fn print(
    node: &Node,
    view: &View,
    manifest: &Manifest,
    resolution: &Resolution,
    templates: &Templates,
    format: Format,
) -> Result<(), Failure> {
    let conf = Conf {
        service: &manifest.id,
        environment: &resolution.environment,
    };
    let Rendered::File(bytes) = templates.render(format, &conf)? else {
        let message = format!("`{format}` is a directory and cannot be printed");
        return Err(Failure::new(Code::Usage, message).hint("try it with `--dry-run`"));
    };
    for warning in report::warnings(view.unread_failure(manifest), &manifest.id, resolution, &[]) {
        node.tell.warning(&warning);
    }
    node.tell.data(&bytes);
    Ok(())
}

fn compare(
    node: &Node,
    view: &View,
    manifest: &Manifest,
    resolution: &Resolution,
    templates: &Templates,
    args: &cli::Render,
) -> Result<Done, Failure> {
    let environment = &resolution.environment;
    let conf = Conf {
        service: &manifest.id,
        environment,
    };
    if let Some(format) = args.format {
        templates.render(format, &conf)?;
    }
    let files = Files::render(node, templates, manifest, environment)?;
    let swap = swap::preview(node, &manifest.id, &files)?;
    let lines = diff(swap.base.as_deref(), environment, args.show_values);
    let mut rendered = write::outcome(node, manifest, environment, &swap, &lines, args.show_values);
    rendered.degraded = write::is_degraded(view, manifest, environment);
    rendered.warnings =
        report::warnings(view.unread_failure(manifest), &manifest.id, resolution, &[]);
    Ok(Done {
        rendered,
        diff: lines.iter().map(ToString::to_string).collect(),
        applied: None,
    })
}
