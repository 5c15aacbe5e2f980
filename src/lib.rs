//! reconf: resolves what a service requires, renders its environment, and tells the fleet what it provides.
//!
//! ARCHITECTURE.md draws the layers. The crate is the binary's; its modules are public for its own tests.

pub mod announce;
pub mod cli;
pub mod commands;
pub mod edge;
pub mod model;
pub mod render;
pub mod report;
pub mod resolve;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, error::ErrorKind};

use cli::{Cli, quick};
use report::Code;

/// Runs reconf with these arguments, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    // `exec` starts before the whole command line is even built: it is what cron and init systems wait for.
    if let Some(call) = quick::quick(arguments.get(1..).unwrap_or_default()) {
        return ExitCode::from(commands::exec_quickly(call));
    }
    match Cli::try_parse_from(arguments) {
        Ok(cli) => ExitCode::from(commands::run(cli)),
        Err(error) => {
            // Help goes to stdout and usage errors to stderr; nothing is left to do if that one is closed.
            let _told = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(Code::Usage.number()),
            }
        }
    }
}
