//! reconf: resolves what a service requires, renders its environment, and tells the fleet what it provides.
//!
//! ARCHITECTURE.md draws the layers. The crate is the binary's; its modules are public for its own tests.

pub mod announce;
pub mod cli;
pub mod commands;
pub mod edge;
pub mod model;
pub mod provision;
pub mod render;
pub mod report;
pub mod resolve;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, error::ErrorKind};

use cli::{Cli, quick, slim};
use report::Code;

/// Runs reconf with these arguments, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    // `exec` starts before the whole command line is even built: it is what cron and init systems wait for.
    if let Some(call) = quick::quick(arguments.get(1..).unwrap_or_default()) {
        return ExitCode::from(commands::exec_quickly(call));
    }
    match slim::parse(arguments) {
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
        Ok(found) if found.subcommand_name() == Some("exec") => commands::exec::FAILED,
        _ => Code::Usage.number(),
    }
}
