//! As much of Rust's grammar as the rules need: what is code and what is comment or literal.

/// `text` with the inside of comments blanked and the inside of literals turned into `_`; lines stay lines.
pub(crate) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, filler) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), ' ')
        } else if rest.starts_with("/*") {
            (block_comment(rest), ' ')
        } else if let Some(length) = literal(rest, after_word) {
            (length, '_')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let blank = |c: char| if c == '\n' { c } else { filler };
        code.extend(rest[..length].chars().map(blank));
        rest = &rest[length..];
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the string or character literal with which `text` begins.
fn literal(text: &str, after_word: bool) -> Option<usize> {
    if let Some(inside) = text.strip_prefix('"') {
        return Some(1 + quoted(inside, '"'));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let mut chars = inside.chars();
        let escaped = chars.next() == Some('\\');
        // Otherwise it is a lifetime.
        return (escaped || chars.next() == Some('\'')).then(|| 1 + quoted(inside, '\''));
    }
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r'));
    let hashes = raw?.bytes().take_while(|byte| *byte == b'#').count();
    let inside = raw?[hashes..].strip_prefix('"').filter(|_| !after_word)?;
    let end = format!("\"{}", "#".repeat(hashes));
    let before = text.len() - inside.len();
    Some(
        inside
            .find(&end)
            .map_or(text.len(), |at| before + at + end.len()),
    )
}

fn quoted(inside: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        if c == end && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    inside.len()
}

/// What marks an item that only tests have.
const FOR_TESTS: &str = "#[cfg(test)]";

/// `code` up to the inline tests that end a file.
pub(crate) fn without_tests(code: &str) -> &str {
    let inline =
        |(at, _): &(usize, &str)| test_module(&code[*at..]).is_some_and(|(_, end)| end == '{');
    let tests = code.match_indices(FOR_TESTS).find(inline);
    tests.map_or(code, |(at, _)| &code[..at])
}

/// The line and the name of every module that `code` declares for tests and that is a file of its own.
pub(crate) fn test_declarations(code: &str) -> Vec<(usize, &str)> {
    let declared = code.match_indices(FOR_TESTS).filter_map(|(at, _)| {
        let (name, end) = test_module(&code[at..])?;
        let start = name.as_ptr() as usize - code.as_ptr() as usize;
        (end == ';').then(|| (line(code, start), name))
    });
    declared.collect()
}

/// The name of the module that is declared after the attributes at the start of `code`, and the sign after the name.
fn test_module(code: &str) -> Option<(&str, char)> {
    let mut rest = code;
    while let Some(attribute) = rest.strip_prefix("#[") {
        rest = attribute[attribute.find(']')? + 1..].trim_start();
    }
    let rest = rest.strip_prefix("pub(crate) ").unwrap_or(rest);
    let rest = rest.strip_prefix("mod ")?;
    let name = name(rest);
    Some((name, rest[name.len()..].trim_start().chars().next()?))
}

/// A path that code names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import<'a> {
    /// The byte at which its statement, or the path itself, begins.
    pub(crate) at: usize,
    /// Its parts.
    pub(crate) path: Vec<&'a str>,
    /// What it is called here from then on, if it is imported.
    pub(crate) name: Option<&'a str>,
}

/// Every path that a `use` imports, and every path from `crate` or `super` in other code.
pub(crate) fn imports(code: &str) -> Vec<Import<'_>> {
    let mut found = Vec::new();
    let mut statements = Vec::new();
    for (at, word) in words(code) {
        if word == "use" && code[at..].starts_with("use ") {
            let end = code[at..].find(';').map_or(code.len(), |end| at + end);
            statements.push(at..end);
            expand(at, &[], &code[at + 4..end], &mut found);
        } else if ["crate", "super"].contains(&word)
            && !code[..at].ends_with("::")
            && code[at + word.len()..].starts_with("::")
            && !statements.iter().any(|statement| statement.contains(&at))
        {
            let end = code[at..].find(|c: char| !is_inner(c) && c != ':');
            let path = code[at..][..end.unwrap_or(code.len() - at)].trim_end_matches(':');
            let path = path.split("::").collect();
            found.push(Import {
                at,
                path,
                name: None,
            });
        }
    }
    found
}

/// Adds every path of the `use` tree `text`, all of which begin with `before`.
fn expand<'a>(at: usize, before: &[&'a str], text: &'a str, found: &mut Vec<Import<'a>>) {
    let parts = |path: &'a str| {
        path.split("::")
            .map(str::trim)
            .filter(|part| !part.is_empty())
    };
    if let Some((head, group)) = text.split_once('{') {
        let before: Vec<_> = before.iter().copied().chain(parts(head)).collect();
        let group = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
        for branch in branches(group) {
            expand(at, &before, branch, found);
        }
        return;
    }
    let (path, alias) = text.split_once(" as ").unwrap_or((text, ""));
    let mut path: Vec<_> = before.iter().copied().chain(parts(path)).collect();
    if path.len() > 1 && path.last() == Some(&"self") {
        path.pop();
    }
    let name = [alias.trim()].into_iter().find(|alias| !alias.is_empty());
    let name = name.or(path.last().copied());
    found.push(Import { at, path, name });
}

/// Splits the inside of a group at its own commas.
fn branches(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&group[start..]);
    found.retain(|branch| !branch.trim().is_empty());
    found
}

/// Every word of `code` with the byte at which it begins.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    code.split_inclusive(|c| !is_inner(c))
        .filter_map(move |piece| {
            let word = (at, piece.trim_end_matches(|c| !is_inner(c)));
            at += piece.len();
            (!word.1.is_empty()).then_some(word)
        })
}

/// Whether a character may stand inside a word.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The number of the line in which byte `at` lies.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The first name of every path in the `use` tree with which `text` begins: one for `a::b`, several for `{a::b, c}`.
pub(crate) fn heads(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let Some(group) = text.strip_prefix('{') else {
        return vec![name(text)];
    };
    let mut depth = 1;
    let end = group.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    let branches = branches(&group[..end.unwrap_or(group.len())]);
    branches
        .into_iter()
        .map(|branch| name(branch.trim_start()))
        .collect()
}

fn name(text: &str) -> &str {
    let star = usize::from(text.starts_with('*'));
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end.max(star)]
}

#[cfg(test)]
mod tests;
