//! `reconf exec`, from its two command lines to the one request: nothing is read that it does not need.

use std::path::PathBuf;

use super::{
    assumed::Assumed,
    exec::{self, ExecFailure, ExecRequest},
    node::{Node, read_text, refuse_missing},
    services,
};
use crate::{
    cli::{self, Global, Output, quick::QuickExec},
    edge::{process_environment::raw_variable, stdio},
    model::{
        places::Places,
        settings::{Flags, Settings, conf_directory, config_path},
    },
    report::{Code, Failure},
};

/// Runs an `exec` whose few flags were understood without the whole command line.
pub fn exec_quickly(call: QuickExec) -> u8 {
    let global = Global {
        root: call.root,
        config: call.config,
        output: Output::Human,
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
pub(super) fn run(global: &Global, args: cli::Exec) -> u8 {
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
    let failure = match places(global) {
        Ok(places) => exec::run(request, &places, || own_command(global, request)),
        Err(failure) => ExecFailure::of_reconf(failure.to_string(), None),
    };
    stdio::tell(&format!("error: {failure}\n"));
    failure.code
}

/// Where the conf is: of `config.json`, if there is one, only `render.directory` counts.
fn places(global: &Global) -> Result<Places, Failure> {
    let flags = Flags {
        root: global.root.clone(),
        config: global.config.clone(),
        ..Flags::default()
    };
    let (root, config) = config_path(&flags, raw_variable)?;
    let Some(text) = read_text(&config, Code::Configuration)? else {
        refuse_missing(&flags, &config)?;
        let confs: PathBuf = Places::default_confs(&root);
        return Ok(Places::new(&root, &confs));
    };
    if let Some(confs) = conf_directory(&root, &text) {
        return Ok(Places::new(&root, &confs));
    }
    let shown = config.display().to_string();
    let settings = Settings::load(&flags, raw_variable, Some((&shown, &text)))?;
    Ok(Places::new(&settings.root, &settings.render.directory))
}

fn own_command(global: &Global, request: &ExecRequest) -> Result<Option<Vec<String>>, String> {
    let command = || -> Result<Option<Vec<String>>, Failure> {
        let node = Node::load(global, Assumed::default())?;
        Ok(services::manifest(&node, &request.id)?.command)
    };
    command().map_err(|failure| failure.to_string())
}
