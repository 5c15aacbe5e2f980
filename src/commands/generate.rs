//! `reconf generate`: man pages, completions and schemas, from the definitions that the binary itself uses.

use std::path::Path;

use serde_json::json;

use crate::{
    balance::view::View,
    cli::{self, GenerateArgs, GenerateTarget, SchemaName},
    edge::files::{self, Access, Written},
    model::schema,
    report::{Ended, Output},
};

/// `reconf generate`.
pub(super) fn run(out: &Output, args: &GenerateArgs) -> Ended {
    match &args.target {
        GenerateTarget::Man(args) => return man(out, args.directory.as_deref()),
        GenerateTarget::Completions(args) => out.text(&cli::completions(args.shell)),
        GenerateTarget::Schema(args) => out.text(&schema_of(args.name)),
    }
    Ok(None)
}

fn man(out: &Output, directory: Option<&Path>) -> Ended {
    let pages = cli::pages();
    let Some(directory) = directory else {
        let texts: Vec<&str> = pages.iter().map(|page| page.text.as_str()).collect();
        out.text(&texts.concat());
        return Ok(None);
    };
    files::make_dir(directory, 0o755)?;
    for page in &pages {
        let path = directory.join(&page.file);
        let written = files::write(&path, page.text.as_bytes(), &Access::READABLE)?;
        if out.is_json() {
            out.object(&json!({"path": path, "changed": written != Written::Unchanged}));
        }
    }
    out.line(&format!(
        "{} man pages in {}",
        pages.len(),
        directory.display()
    ));
    Ok(None)
}

fn schema_of(name: SchemaName) -> String {
    match name {
        SchemaName::Manifest => schema::MANIFEST.to_owned(),
        SchemaName::Config => schema::CONFIG.to_owned(),
        SchemaName::Configuration => schema::CONFIGURATION.to_owned(),
        SchemaName::View => View::schema(),
    }
}
