//! `config.json` and `configuration.json`, with the flags and variables that override them.

use std::path::Path;

use super::{AssumedFiles, Node};
use crate::{
    cli::Global,
    edge::{files, process_environment},
    model::{
        configuration::Configuration,
        paths::Paths,
        settings::{Flags, Settings, SettingsError, config_path},
        source_file::SourceFile,
    },
    report::{Code, Failure},
};

/// The paths of this node without its `config.json`, which may be broken; only the folder of confs is by default.
pub(crate) fn paths_without_settings(global: &Global) -> Result<Paths, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        ..Flags::default()
    };
    let (root, _) = config_path(&flags, process_environment::raw_variable)?;
    Ok(Paths::new(&root, &Paths::default_confs(&root)))
}

/// A render begins, whether it succeeds or not: the provision in which it runs, if one does, is that of a command that applies.
pub(crate) fn note_render(global: &Global) {
    if let Ok(paths) = paths_without_settings(global) {
        // Who may not remove it can write no conf either.
        let _refused = files::remove(&paths.no_render_yet());
    }
}

/// The settings of this call: flags beat variables beat `config.json` beat defaults.
pub(super) fn settings(global: &Global, assumed: &AssumedFiles) -> Result<Settings, Failure> {
    let flags = flags(global);
    let variable = process_environment::raw_variable;
    let (_, path) = config_path(&flags, variable)?;
    let text = assumed.read(&path, Code::Configuration)?;
    if text.is_none() {
        refuse_missing(&flags, &path)?;
    }
    let shown = path.display().to_string();
    let file = text.as_deref().map(|text| (shown.as_str(), text));
    Ok(Settings::load(&flags, variable, file)?)
}

/// What flags, variables and this text of a `config.json` say together.
pub(crate) fn settings_of(global: &Global, file: &SourceFile) -> Result<Settings, SettingsError> {
    let file = Some((&file.path[..], &file.text[..]));
    Settings::load(&flags(global), process_environment::raw_variable, file)
}

fn flags(global: &Global) -> Flags {
    Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        registry: global.registry.clone(),
        federation: global.federation.clone(),
        region: global.region.clone(),
        node: global.node.clone(),
        host: global.host.clone(),
        timeout: global.timeout.clone(),
    }
}

/// Refuses to run with defaults where somebody named a `config.json` that does not exist.
pub(crate) fn refuse_missing(flags: &Flags, config: &Path) -> Result<(), Failure> {
    if flags.config.is_none() && process_environment::raw_variable("RECONF_CONFIG").is_none() {
        return Ok(());
    }
    let message = format!("there is no `{}`", config.display());
    Err(Failure::new(Code::Configuration, message)
        .hint("leave out --config and RECONF_CONFIG to run with defaults"))
}

/// Refuses to write for another federation than that of `config.json`.
pub(super) fn refuse_other_federation(settings: &Settings) -> Result<(), Failure> {
    let (home, other) = (&settings.home, &settings.federation);
    if home == other {
        return Ok(());
    }
    let origin = settings.origins.get("federation");
    let message = format!("{origin} names federation `{other}`, but this node belongs to `{home}`");
    Err(Failure::new(Code::Usage, message)
        .facts([format!("`{home}` is set in {}", settings.config.display())])
        .hint(format!(
            "leave out {origin}; it is for commands that only look"
        )))
}

/// What `configuration.json` says; nothing without such a file.
pub(super) fn configuration(node: &Node) -> Result<Configuration, Failure> {
    let path = node.paths.configuration();
    let Some(text) = node.assumed.read(&path, Code::Configuration)? else {
        return Ok(Configuration::default());
    };
    let path = path.display().to_string();
    Configuration::parse(&path, &text, &node.settings.home)
        .map_err(|problems| Failure::problems(Code::Configuration, &problems))
}
