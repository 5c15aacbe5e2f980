//! README.md and the pages name every command, and no command or flag that is not there.

use super::{COMMANDS, printed};

/// The texts between backticks, and the lines of blocks: what README.md and docs/reference.md call a command or a flag.
fn code_of_the_pages() -> Vec<&'static str> {
    let texts = [
        include_str!("../../README.md"),
        include_str!("../../docs/reference.md"),
        include_str!("../../docs/operations.md"),
    ];
    let (mut code, mut inside) = (Vec::new(), false);
    for line in texts.into_iter().flat_map(str::lines) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line.trim_start_matches("$ "));
        } else {
            code.extend(line.split('`').skip(1).step_by(2));
        }
    }
    code
}

/// The flags of a command line of reconf, up to the command that it runs.
fn flags(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split_whitespace().take_while(|word| *word != "--");
    words.filter(|word| word.starts_with("--"))
}

/// The table of commands of docs/reference.md.
fn table_of_the_reference() -> &'static str {
    let (_, table) = include_str!("../../docs/reference.md")
        .split_once("\n## Commands\n")
        .unwrap();
    table.split_once("\n\n`reconf help`").unwrap().0
}

/// Whether the help of a command, or that of the global options, has this flag.
fn has(command: &str, flag: &str) -> bool {
    ["options", command].iter().any(|page| {
        let help = printed(&format!("help {page}"), 100);
        help.split([' ', '\n', ',']).any(|word| word == flag)
    })
}

#[test]
fn the_reference_lists_every_command() {
    let table = table_of_the_reference();
    for command in COMMANDS.iter().filter(|command| **command != "help") {
        let verb = command.trim_start_matches("listen ");
        let names = [*command, verb.trim_start_matches("balance ")];
        let is_listed = names.iter().any(|name| table.contains(&format!("`{name}")));
        assert!(is_listed, "{command}");
    }
}

#[test]
fn the_pages_call_nothing_that_is_not_there() {
    let mut lines = 0;
    for line in code_of_the_pages() {
        let Some(line) = line.strip_prefix("reconf ") else {
            continue;
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let both = words.get(..2).map(|words| words.join(" "));
        let command = both.filter(|both| COMMANDS.contains(&both.as_str()));
        let command = command.unwrap_or_else(|| words[0].to_owned());
        assert!(COMMANDS.contains(&command.as_str()), "{line}");
        for flag in flags(line) {
            assert!(has(&command, flag), "`{command}` has no {flag}: {line}");
        }
        lines += 1;
    }
    assert!(lines > 20, "{lines} lines of commands in the pages");
    let table = table_of_the_reference().lines();
    for row in table.filter(|line| line.starts_with("| `")) {
        let spans: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let of_row = spans[0].split_whitespace().next().unwrap();
        for span in spans {
            let first = span.split_whitespace().next().unwrap_or_default();
            let is_command = COMMANDS.contains(&first);
            let command = if is_command { first } else { of_row };
            for flag in flags(span) {
                assert!(has(command, flag), "`{command}` has no {flag}: {row}");
            }
        }
    }
}
