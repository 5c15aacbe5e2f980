//! reconf: resolves what a service requires, renders its environment, and tells the fleet what it provides.
//!
//! ARCHITECTURE.md draws the layers. The crate is the binary's: [`run`] is all of its interface.

mod announce;
mod cli;
mod commands;
mod edge;
mod fleet;
#[cfg(test)]
#[path = "../tests/harness/inside.rs"]
mod harness;
mod listener;
mod model;
mod node;
mod operations;
mod provision;
mod render;
mod report;
mod resolve;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, error::ErrorKind};

use cli::{Cli, defer, fast_path};
use report::Code;

/// Runs reconf with these arguments, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    // `exec` starts before the whole command line is even built: it is what cron and init systems wait for.
    if let Some(call) = fast_path::fast_path(arguments.get(1..).unwrap_or_default()) {
        return ExitCode::from(commands::run_fast_path(call));
    }
    match defer::parse(arguments) {
        Ok(cli) => ExitCode::from(commands::run(cli)),
        Err(error) => {
            // Help goes to stdout and usage errors to stderr; nothing is left to do if that one is closed.
            let _told = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(usage_code(arguments)),
            }
        }
    }
}

/// The code of a command line that is wrong. Of `exec`, which ends with its command's code, it must not be one that
/// reads like one.
fn usage_code(arguments: &[OsString]) -> u8 {
    let lenient = Cli::command().ignore_errors(true);
    match lenient.try_get_matches_from(arguments) {
        Ok(found) if found.subcommand_name() == Some("exec") => operations::exec::FAILED,
        _ => Code::Usage.number(),
    }
}
