//! The only writer to stdout and stderr: data goes to stdout, everything else to stderr.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::Serialize;
use serde_json::json;

use super::{
    code::Code,
    failure::Failure,
    table::{aligned, table},
};
use crate::{
    cli::{Global, OutputFormat},
    edge::stdio,
    model::{escape::escape_line, id::Id},
};

/// Where a call reports to, and how.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    verbose: bool,
    /// Whether stdout failed; every copy of this output knows it.
    lost_data: Arc<AtomicBool>,
}

/// The result of a command for one service.
pub(crate) trait Report: Serialize {
    /// One line for a person, or none.
    fn line(&self) -> Option<String>;
    /// More lines, for `--verbose`.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
    /// Warnings, one lower-case clause each.
    fn warnings(&self) -> &[String];
    /// Whether anything changed, or would have without `--dry-run`.
    fn changed(&self) -> bool;
}

/// One line of a list, as JSON and as cells.
pub(crate) trait Row<const N: usize>: Serialize {
    /// The cells that a person reads.
    fn cells(&self) -> [String; N];
}

impl Output {
    /// An output as the flags say.
    pub(crate) fn new(flags: &Global) -> Self {
        Self {
            json: flags.output == OutputFormat::Json,
            quiet: flags.quiet,
            verbose: flags.verbose,
            lost_data: Arc::default(),
        }
    }

    /// Whether the output format is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether more than the essential lines are wanted.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Reports a result: a JSON line on stdout, or a status line on stderr. Warnings always go to stderr.
    pub(crate) fn report(&self, report: &impl Report) {
        self.warnings(report.warnings());
        if self.json {
            self.object(report);
        } else if !self.quiet {
            let details = report.details().into_iter().filter(|_| self.verbose);
            for line in report.line().into_iter().chain(details) {
                self.line(&line);
            }
        }
    }

    /// Reports the failure of a service, or of the whole command.
    pub(crate) fn failure(&self, service: Option<&Id>, failure: &Failure) {
        stdio::write_stderr(&format!("error: {failure}\n"));
        if self.json {
            let error = json!({"code": failure.code.number(), "message": failure.to_string()});
            match service {
                Some(id) => self.object(&json!({"service": id, "error": error})),
                None => self.object(&json!({"error": error})),
            }
        }
    }

    /// Prints a status line for a person.
    pub(crate) fn line(&self, text: &str) {
        if !self.quiet && !self.json {
            stdio::write_stderr(&format!("{}\n", escape_line(text)));
        }
    }

    /// Prints what the `--on-change` command applied; as JSON the report of the render stands for it.
    pub(crate) fn applied(&self, reports: &[impl Report]) {
        for report in reports {
            self.warnings(report.warnings());
            if let Some(line) = report.line() {
                self.line(&line);
            }
        }
    }

    /// Prints warnings, a line each.
    pub(crate) fn warnings(&self, warnings: &[String]) {
        for warning in warnings {
            self.warning(warning);
        }
    }

    /// Prints a warning.
    #[expect(
        clippy::unused_self,
        reason = "whoever warns has an output, whatever it prints elsewhere"
    )]
    pub(crate) fn warning(&self, text: &str) {
        stdio::write_stderr(&format!("warning: {}\n", escape_line(text)));
    }

    /// Writes a list to stdout: a JSON object a row, or aligned columns below the header.
    pub(crate) fn rows<const N: usize>(&self, header: Option<[&str; N]>, rows: &[impl Row<N>]) {
        if self.json {
            for row in rows {
                self.object(row);
            }
            return;
        }
        let header = header.map(|header| header.map(str::to_owned));
        let cells = rows.iter().map(Row::cells);
        let lines: Vec<[String; N]> = header.into_iter().chain(cells).collect();
        self.columns(&lines);
    }

    /// Writes aligned columns to stdout.
    pub(crate) fn columns<const N: usize>(&self, rows: &[[String; N]]) {
        for line in table(rows, stdio::terminal_width()) {
            self.text(&format!("{line}\n"));
        }
    }

    /// Writes aligned columns to stdout, as many as the first row has.
    pub(crate) fn grid(&self, rows: &[Vec<String>]) {
        let rows: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
        for line in aligned(&rows, stdio::terminal_width()) {
            self.text(&format!("{line}\n"));
        }
    }

    /// Writes one JSON object and a newline to stdout.
    pub(crate) fn object(&self, object: &impl Serialize) {
        // Reports consist of strings, numbers and maps with string keys, which always serialise.
        let mut line = serde_json::to_string(object).unwrap_or_default();
        line.push('\n');
        self.text(&line);
    }

    /// Writes lines to stdout, control characters escaped.
    pub(crate) fn text(&self, text: &str) {
        self.data(|| stdio::write_stdout(text));
    }

    /// Writes a rendered file to stdout, byte for byte where stdout is no terminal.
    pub(crate) fn file(&self, bytes: &[u8]) {
        self.data(|| stdio::write_file(bytes));
    }

    /// A closed pipe is no failure. A full disk is, and ends all output to stdout: a reader would take data with a gap for
    /// complete.
    fn data(&self, write: impl FnOnce() -> Result<(), String>) {
        if self.has_lost_data() {
            return;
        }
        if let Err(reason) = write() {
            stdio::write_stderr(&format!("error: cannot write to stdout: {reason}\n"));
            self.lost_data.store(true, Ordering::Relaxed);
        }
    }

    fn has_lost_data(&self) -> bool {
        self.lost_data.load(Ordering::Relaxed)
    }

    /// The exit code of a command that would otherwise end with `code`. Lost data is never a success.
    pub(crate) fn exit(&self, code: Option<Code>) -> u8 {
        match code {
            Some(code) if code != Code::Changed => code.number(),
            _ if self.has_lost_data() => Code::CannotWrite.number(),
            other => other.map_or(0, Code::number),
        }
    }
}
