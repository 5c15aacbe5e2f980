//! reconf resolves what a service requires, renders its environment file, and publishes what it provides.
//!
//! The crate exists for the binary: [`run`] is all of its interface. A module imports only modules below it:
//!
//! - `commands`: one verb per file, each joining what is below and printing through one output;
//! - `listener`: the daemon that provisions a node and keeps announcements alive;
//! - `operations`: crash-safe procedures that verbs and the listener share;
//! - `node`: this machine's settings, paths, manifests, states and locks;
//! - `report`: failures and results as text, JSON and exit codes;
//! - `resolve`, `announce`, `render`, `provision`, `balance`, `fleet`, `check`, `graph`: pure rules;
//! - `cli`: the command line, its help and its mistakes;
//! - `edge`: all code that touches the outside;
//! - `model`: values that are always valid.
//!
//! ARCHITECTURE.md draws the picture and says what each of them never does.

mod announce;
mod balance;
mod check;
mod cli;
mod commands;
mod edge;
mod fleet;
mod graph;
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

use std::{ffi::OsString, io, process::ExitCode};

use clap::{Error, error::ErrorKind};

use cli::{UsageError, fast_path};
use edge::stdio;
use report::Code;

/// Runs reconf with these arguments, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    if let Some(call) = fast_path::parse(arguments.get(1..).unwrap_or_default()) {
        return ExitCode::from(commands::run_fast_path(call));
    }
    ExitCode::from(match cli::parse(arguments) {
        Ok(cli) => commands::run(cli),
        Err(error) => explain(error, arguments),
    })
}

/// Prints the help that was asked for, or what is wrong with the arguments.
fn explain(error: Error, arguments: &[OsString]) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match error.print() {
            // A reader that closed the pipe has read enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                stdio::write_stderr(&format!("error: cannot write to stdout: {error}\n"));
                Code::CannotWrite.number()
            }
            _ => 0,
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            stdio::write_stderr(&error.render().to_string());
            Code::Usage.number()
        }
        _ => {
            let usage = UsageError::new(error, arguments);
            stdio::write_stderr(&format!("error: {usage}\n"));
            match usage.command.as_deref() {
                Some("exec") => operations::exec::FAILED,
                _ => Code::Usage.number(),
            }
        }
    }
}
