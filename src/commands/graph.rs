//! `reconf graph`: who needs whom, as a picture of the registry or of a repository.

use std::path::Path;

use serde_json::json;

use crate::{
    cli::{GraphArgs, PictureFormat},
    edge::files::{self, Access, Written},
    graph::{self, BoxKind, Picture},
    node::Node,
    operations::inspect,
    report::{Code, Ended, Failure, begin_answer},
};

/// `reconf graph`.
pub(super) fn run(node: &Node, args: &GraphArgs) -> Ended {
    let format = format(args)?;
    let (picture, warnings) = if let Some(path) = &args.check {
        inspect::graph::of_repository(node, path)?
    } else {
        begin_answer(&node.out, node.settings.is_registry_of_this_machine());
        inspect::graph::of_registry(node)?
    };
    node.out.warnings(&warnings);
    if args.file.is_none() && args.format.is_none() && node.out.is_json() {
        for line in picture.lines() {
            node.out.object(&line);
        }
        return Ok(None);
    }
    let text = match format {
        PictureFormat::Dot => graph::dot(&picture),
        PictureFormat::Mermaid => graph::mermaid(&picture),
        PictureFormat::Html => graph::html(&picture),
    };
    match &args.file {
        Some(path) => write(node, path, &text, &picture)?,
        None => node.out.text(&text),
    }
    Ok(None)
}

/// The format that was asked for, or the one that the name of the file says.
fn format(args: &GraphArgs) -> Result<PictureFormat, Failure> {
    let Some(path) = args.file.as_deref().filter(|_| args.format.is_none()) else {
        return Ok(args.format.unwrap_or(PictureFormat::Dot));
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => Ok(PictureFormat::Html),
        Some("dot" | "gv") => Ok(PictureFormat::Dot),
        Some("mmd" | "mermaid") => Ok(PictureFormat::Mermaid),
        _ => {
            let message = format!("the name of `{}` says no format", path.display());
            Err(Failure::new(Code::Usage, message).hint("add `--format dot`, `mermaid` or `html`"))
        }
    }
}

fn write(node: &Node, path: &Path, text: &str, picture: &Picture) -> Result<(), Failure> {
    let written = files::write(path, text.as_bytes(), &Access::READABLE)?;
    let services = picture.box_count(BoxKind::Service);
    let unmet = picture.faults().len();
    if node.out.is_json() {
        let changed = written != Written::Unchanged;
        let (services, path) = (services, path.display().to_string());
        node.out.object(
            &json!({"path": path, "changed": changed, "services": services, "unmet": unmet}),
        );
    }
    let verb = match written {
        Written::Unchanged => "is up to date",
        Written::Repaired | Written::Changed => "written",
    };
    let counts = format!("services: {services}, unmet needs: {unmet}");
    node.out
        .line(&format!("`{}` {verb}: {counts}", path.display()));
    Ok(())
}
