//! What is wrong with a command line, in the style of all our messages: `error: …`, then `hint: …`.

use std::{ffi::OsString, fmt};

use clap::{
    Args, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{Global, tree};
use crate::model::{escape::escape_line, suggest::near_name};

/// The verbs that control the listener.
const LISTEN_VERBS: [&str; 4] = ["kick", "off", "on", "status"];

/// A command line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageError {
    /// The command that it names.
    pub command: Option<String>,
    message: String,
    hint: String,
}

impl UsageError {
    /// Describes what clap found wrong with these arguments, the program's name first.
    pub(crate) fn new(error: Error, arguments: &[OsString]) -> Self {
        let (error, command) = (escaped(error), command(arguments));
        Self {
            message: message(&error),
            hint: hint(&error, command.as_deref()),
            command,
        }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.message, self.hint)
    }
}

/// The error with each argument that it quotes as one line: clap prints line feeds as they are, and cuts out escapes.
fn escaped(mut error: Error) -> Error {
    let quoted = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(quoted) => Some((kind, escape_line(quoted).into_owned())),
        _ => None,
    });
    let quoted: Vec<(ContextKind, String)> = quoted.collect();
    for (kind, quoted) in quoted {
        error.insert(kind, ContextValue::String(quoted));
    }
    error
}

/// The first paragraph of clap's message, with backticks around what it quotes. The others are usage and tips.
fn message(error: &Error) -> String {
    if error.kind() == ErrorKind::MissingSubcommand {
        return "no command was given".to_owned();
    }
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default().trim_end();
    let mut message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    for (_, value) in error.context() {
        if let ContextValue::String(quoted) = value {
            message = message.replace(&format!("'{quoted}'"), &format!("`{quoted}`"));
        }
    }
    message
}

fn hint(error: &Error, command: Option<&str>) -> String {
    if command == Some("listen")
        && error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && let Some(hint) = listen_hint(argument)
    {
        return hint;
    }
    let suggestions = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let suggested = suggestions.into_iter().find_map(|kind| error.get(kind));
    match (suggested, command) {
        (Some(ContextValue::String(near)), _) => format!("did you mean `{near}`?"),
        // clap sorts them by likeness, the nearest last.
        (Some(ContextValue::Strings(near)), _) => {
            let near: Vec<&str> = near.iter().rev().map(String::as_str).collect();
            format!("did you mean `{}`?", near.join("` or `"))
        }
        (_, Some(name @ ("exec" | "listen"))) if is_unexpected_word(error) => {
            format!("a command to run comes after `--`; see `reconf help {name}`")
        }
        (_, Some(name)) if name != "help" => format!("see `reconf help {name}`"),
        (_, _) => "`reconf help` lists the commands".to_owned(),
    }
}

/// Whether what was not expected is a word, and no option.
fn is_unexpected_word(error: &Error) -> bool {
    error.kind() == ErrorKind::UnknownArgument
        && matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if !word.starts_with('-'))
}

/// What somebody means who gives `listen` this argument.
fn listen_hint(argument: &str) -> Option<String> {
    if let Some(verb) = near_name(argument, LISTEN_VERBS) {
        return Some(format!("did you mean `listen {verb}`?"));
    }
    let hint = match argument {
        "stop" | "pause" | "disable" | "suspend" => {
            "`reconf listen off` lets no provision start; the service manager stops the listener itself"
        }
        "start" | "resume" | "enable" => {
            "`reconf listen on` lets provisions start; the service manager starts the listener itself"
        }
        "restart" | "run" | "trigger" | "now" => "`reconf listen kick` queues a provision",
        "reload" => "the listener reads changed files by itself",
        _ if argument.starts_with("--for") || argument.starts_with("--reason") => {
            "they belong to `off`: `reconf listen off --for 2h --reason TEXT`"
        }
        _ if humantime::parse_duration(argument).is_ok() => {
            "a time is given with `--for`: `reconf listen off --for 2h`"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The command that the arguments name: the first word that is one, and not the value of a global option.
fn command(arguments: &[OsString]) -> Option<String> {
    let (tree, globals) = (tree(), Global::augment_args(Command::new("reconf")));
    let takes_value = |word: &str| {
        let named = |option: &&clap::Arg| option.get_long() == word.strip_prefix("--");
        let option = globals.get_arguments().find(named);
        option.is_some_and(|option| option.get_action().takes_values())
    };
    let mut words = arguments
        .iter()
        .skip(1)
        .map(|word| word.to_str().unwrap_or_default());
    while let Some(word) = words.next() {
        if takes_value(word) {
            words.next();
        } else if let Some(found) = tree.find_subcommand(word) {
            return Some(found.get_name().to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_that_listen_does_not_have_is_answered_with_the_one_that_does_it() {
        for (argument, verb) in [
            ("stop", Some("listen off`")),
            ("start", Some("listen on`")),
            ("restart", Some("listen kick`")),
            ("2h", Some("--for 2h`")),
            ("statsu", Some("listen status`")),
            ("OFF", Some("listen off`")),
            ("--for", Some("listen off --for")),
            ("chef-solo", None),
        ] {
            let hint = listen_hint(argument);
            let is_named = hint
                .as_ref()
                .zip(verb)
                .map(|(hint, verb)| hint.contains(verb));
            assert_eq!(is_named, verb.map(|_| true), "{argument}: {hint:?}");
        }
    }
}
