//! The completions of shells, from the tree of commands.

use clap::Command;
use clap_complete::{
    Generator,
    aot::{Bash, Fish, Zsh},
    generate,
};

use super::{CompletedShell, help};

/// The commands that take both words of their own and subcommands.
const MIXED: [&str; 1] = ["listen"];

/// Returns the script that completes commands and options in a shell.
pub(crate) fn completions(shell: CompletedShell) -> String {
    match shell {
        CompletedShell::Bash => script(Bash),
        CompletedShell::Zsh => script(Zsh),
        CompletedShell::Fish => script(Fish),
    }
}

fn script(shell: impl Generator) -> String {
    let mut script = Vec::new();
    generate(shell, &mut tree(), "reconf", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The tree without the command that may follow `--` where a subcommand may stand: zsh would complete nothing there.
fn tree() -> Command {
    let mut built = help::shown();
    built.build();
    MIXED
        .into_iter()
        .fold(help::with_global_options(help::shown()), |tree, name| {
            let Some(mixed) = built.find_subcommand(name) else {
                return tree;
            };
            let options = mixed.get_opts().filter(|option| !option.is_global_set());
            let plain = Command::new(name)
                .about(mixed.get_about().cloned().unwrap_or_default())
                .args(options.cloned())
                .subcommands(mixed.get_subcommands().cloned());
            tree.mut_subcommand(name, |_| plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_command_takes_words_and_subcommands() {
        let mut built = help::shown();
        built.build();
        let mixed = built.get_subcommands().filter(|command| {
            command.has_subcommands() && command.get_positionals().next().is_some()
        });
        let mixed: Vec<&str> = mixed.map(Command::get_name).collect();
        assert_eq!(mixed, MIXED);
    }
}
