//! `reconf exec`, from its two command lines to the one request: nothing is read that it does not need.

use std::path::PathBuf;

use crate::{
    cli::{ExecArgs, Global, OutputFormat, fast_path::FastExec},
    edge::{files, process_environment::raw_variable, stdio},
    model::{
        paths::Paths,
        settings::{Flags, Settings, conf_directory, config_path},
    },
    node::{AssumedFiles, Node, manifests, refuse_missing},
    operations::exec::{self, ExecFailure, ExecRequest},
    report::{Code, Failure, Output},
};

/// Runs an `exec` whose few flags were understood without the whole command line.
pub(crate) fn run_fast_path(call: FastExec) -> u8 {
    let global = Global {
        root: call.root,
        config: call.config,
        output: OutputFormat::Human,
        ..Global::default()
    };
    let request = ExecRequest {
        id: call.id,
        task: call.task.then_some(call.wait),
        pristine: call.pristine,
        command: call.command,
    };
    become_command(&global, &request)
}

/// Runs `exec`.
pub(super) fn run(global: &Global, args: ExecArgs) -> u8 {
    let request = ExecRequest {
        id: args.id,
        task: args.task.then_some(args.wait),
        pristine: args.pristine,
        command: args.command,
    };
    become_command(global, &request)
}

/// Returns only when there is no command to become.
fn become_command(global: &Global, request: &ExecRequest) -> u8 {
    let failure = match paths(global) {
        Ok(paths) => exec::run(request, &paths, || own_command(global, request)),
        Err(failure) => ExecFailure::of_reconf(failure.to_string(), None),
    };
    stdio::write_stderr(&format!("error: {failure}\n"));
    failure.code
}

/// Where the conf is: of `config.json`, if there is one, only `render.directory` counts.
fn paths(global: &Global) -> Result<Paths, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        ..Flags::default()
    };
    let (root, config) = config_path(&flags, raw_variable)?;
    let text = files::read_text(&config);
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

fn own_command(global: &Global, request: &ExecRequest) -> Result<Option<Vec<String>>, String> {
    let command = || -> Result<Option<Vec<String>>, Failure> {
        let node = Node::load(global, AssumedFiles::default(), Output::new(global))?;
        Ok(manifests::load_one(&node, &request.id)?.command)
    };
    command().map_err(|failure| failure.to_string())
}
