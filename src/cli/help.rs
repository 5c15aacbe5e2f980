//! What help shows beside options: groups of commands, examples, exit codes, where the global options are described.

pub(super) mod codes;
pub(super) mod texts;

use clap::{
    Args, Command, Error,
    builder::{StyledStr, Styles},
    error::ErrorKind,
};

use super::{Global, tree};

/// The help of a command. It names the global options instead of describing them again.
pub(super) const TEMPLATE: &str = "\
{about-with-newline}
{usage-heading} {usage}

{all-args}

Global options (`reconf help options`): --root --config --registry --federation
  --region --node --host --timeout --output -q -v{after-help}";

/// The commands in the order and the groups in which `reconf --help` lists them.
const GROUPS: [(&str, &[&str]); 3] = [
    ("Daily", &["render", "announce", "balance", "apply", "exec"]),
    (
        "On call",
        &["withdraw", "remove", "retire", "listen", "tasks", "applied"],
    ),
    (
        "Look",
        &[
            "ls", "why", "status", "check", "config", "doctor", "access", "graph", "generate",
            "help",
        ],
    ),
];

/// What the help of a command ends with.
pub(super) struct Help {
    /// Command lines and what they do.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// Whether options take a DURATION.
    pub(super) durations: bool,
    /// Exit codes and what they mean for this command.
    pub(super) codes: &'static [codes::Meaning],
}

impl Help {
    /// Returns the text for clap's `after_help`.
    pub(super) fn text(&self) -> StyledStr {
        let mut text = String::new();
        if self.durations {
            text += "DURATION is a number with a unit: `500ms`, `5s`, `10m`, `1h30m`.\n\n";
        }
        text += &heading("Examples");
        let width = self.examples.iter().map(|(line, _)| line.len()).max();
        let width = width.unwrap_or_default();
        for (line, comment) in self.examples {
            text += &format!("\n  {line:width$}  # {comment}");
        }
        text += &format!("\n\n{}", heading("Exit codes"));
        for (code, meaning) in self.codes {
            text += &format!("\n{code:>5}  {meaning}");
        }
        text.into()
    }
}

fn heading(text: &str) -> String {
    let styles = Styles::styled();
    let style = styles.get_header();
    format!("{style}{text}:{style:#}")
}

/// Lists the commands of the tree in their groups: clap's own list has one heading for all.
pub(super) fn with_groups(tree: Command) -> Command {
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        template += &format!("\n{}\n", heading(title));
        for name in names {
            let about = tree.find_subcommand(name).and_then(Command::get_about);
            template += &format!("  {name:<10}{}\n", about.cloned().unwrap_or_default());
        }
    }
    template += &format!("\n{}\n{{options}}{{after-help}}", heading("Options"));
    tree.help_template(template).after_help(texts::ROOT.text())
}

/// Returns the tree with the commands that help lists only.
pub(super) fn shown() -> Command {
    let all = tree();
    let shown = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    Global::augment_args(Command::new("reconf"))
        .about(all.get_about().cloned().unwrap_or_default())
        .version(env!("RECONF_VERSION"))
        .after_help(texts::ROOT.text())
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .subcommands(shown.cloned())
}

/// Describes the global options of a tree where help only names them.
pub(super) fn with_global_options(tree: Command) -> Command {
    tree.mut_args(|option| option.hide(false).hide_possible_values(false))
}

/// Returns the help that `reconf TOPIC… --help` prints; the topic `options` is that of the global options.
pub(super) fn on(topics: &[String]) -> Error {
    let found = if topics == ["options"] {
        options().try_get_matches_from(["reconf", "--help"])
    } else {
        let topics = topics.iter().map(String::as_str);
        tree().try_get_matches_from(["reconf"].into_iter().chain(topics).chain(["--help"]))
    };
    // `--help` always ends in an error, unless a topic is a `--` of its own.
    found.map_or_else(|error| error, |_| Error::new(ErrorKind::InvalidSubcommand))
}

/// Returns a command that has the global options and shows them.
fn options() -> Command {
    let template = "{about-with-newline}\n{options}{after-help}";
    Global::augment_args(Command::new("reconf"))
        .about("Global options, before or after the command")
        .max_term_width(100)
        .help_template(template)
        .after_help(texts::OPTIONS)
        .mut_args(|option| option.hide(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All commands and subcommands with their full names.
    fn commands() -> Vec<(String, Command)> {
        let mut root = tree();
        root.build();
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(command) = open.pop() {
            open.extend(command.get_subcommands().cloned());
            let name = command.get_bin_name().unwrap_or("reconf").to_owned();
            found.push((name, command));
        }
        found
    }

    fn help_of(command: &Command) -> String {
        command.clone().render_help().to_string()
    }

    #[test]
    fn every_command_is_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        grouped.sort_unstable();
        let tree = tree();
        let commands = tree.get_subcommands().filter(|c| !c.is_hide_set());
        let mut commands: Vec<&str> = commands.map(Command::get_name).collect();
        commands.sort_unstable();
        assert_eq!(grouped, commands);
    }

    #[test]
    fn every_example_is_understood() {
        for (name, command) in commands() {
            let help = help_of(&command);
            let examples: Vec<&str> = help
                .lines()
                .filter(|l| l.starts_with("  reconf "))
                .collect();
            assert!(!help.contains("Examples:") || examples.len() >= 2, "{name}");
            for example in examples {
                // What is behind a pipe is another program's.
                let line = example.split("  # ").next().unwrap_or_default();
                let line = line.split(" | ").next().unwrap_or_default();
                let words = line.split('\'').enumerate().flat_map(|(index, part)| {
                    if index % 2 == 1 {
                        vec![part.into()]
                    } else {
                        part.split_whitespace().map(Into::into).collect::<Vec<_>>()
                    }
                });
                let answer = super::super::parse(&words.collect::<Vec<_>>());
                let is_help = answer
                    .as_ref()
                    .is_err_and(|e| e.kind() == ErrorKind::DisplayHelp);
                assert!(answer.is_ok() || is_help, "{line}: {answer:?}");
            }
        }
    }

    #[test]
    fn commands_name_all_global_options_and_do_not_describe_them() {
        let options = Global::augment_args(Command::new("reconf"));
        let expected = options
            .get_arguments()
            .map(|option| match option.get_short() {
                Some(short) => format!("-{short}"),
                None => format!("--{}", option.get_long().unwrap_or_default()),
            });
        let expected: Vec<String> = expected.collect();
        let named = TEMPLATE
            .split_once("`):")
            .map(|(_, rest)| rest.replace("{after-help}", ""));
        let named = named.unwrap_or_default();
        assert_eq!(named.split_whitespace().collect::<Vec<_>>(), expected);
        for (name, command) in commands().into_iter().filter(|(_, c)| !c.is_hide_set()) {
            let help = help_of(&command);
            assert_eq!(help.contains(&named), name != "reconf", "{name}: {help}");
            assert!(!help.contains("      --node <NAME>"), "{name}: {help}");
        }
    }
}
