//! `reconf render`: writes the confs of services, or shows what it would write.

use std::mem;

use crate::{
    cli::RenderArgs,
    edge::{files, registry::Session},
    model::{escape::escape_line, format::Format, id::Id},
    node::{Node, last_known::Learn, manifests, templates},
    operations::{
        inputs::{self, Inputs},
        remove::orphan_warnings,
        render::{
            Preview, PreviewOptions, RenderOptions, RenderOutcome, Templates, preview,
            refuse_nested_on_change, render, retry, run_on_change, waiting,
        },
    },
    render::Template,
    report::{Code, Ended, Failure, Tally, waiting_line},
};

/// `reconf render`.
pub(super) fn run(node: &Node, args: &RenderArgs) -> Ended {
    refuse(args)?;
    let ids = manifests::select(node, &args.services)?;
    templates::warn_of_unknown(node);
    if args.services.all {
        node.out.warnings(&orphan_warnings(node));
    }
    let mut session = node.session();
    if args.stdout || args.dry_run {
        return show(node, &mut session, &ids, args);
    }
    let options = RenderOptions {
        awaits: args.await_applied || args.on_change.is_some(),
        drain: args.drain,
        show_values: args.show_values,
    };
    let (inputs, mut results) = render(node, &mut session, &ids, options)?;
    if let Some(limit) = args.wait {
        for (id, failure) in waiting(&results) {
            node.out.line(&waiting_line(id, failure, limit));
        }
        results = retry(node, results, options, limit);
    }
    let mut tally = Tally::default();
    for (id, result) in results {
        report(node, &id, result, args.diff, &mut tally);
    }
    if let Some(command) = &args.on_change {
        let limit = args.on_change_timeout;
        match run_on_change(node, &mut session, &ids, command, limit) {
            Ok(applied) => node.out.applied(&applied),
            Err(failure) => tally.fail(&node.out, None, &failure),
        }
    }
    // The process ends now: to free these one by one would take 3 % of an idle render's instructions.
    mem::forget((inputs, session));
    Ok(tally.code(args.detailed_exitcode))
}

/// `--dry-run` and `--stdout`.
fn show(node: &Node, session: &mut Session, ids: &[Id], args: &RenderArgs) -> Ended {
    let options = PreviewOptions {
        text: args.stdout,
        format: args.format,
        show_values: args.show_values,
    };
    let format = args.format.unwrap_or(Format::Shell);
    let templates = Templates::load(node)?.with(format, template(args)?);
    let manifests = manifests::load(node, ids);
    let reads = inputs::read_set(node, &manifests)?;
    let inputs = Inputs::read(node, session, manifests, reads, Learn::Forget)?;
    let mut tally = Tally::default();
    for id in ids {
        match preview(node, session, &inputs, id, &templates, options) {
            Ok(Preview::Text { bytes, warnings }) => {
                node.out.warnings(&warnings);
                node.out.file(&bytes);
                tally.done(false);
            }
            Ok(Preview::Outcome(outcome)) => report(node, id, Ok(*outcome), args.diff, &mut tally),
            Err(failure) => tally.fail(&node.out, Some(id), &failure),
        }
    }
    Ok(tally.code(args.detailed_exitcode))
}

fn template(args: &RenderArgs) -> Result<Option<Template>, Failure> {
    let Some(path) = &args.template else {
        return Ok(None);
    };
    let name = path.display().to_string();
    let text = files::read_text(path).map_err(|error| Failure::reading(error, Code::Data))?;
    let text =
        text.ok_or_else(|| Failure::new(Code::NoInput, format!("there is no template `{name}`")))?;
    Ok(Some(Template { name, text }))
}

fn report(
    node: &Node,
    id: &Id,
    result: Result<RenderOutcome, Failure>,
    diff: bool,
    tally: &mut Tally,
) {
    if let Ok(outcome) = &result
        && diff
        && !node.out.is_json()
        && !outcome.diff.is_empty()
        && let Some(path) = &outcome.report.path
    {
        let lines = [format!("{id} {path}")]
            .into_iter()
            .chain(outcome.diff.clone());
        for line in lines {
            node.out.text(&format!("{}\n", escape_line(&line)));
        }
    }
    tally.report(&node.out, id, result.map(|outcome| outcome.report));
}

/// Combinations that clap cannot refuse.
fn refuse(args: &RenderArgs) -> Result<(), Failure> {
    let shows = args.stdout || args.dry_run;
    if !shows && args.assume.is_some() {
        let message = "`--assume` only goes with `--stdout` or `--dry-run`";
        return Err(Failure::new(Code::Usage, message)
            .hint("a render writes what the files themselves say"));
    }
    if !shows && (args.format.is_some() || args.template.is_some()) {
        let message = "`--format` and `--template` only go with `--stdout` or `--dry-run`";
        return Err(Failure::new(Code::Usage, message)
            .hint("`render.formats` and the templates folder set what is written"));
    }
    if args.on_change.is_some() {
        refuse_nested_on_change()?;
    }
    Ok(())
}
