//! How a file for HAProxy differs from the one before it.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{ParsedFile, ParsedServer};

/// How the servers of a pool differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerChanges {
    pub new: usize,
    /// At another address or port.
    pub moved: usize,
    pub gone: usize,
}

/// How the servers of each pool that both files have differ, by its name.
pub(crate) fn server_changes(
    before: &ParsedFile,
    after: &ParsedFile,
) -> BTreeMap<String, ServerChanges> {
    let pools = after.sections.iter().map(|(pool, section)| {
        let none = BTreeMap::new();
        let before = before.sections.get(pool);
        let before = before.map_or(&none, |section| &section.servers);
        (pool.clone(), compare(before, &section.servers))
    });
    pools.collect()
}

fn compare(
    before: &BTreeMap<String, ParsedServer>,
    after: &BTreeMap<String, ParsedServer>,
) -> ServerChanges {
    let place = |server: &ParsedServer| (server.address.clone(), server.port);
    let moved = after.iter().filter(|(name, server)| {
        let before = before.get(*name);
        before.is_some_and(|before| place(before) != place(server))
    });
    ServerChanges {
        new: after
            .keys()
            .filter(|name| !before.contains_key(*name))
            .count(),
        moved: moved.count(),
        gone: before
            .keys()
            .filter(|name| !after.contains_key(*name))
            .count(),
    }
}

/// The lines that differ, in the order of the new file; those of a section that both files have are below its first line.
pub(crate) fn line_changes(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (sections(before), sections(after));
    let is_gone = |(name, _): &&Section<'_>| lines_of(&after, name).is_empty();
    let names = after.iter().chain(before.iter().filter(is_gone));
    let mut lines = Vec::new();
    for (name, _) in names {
        let (before, after) = (lines_of(&before, name), lines_of(&after, name));
        let removed = without(before, after).map(|line| format!("- {line}"));
        let added = without(after, before).map(|line| format!("+ {line}"));
        let changed: Vec<String> = removed.chain(added).collect();
        let is_in_both = before.contains(name) && after.contains(name);
        if !changed.is_empty() && is_in_both {
            lines.push(format!("  {name}"));
        }
        lines.extend(changed);
    }
    lines
}

/// The first line of a section, and all its lines, that one among them and the comments above it.
type Section<'a> = (&'a str, Vec<&'a str>);

/// The sections of a file, those with the same first line as one.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut comments = Vec::new();
    let mut name = "";
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with('#') {
            comments.push(line);
            continue;
        }
        if !line.starts_with([' ', '\t']) {
            name = line;
        }
        let lines = comments.drain(..).chain([line]);
        match sections.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(lines),
            None => sections.push((name, lines.collect())),
        }
    }
    sections
}

fn lines_of<'a, 'b>(sections: &'b [Section<'a>], name: &str) -> &'b [&'a str] {
    let section = sections.iter().find(|(known, _)| *known == name);
    section.map_or(&[], |(_, lines)| lines)
}

fn without<'a>(lines: &[&'a str], others: &[&str]) -> impl Iterator<Item = &'a str> + use<'a> {
    let others: BTreeSet<&str> = others.iter().copied().collect();
    let missing = lines.iter().filter(|line| !others.contains(**line));
    missing.copied().collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::file::parse;

    const BEFORE: &str = "# ours\nglobal\n  description reconf 1\n\nlisten local:1\n  bind 127.0.0.1:1\n  \
        server a 10.0.0.1:80\n  server b 10.0.0.2:80\n  server c 10.0.0.3:80\n\nlisten local:2\n  bind 127.0.0.1:2\n";
    const AFTER: &str = "# ours\nglobal\n  description reconf 2\n\nlisten local:1\n  bind 127.0.0.1:1\n  \
        server a 10.0.0.1:81\n  server c 10.0.0.3:80 backup\n  server d 10.0.0.4:80\n";

    #[test]
    fn servers_are_new_moved_or_gone() {
        let changes = server_changes(&parse(BEFORE), &parse(AFTER));
        let (new, moved, gone) = (1, 1, 1);
        let expected = ServerChanges { new, moved, gone };
        assert_eq!(changes, [("local:1".to_owned(), expected)].into());
        let none = server_changes(&parse(AFTER), &parse(AFTER));
        assert_eq!(none["local:1"], ServerChanges::default());
    }

    #[test]
    fn lines_that_differ_are_below_their_section() {
        let lines = line_changes(BEFORE, AFTER).join("\n");
        let expected = "  global\n-   description reconf 1\n+   description reconf 2\n  \
            listen local:1\n-   server a 10.0.0.1:80\n-   server b 10.0.0.2:80\n-   server c 10.0.0.3:80\n\
            +   server a 10.0.0.1:81\n+   server c 10.0.0.3:80 backup\n+   server d 10.0.0.4:80\n\
            - listen local:2\n-   bind 127.0.0.1:2";
        assert_eq!(lines, expected);
        assert_eq!(line_changes(AFTER, AFTER), [""; 0]);
    }

    #[test]
    fn a_first_file_is_shown_as_it_is() {
        let after = "# ours\nglobal\n  log stdout\n\n# Names.\ndefaults\n  mode tcp\nlisten local:1\n  bind :1\n";
        let shown = line_changes("", after).join("\n");
        let expected = "+ # ours\n+ global\n+   log stdout\n+ # Names.\n+ defaults\n+   mode tcp\n\
            + listen local:1\n+   bind :1";
        assert_eq!(shown, expected);
        assert_eq!(
            line_changes(after, "").join("\n"),
            expected.replace("+ ", "- ")
        );
    }
}
