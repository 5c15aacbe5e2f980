//! `reconf exec`, from either parser to the one procedure. It reads nothing that it does not need.

use std::{convert::Infallible, ffi::OsString, path::PathBuf};

use crate::{
    cli::{ExecArgs, Global, OutputFormat, fast_path::FastExec},
    edge::{files, process_environment::raw_variable, stdio},
    model::{
        id::Id,
        paths::Paths,
        settings::{Flags, Settings, conf_directory, config_path},
    },
    node::{AssumedFiles, Node, manifests, refuse_missing},
    operations::exec::{ExecEnvironment, ExecFailure, ExecOptions, FAILED},
    report::{Code, Failure, Output},
};

/// Runs an `exec` that the fast path parsed.
pub(crate) fn run_fast_path(call: FastExec) -> u8 {
    let global = Global {
        root: call.root,
        config: call.config,
        output: OutputFormat::Human,
        ..Global::default()
    };
    let args = ExecArgs {
        id: call.id,
        task: call.task,
        wait: call.wait,
        pristine: call.pristine,
        command: call.command,
    };
    run(&global, args)
}

/// Runs `exec`; returns only if there is no command to become.
pub(super) fn run(global: &Global, args: ExecArgs) -> u8 {
    let Err(failure) = become_command(global, args);
    stdio::write_stderr(&format!("error: {failure}\n"));
    failure.code
}

fn become_command(global: &Global, args: ExecArgs) -> Result<Infallible, ExecFailure> {
    let options = ExecOptions {
        task: args.task.then_some(args.wait),
        pristine: args.pristine,
    };
    let paths = paths(global).map_err(|failure| of_reconf(&failure))?;
    let environment = ExecEnvironment::read(&args.id, &paths, options)?;
    let command = if args.command.is_empty() {
        command_of_manifest(global, &args.id)?
    } else {
        args.command
    };
    Err(environment.exec(&command))
}

fn of_reconf(failure: &Failure) -> ExecFailure {
    ExecFailure {
        code: FAILED,
        message: failure.to_string(),
        hint: None,
    }
}

/// Locates the conf: of `config.json`, if there is one, only `render.directory` counts.
fn paths(global: &Global) -> Result<Paths, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        ..Flags::default()
    };
    let (root, config) = config_path(&flags, raw_variable)?;
    let text = files::read_trusted_text(&config);
    let text = text.map_err(|error| Failure::reading(error, Code::Configuration))?;
    let Some(text) = text else {
        refuse_missing(&flags, &config)?;
        let confs: PathBuf = Paths::default_confs(&root);
        return Ok(Paths::new(&root, &confs));
    };
    if let Some(confs) = conf_directory(&root, &text) {
        return Ok(Paths::new(&root, &confs));
    }
    let shown = config.display().to_string();
    let settings = Settings::load(&flags, raw_variable, Some((&shown, &text)))?;
    Ok(Paths::new(&settings.root, &settings.render.directory))
}

fn command_of_manifest(global: &Global, id: &Id) -> Result<Vec<OsString>, ExecFailure> {
    let node = Node::load(global, AssumedFiles::default(), Output::new(global));
    let manifest = node.and_then(|node| manifests::load_one(&node, id));
    let command = manifest.map_err(|failure| of_reconf(&failure))?.command;
    let words = command.unwrap_or_default();
    if words.is_empty() {
        let hint = format!("name one: `reconf exec {id} -- COMMAND`");
        let message = format!("the manifest of `{id}` names no command");
        return Err(ExecFailure::of_reconf(message, Some(hint)));
    }
    Ok(words.into_iter().map(OsString::from).collect())
}
