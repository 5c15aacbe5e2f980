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

/// `code` up to the inline tests that end a file.
pub(crate) fn without_tests(code: &str) -> &str {
    let tests = code.match_indices("#[cfg(test)]").find(|(at, attribute)| {
        code[at + attribute.len()..]
            .trim_start()
            .starts_with("mod ")
    });
    tests.map_or(code, |(at, _)| &code[..at])
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
    let (mut depth, mut heads, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                heads.push(name(group[start..at].trim_start()));
                start = at + 1;
            }
            '}' if depth == 0 => {
                heads.push(name(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn name(text: &str) -> &str {
    let star = usize::from(text.starts_with('*'));
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end.max(star)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let cases = [
            ("a // crate::x\nb", "a            \nb"),
            ("a /* x /* y\n*/ z */ b", "a          \n        b"),
            (
                r#"f("crate::\"x", 'y', '\'', '"')"#,
                "f(____________, ___, ____, ___)",
            ),
            (
                "r#\"a\"b\"# + br\"c\" + xr\"d\"",
                "________ + _____ + xr___",
            ),
            ("&'a str, 'outer: loop", "&'a str, 'outer: loop"),
            ("'é' + b'\\n'", "___ + b____"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn a_group_has_many_heads() {
        assert_eq!(heads("edge::files;"), ["edge"]);
        assert_eq!(
            heads("{model::{id::Id, name}, edge, self}; x"),
            ["model", "edge", "self"]
        );
        assert_eq!(heads("{\n    model::id,\n}"), ["model"]);
        assert_eq!(heads("*;"), ["*"]);
    }

    #[test]
    fn inline_tests_do_not_count() {
        assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {}"), "a\n");
        let helper = "a\n#[cfg(test)]\nfn b() {}";
        assert_eq!(without_tests(helper), helper);
    }
}
