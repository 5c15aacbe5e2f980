//! Each file by itself, and whether the datastores have a value for what the manifests need.

use super::{
    diagnostic::{CheckRule, Diagnostic, sort},
    files::{AnnouncedNames, CheckedConfig, CheckedFiles},
    formats::{fixed, stored},
    items::{Item, Items},
    needs::needs,
    repository::Repository,
    values::without_value,
};
use crate::model::{configuration::Configuration, manifest::Manifest};

/// What is wrong with each file by itself, in the order of the files.
pub(crate) fn check_form(files: &CheckedFiles) -> Vec<Diagnostic> {
    let items = Items::parse(files);
    let mut found = bad_config(files);
    found.extend(foreign(files, &items));
    found.extend(fixed(files, &items));
    if let Ok(repository) = Repository::new(files, &items, &AnnouncedNames::default()) {
        found.extend(stored(files, &needs(&repository)));
    }
    if let Some(file) = &files.datastores {
        let home = &items.homes[0];
        let region = files.settings().map(|settings| &settings.region);
        found.extend(match Configuration::parse(&file.path, &file.text, home) {
            Ok(Configuration { datastores, .. }) => {
                without_value(file, &datastores, &items.good, (home, region))
            }
            Err(problems) => Diagnostic::of_problems(CheckRule::Datastores, None, &problems),
        });
    }
    found.extend(items.found);
    sort(&mut found);
    found
}

/// What is wrong with `config.json`.
pub(super) fn bad_config(files: &CheckedFiles) -> Vec<Diagnostic> {
    match &files.config {
        CheckedConfig::Bad(problems) => Diagnostic::of_problems(CheckRule::Config, None, problems),
        CheckedConfig::NotGiven | CheckedConfig::Good(_) => Vec::new(),
    }
}

/// The manifests of federations that the node may not run.
pub(super) fn foreign(files: &CheckedFiles, items: &Items<'_>) -> Vec<Diagnostic> {
    let Some(settings) = files.settings().filter(|_| files.is_node) else {
        return Vec::new();
    };
    let is_foreign = |item: &&Item| !settings.federations.contains(&item.manifest.federation);
    let foreign = items.good.iter().filter(is_foreign).map(|item| {
        let Manifest { id, federation, .. } = &item.manifest;
        let place = item.file.place_of(&["federation"]);
        let message = format!("this node may not run services of federation `{federation}`");
        Diagnostic::error(CheckRule::Federation, place, message)
            .service(id)
            .hint(format!(
                "leave `federation` out, and the service follows its node; or add `{federation}` to `federations` in config.json"
            ))
    });
    foreign.collect()
}
