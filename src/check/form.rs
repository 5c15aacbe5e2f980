//! Each file by itself, and whether the datastores have a value for what the manifests need.

use super::{
    diagnostic::{CheckRule, Diagnostic},
    files::{CheckedConfig, CheckedFiles, ManifestFile},
    values::without_value,
};
use crate::model::{
    configuration::Configuration, id::Id, manifest::Manifest, source_file::SourceFile,
};

/// What is wrong with each file by itself, in the order of the files.
pub(crate) fn check_form(files: &CheckedFiles) -> Vec<Diagnostic> {
    let home = home(files);
    let (mut manifests, mut found) = (Vec::new(), unnamed(files));
    if let CheckedConfig::Bad(problems) = &files.config {
        found.extend(Diagnostic::of_problems(CheckRule::Config, None, problems));
    }
    for ManifestFile { id, file } in &files.manifests {
        match Manifest::parse(&file.path, &file.text, id, &home) {
            Ok(manifest) => manifests.push(manifest),
            Err(problems) => {
                found.extend(Diagnostic::of_problems(
                    CheckRule::Manifest,
                    Some(id),
                    &problems,
                ));
            }
        }
    }
    found.extend(foreign(files, &manifests));
    if let Some(file) = &files.datastores {
        let region = files.settings().map(|settings| &settings.region);
        found.extend(match Configuration::parse(&file.path, &file.text, &home) {
            Ok(Configuration { datastores, .. }) => {
                without_value(file, &datastores, &manifests, (&home, region))
            }
            Err(problems) => Diagnostic::of_problems(CheckRule::Datastores, None, &problems),
        });
    }
    found
}

/// The files that no service's name can find.
fn unnamed(files: &CheckedFiles) -> Vec<Diagnostic> {
    let diagnostic = |file: &SourceFile| {
        let message = "the file is not named after an id".to_owned();
        Diagnostic::error(CheckRule::Manifest, file.place(0), message).hint(
            "name it `<id>.json`; an id is 1 to 200 of `A-Z a-z 0-9 . _ -`, with no leading `.`",
        )
    };
    files.unnamed.iter().map(diagnostic).collect()
}

/// The federation of a manifest that names none.
fn home(files: &CheckedFiles) -> Id {
    files
        .settings()
        .map_or_else(Id::default_scope, |settings| settings.federation.clone())
}

/// The manifests of federations that the node may not run.
fn foreign(files: &CheckedFiles, manifests: &[Manifest]) -> Vec<Diagnostic> {
    let Some(settings) = files.settings().filter(|_| files.is_node) else {
        return Vec::new();
    };
    let is_foreign = |m: &&Manifest| !settings.federations.contains(&m.federation);
    let foreign = manifests.iter().filter(is_foreign).filter_map(|manifest| {
        let Manifest { id, federation, .. } = manifest;
        let of_manifest = files.manifests.iter().find(|file| file.id == *id)?;
        let place = of_manifest.file.place_of(&["federation"]);
        let message = format!("this node may not run services of federation `{federation}`");
        let hint = format!(
            "leave `federation` out, and the service follows its node; or add `{federation}` to `federations` in config.json"
        );
        Some(Diagnostic::error(CheckRule::Federation, place, message).service(id).hint(hint))
    });
    foreign.collect()
}
