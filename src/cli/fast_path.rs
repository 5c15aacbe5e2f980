//! `exec`'s own few options, parsed by hand: through clap, `reconf exec ID -- true` takes 8 % longer. It never fails: what
//! it does not know for sure (help, other options, mistakes) is left to clap.

use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

use crate::model::id::Id;

/// How long a task waits for a drain by default.
const WAIT: Duration = Duration::from_secs(10 * 60);

/// A well-formed `reconf [--root DIR] [--config FILE] exec [--task [--wait DUR]] [--pristine] ID [-- COMMAND…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FastExec {
    /// `--root`.
    pub root: Option<String>,
    /// `--config`.
    pub config: Option<String>,
    /// The service.
    pub id: Id,
    /// `--task`.
    pub task: bool,
    /// `--wait`.
    pub wait: Duration,
    /// `--pristine`.
    pub pristine: bool,
    /// What follows `--`; empty for the manifest's own command.
    pub command: Vec<OsString>,
}

/// Parses the arguments, without the program's name, if they are a well-formed `exec`.
pub(crate) fn parse(arguments: &[OsString]) -> Option<FastExec> {
    let end = arguments.iter().position(|argument| argument == "--");
    let (own, command) = match end {
        Some(end) => (&arguments[..end], &arguments[end + 1..]),
        None => (arguments, &[][..]),
    };
    let mut options = Options::default();
    let mut words = own.iter().map(OsString::as_os_str);
    while let Some(word) = words.next() {
        options.take(word.to_str()?, &mut words)?;
    }
    if !options.verb || options.wait.is_some() && !options.task {
        return None;
    }
    Some(FastExec {
        root: options.root,
        config: options.config,
        id: options.id?,
        task: options.task,
        wait: options.wait.unwrap_or(WAIT),
        pristine: options.pristine,
        command: command.to_vec(),
    })
}

#[derive(Default)]
struct Options {
    verb: bool,
    root: Option<String>,
    config: Option<String>,
    id: Option<Id>,
    task: bool,
    wait: Option<Duration>,
    pristine: bool,
}

impl Options {
    /// Takes one word and its value; `None` for anything that is not understood or comes twice.
    fn take<'a>(&mut self, word: &str, words: &mut impl Iterator<Item = &'a OsStr>) -> Option<()> {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        let mut value = || attached.or_else(|| value_of(words.next()?));
        match flag {
            "--root" => set(&mut self.root, value()?.to_owned()),
            "--config" => set(&mut self.config, value()?.to_owned()),
            "--wait" if self.verb => set(&mut self.wait, super::duration(value()?).ok()?),
            "--task" if self.verb => switch(&mut self.task, attached),
            "--pristine" if self.verb => switch(&mut self.pristine, attached),
            "exec" if !self.verb => switch(&mut self.verb, attached),
            _ if self.verb && !word.starts_with('-') => set(&mut self.id, Id::parse(word).ok()?),
            _ => None,
        }
    }
}

/// A value in a word of its own; one that looks like a flag is more likely a mistake.
fn value_of(word: &OsStr) -> Option<&str> {
    word.to_str().filter(|word| !word.starts_with('-'))
}

fn set<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn switch(place: &mut bool, attached: Option<&str>) -> Option<()> {
    let first = !std::mem::replace(place, true);
    (first && attached.is_none()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Option<FastExec> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    #[test]
    fn a_well_formed_exec_is_taken() {
        let call = parse_line("exec app").unwrap();
        assert_eq!(
            (call.id.as_str(), call.task, call.wait),
            ("app", false, WAIT)
        );
        let call = parse_line(
            "--root=/r exec --config c --task app --wait 5s --pristine -- a --root -- b",
        )
        .unwrap();
        assert_eq!(call.root.as_deref(), Some("/r"));
        assert_eq!(call.config.as_deref(), Some("c"));
        assert!(call.task && call.pristine);
        assert_eq!(call.wait, Duration::from_secs(5));
        assert_eq!(call.command, ["a", "--root", "--", "b"]);
    }

    #[test]
    fn everything_else_is_left_to_clap() {
        for line in [
            "",
            "exec",
            "render app",
            "render exec app",
            "exec --help app",
            "exec app sh",
            "exec app --root",
            "exec --root --task app",
            "exec app --wait 5s",
            "exec app --task --wait soon",
            "exec app --task=yes",
            "exec app --task --task",
            "exec .app",
            "--task exec app",
            "-q exec app",
            "-- exec app",
            "--root a --root b exec app",
        ] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
