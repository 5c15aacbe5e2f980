//! The man pages: one of each command, from the tree of commands and the help that each ends with.

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Inline, Roff, bold, roman},
};

use super::help;

/// A man page of section 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManPage {
    /// The name of its file, such as `reconf-render.1`.
    pub file: String,
    /// Its source for troff.
    pub text: String,
}

/// Returns the pages of all commands that help lists, the program's own first.
pub(crate) fn pages() -> Vec<ManPage> {
    let mut tree = help::shown().subcommand_help_heading("COMMANDS");
    tree.build();
    let root = help::with_global_options(tree.clone());
    let mut pages = vec![page(root)];
    add_subcommands(&tree, &mut pages);
    pages
}

fn add_subcommands(command: &Command, pages: &mut Vec<ManPage>) {
    for subcommand in command.get_subcommands() {
        pages.push(page(subcommand.clone()));
        add_subcommands(subcommand, pages);
    }
}

fn page(command: Command) -> ManPage {
    let end = command.get_after_help().map(ToString::to_string);
    let parent = parent_page(&command);
    // clap_mangen would fill examples and exit codes as one paragraph.
    let man = Man::new(command.after_help(None::<&'static str>))
        .source(concat!("reconf ", env!("CARGO_PKG_VERSION")))
        .manual("reconf");
    let mut text = render(|bytes| man.render(bytes));
    let mut roff = Roff::new();
    add_help(&mut roff, &end.unwrap_or_default());
    if let Some(parent) = parent {
        add_references(&mut roff, &parent);
    }
    text += &render(|bytes| roff.to_writer(bytes));
    ManPage {
        file: man.get_filename(),
        text: ascii(&text),
    }
}

/// Writes other characters than ASCII as troff's escapes: what encoding it reads depends on who calls it.
fn ascii(text: &str) -> String {
    text.chars().fold(String::new(), |mut ascii, character| {
        match character {
            '\0'..='\x7f' => ascii.push(character),
            '…' => ascii.push_str("..."),
            _ => ascii += &format!("\\[u{:04X}]", u32::from(character)),
        }
        ascii
    })
}

/// Collects what is written; a `Vec` takes everything.
fn render(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    match write(&mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

/// The page of the command that this one belongs to; `None` for the program itself.
fn parent_page(command: &Command) -> Option<String> {
    let (parent, _) = command.get_bin_name()?.rsplit_once(' ')?;
    Some(parent.replace(' ', "-"))
}

/// Adds what help ends with: paragraphs, and lists below a heading with a colon.
fn add_help(roff: &mut Roff, help: &str) {
    for paragraph in help.split("\n\n").filter(|text| !text.is_empty()) {
        let mut lines = paragraph.lines();
        let heading = paragraph
            .lines()
            .next()
            .and_then(|line| line.strip_suffix(':'));
        match heading {
            Some("Exit codes") => roff.control("SH", ["EXIT STATUS"]),
            Some(heading) => roff.control("SH", [heading.to_uppercase().as_str()]),
            None => roff.control("PP", []).text([roman(paragraph)]),
        };
        let entries = lines.by_ref().skip(1).filter(|_| heading.is_some());
        for (term, meaning) in entries.filter_map(entry) {
            roff.control("TP", [])
                .text([bold(term)])
                .text([roman(meaning)]);
        }
    }
}

/// The term of a line of a list, and what it means: `command  # comment`, or `code  meaning`.
fn entry(line: &str) -> Option<(&str, &str)> {
    let split = line
        .split_once("  # ")
        .or_else(|| line.trim_start().split_once("  "));
    split.map(|(term, meaning)| (term.trim(), meaning))
}

/// Adds where the global options are described.
fn add_references(roff: &mut Roff, parent: &str) {
    let reference = |name: &str| -> [Inline; 2] { [bold(name), roman("(1)")] };
    let [root, section] = reference("reconf");
    roff.control("SH", ["GLOBAL OPTIONS"])
        .text([
            root,
            section,
            roman(" describes the options that every command has."),
        ])
        .control("SH", ["SEE ALSO"])
        .text(reference(parent).to_vec());
}
