//! The only writer to stdout and stderr: data to the first, everything that is said to the second.

use std::cell::Cell;

use serde::Serialize;
use serde_json::json;

use super::{code::Code, failure::Failure};
use crate::{
    cli::{Global, Output},
    edge::stdio,
    model::id::Id,
};

/// How this call reports.
#[derive(Debug)]
pub struct Teller {
    json: bool,
    quiet: bool,
    verbose: bool,
    lost_data: Cell<bool>,
}

/// What a command did for one service.
pub trait Outcome: Serialize {
    /// What a person reads: one line, or none if there is nothing to say.
    fn line(&self) -> Option<String>;
    /// More lines, for `--verbose`.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
    /// What should worry a person.
    fn warnings(&self) -> &[String];
}

impl Teller {
    /// Reports as the flags say.
    pub fn new(flags: &Global) -> Self {
        Self {
            json: flags.output == Output::Json,
            quiet: flags.quiet,
            verbose: flags.verbose,
            lost_data: Cell::new(false),
        }
    }

    /// Whether data is told as JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Tells what was done: a JSON line on stdout, or a status line on stderr; warnings always go to stderr.
    pub fn outcome(&self, outcome: &impl Outcome) {
        for warning in outcome.warnings() {
            stdio::tell(&format!("warning: {warning}\n"));
        }
        if self.json {
            self.object(outcome);
        } else if !self.quiet {
            let details = outcome.details().into_iter().filter(|_| self.verbose);
            for line in outcome.line().into_iter().chain(details) {
                stdio::tell(&format!("{line}\n"));
            }
        }
    }

    /// Tells why a service, or the whole command, failed.
    pub fn failure(&self, service: Option<&Id>, failure: &Failure) {
        stdio::tell(&format!("error: {failure}\n"));
        if self.json {
            let error = json!({"code": failure.code.number(), "message": failure.to_string()});
            match service {
                Some(id) => self.object(&json!({"service": id, "error": error})),
                None => self.object(&json!({"error": error})),
            }
        }
    }

    /// Tells a person what was done.
    pub fn line(&self, text: &str) {
        if !self.quiet && !self.json {
            stdio::tell(&format!("{text}\n"));
        }
    }

    /// Warns.
    pub fn warning(&self, text: &str) {
        stdio::tell(&format!("warning: {text}\n"));
    }

    /// Writes one JSON object and a newline to stdout.
    pub fn object(&self, object: &impl Serialize) {
        // What is told consists of strings, numbers and maps with string keys: it always serialises.
        let mut line = serde_json::to_vec(object).unwrap_or_default();
        line.push(b'\n');
        self.data(&line);
    }

    /// Writes data to stdout. A reader that has gone away is no failure of ours; a full disk is,
    /// and after it no more is written: data with a hole in it would be taken for whole.
    pub fn data(&self, bytes: &[u8]) {
        if self.lost_data.get() {
            return;
        }
        if let Err(reason) = stdio::out(bytes) {
            stdio::tell(&format!("error: cannot write to stdout: {reason}\n"));
            self.lost_data.set(true);
        }
    }

    /// The exit code of a command that would otherwise end with `code`; lost data is never a success.
    pub fn exit(&self, code: Option<Code>) -> u8 {
        match code {
            Some(code) if code != Code::Changed => code.number(),
            _ if self.lost_data.get() => Code::CannotWrite.number(),
            other => other.map_or(0, Code::number),
        }
    }
}
