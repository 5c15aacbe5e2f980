//! `reconf check`: what is wrong with manifests, before they are deployed.

use std::path::Path;

use crate::{
    check::{self, CheckedConfig, CheckedFiles, Severity},
    cli::{CheckArgs, Global},
    model::{settings::SettingsError, source_file::SourceFile},
    node::{self, AssumedFiles},
    operations::check::{CheckSources, read},
    report::{Code, Ended, Failure, Output},
};

/// `reconf check`.
pub(super) fn run(global: &Global, out: &Output, args: &CheckArgs) -> Ended {
    let assumed = args.assume.as_deref().map(AssumedFiles::load);
    let assumed = assumed.transpose()?.unwrap_or_default();
    let sources = CheckSources {
        paths: &args.paths,
        config: global.config.as_deref().map(Path::new),
        datastores: args.datastores.as_deref(),
        is_assumed: args.assume.is_some(),
    };
    let texts = read(&sources, &assumed)?;
    for path in &texts.ignored {
        let path = path.display();
        out.warning(&format!("`{path}` is not checked: it is no file of a node"));
    }
    let files = CheckedFiles {
        config: config(global, texts.config.as_ref())?,
        manifests: texts.manifests,
        unnamed: texts.unnamed,
        datastores: texts.datastores,
        is_node: args.assume.is_some(),
    };
    let mut found = check::check_form(&files);
    found.sort_by(|a, b| a.place.order().cmp(&b.place.order()));
    out.diagnostics(&found, files.manifests.len());
    let is_bad = found.iter().any(|d| d.severity == Severity::Error);
    Ok(is_bad.then_some(Code::Data))
}

fn config(global: &Global, file: Option<&SourceFile>) -> Result<CheckedConfig, Failure> {
    let Some(file) = file else {
        return Ok(CheckedConfig::NotGiven);
    };
    match node::settings_of(global, file) {
        Ok(settings) => Ok(CheckedConfig::Good(Box::new(settings))),
        Err(SettingsError::File(problems)) => Ok(CheckedConfig::Bad(problems)),
        Err(other) => Err(other.into()),
    }
}
