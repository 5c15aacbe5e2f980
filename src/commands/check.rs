//! `reconf check`: what is wrong with manifests, before they are deployed.

use std::path::Path;

use crate::{
    check::{
        self, AnnouncedNames, Checked, CheckedConfig, CheckedFiles, Diagnostic, FormatRule, Items,
        Severity,
    },
    cli::{CheckArgs, Global},
    model::{settings::SettingsError, source_file::SourceFile},
    node::{self, AssumedFiles, Node},
    operations::inspect::check::{CheckSources, read, read_announced},
    render::refused,
    report::{Code, Ended, Failure, Output},
};

/// `reconf check`.
pub(super) fn run(global: &Global, out: &Output, args: &CheckArgs) -> Ended {
    let assumed = args.assume.as_deref().map(AssumedFiles::load);
    let assumed = assumed.transpose()?.unwrap_or_default();
    let mut files = files(global, out, args, &assumed)?;
    let found = if args.form {
        check::check_form(&files)
    } else {
        let Checked { found, matrix } = whole(global, out, args, &assumed, &mut files)?;
        if out.is_verbose() {
            out.matrix(&matrix);
        }
        found
    };
    out.diagnostics(&found, files.manifests.len());
    let is_bad = |found: &Diagnostic| match found.severity {
        Severity::Error => true,
        Severity::Warning => args.strict,
        Severity::Note => false,
    };
    Ok(found.iter().any(is_bad).then_some(Code::Data))
}

/// Reads the files that are checked.
fn files(
    global: &Global,
    out: &Output,
    args: &CheckArgs,
    assumed: &AssumedFiles,
) -> Result<CheckedFiles, Failure> {
    let sources = CheckSources {
        paths: &args.paths,
        config: global.config.as_deref().map(Path::new),
        datastores: args.datastores.as_deref(),
        is_assumed: args.assume.is_some(),
    };
    let texts = read(&sources, assumed)?;
    for path in &texts.ignored {
        let path = path.display();
        out.warning(&format!("`{path}` is not checked: it is no file of a node"));
    }
    Ok(CheckedFiles {
        config: config(global, texts.config.as_ref())?,
        manifests: texts.manifests,
        unnamed: texts.unnamed,
        datastores: texts.datastores,
        federations: args.federations.clone(),
        regions: args.regions.clone(),
        is_node: args.assume.is_some(),
        refuses: FormatRule(refused),
    })
}

/// Checks the repository as a whole; with `--live` against what this node reads of the registry.
fn whole(
    global: &Global,
    out: &Output,
    args: &CheckArgs,
    assumed: &AssumedFiles,
    files: &mut CheckedFiles,
) -> Result<Checked, Failure> {
    if !args.live {
        let items = Items::parse(files);
        return Ok(check::check_repository(
            files,
            &items,
            &AnnouncedNames::default(),
        ));
    }
    let node = Node::load(global, assumed.clone(), out.clone())?;
    if files.federations.is_empty() {
        files.federations = vec![node.settings.federation.clone()];
    }
    let items = Items::parse(files);
    let announced = read_announced(&node, &items.federations())?;
    Ok(check::check_repository(files, &items, &announced))
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
