//! Reports references to a section that `docs/design.md` does not have, and links that lead to no file, as
//! `file:line: what`.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use super::rules::Text;

/// The words that start a reference, longest first.
const WORDS: [&str; 2] = ["sections", "section"];

/// The words that continue a list of numbers, longest first.
const MORE: [&str; 5] = [", and", ",", "and", "or", "to"];

/// Collects the numbers of the contract's headings, `## N.`.
pub(crate) fn sections(contract: &str) -> BTreeSet<u32> {
    let headings = contract.lines().filter_map(|line| line.strip_prefix("## "));
    headings
        .filter_map(|heading| heading.split_once('.')?.0.parse().ok())
        .collect()
}

/// Reports every section that a text refers to and the contract does not have.
pub(crate) fn references(text: &Text, known: &BTreeSet<u32>) -> Vec<String> {
    let lower = text.raw.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, _) in lower.match_indices(WORDS[1]) {
        if lower[..at].ends_with(char::is_alphanumeric) || is_of_another(&lower[..at]) {
            continue;
        }
        let word = WORDS.iter().find(|word| lower[at..].starts_with(*word));
        let behind = &lower[at + word.map_or(0, |word| word.len())..];
        let missing = numbers(behind).into_iter().filter(|n| !known.contains(n));
        found.extend(
            missing.map(|number| text.at(at, &format!("docs/design.md has no section {number}"))),
        );
    }
    found
}

/// Whether the words before the reference name an RFC, whose sections are not ours.
fn is_of_another(before: &str) -> bool {
    let mut words = before.split_whitespace().rev();
    let number = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
    number && words.next().is_some_and(|word| word.ends_with("rfc"))
}

/// Reads the list of numbers at the start of `text`: `7`, `4 and 8`, `2, 3 or 5`; `2 to 4` gives all three.
fn numbers(text: &str) -> Vec<u32> {
    let Some((first, mut rest)) = number(text) else {
        return Vec::new();
    };
    let mut numbers = vec![first];
    let mut last = first;
    loop {
        let trimmed = after_margin(rest);
        let more = MORE.iter().find(|more| trimmed.starts_with(**more));
        let Some((more, (next, after))) =
            more.and_then(|more| Some((*more, number(&trimmed[more.len()..])?)))
        else {
            return numbers;
        };
        let from = if more == "to" { last + 1 } else { next };
        numbers.extend(from..=next);
        (last, rest) = (next, after);
    }
}

/// Splits `text` behind the number at its start, which blanks must precede.
fn number(text: &str) -> Option<(u32, &str)> {
    let inside = after_margin(text);
    let end = inside.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = inside.split_at(end.unwrap_or(inside.len()));
    (inside.len() < text.len()).then_some(())?;
    Some((digits.parse().ok()?, rest))
}

/// Skips blanks and, on a new line, the marks of a comment: a reference may be wrapped.
fn after_margin(text: &str) -> &str {
    let mut rest = text.trim_start_matches([' ', '\t']);
    while let Some(line) = rest.strip_prefix('\n') {
        let marks = |c: char| matches!(c, ' ' | '\t' | '/' | '!' | '#' | '*' | '>');
        rest = line.trim_start_matches(marks);
    }
    rest
}

/// Reports every relative link of a page, and every path below `docs/` in it, for which `exists` is false.
pub(crate) fn links(page: &Text, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let linked = targets(&page.raw).map(|(at, target)| (at, target, normal(&folder.join(target))));
    let named = named(&page.raw).map(|(at, path)| (at, path, PathBuf::from(path)));
    linked
        .chain(named)
        .filter(|(_, _, path)| !exists(path))
        .map(|(at, target, _)| page.at(at, &format!("`{target}` leads to no file")))
        .collect()
}

/// Finds the targets of relative Markdown links, without their `#anchor`.
fn targets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("](").filter_map(|(at, start)| {
        let target = text[at + start.len()..].split([')', ' ', '\n']).next()?;
        let path = target.split('#').next()?;
        (!path.is_empty() && !path.contains(':')).then_some((at, path))
    })
}

/// Finds the paths below `docs/` in a text; they are relative to the checkout.
fn named(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    text.match_indices("docs/")
        .filter(move |(at, _)| !text[..*at].ends_with(inner))
        .map(move |(at, _)| {
            let end = text[at..].find(|c| !inner(c));
            let path = &text[at..][..end.unwrap_or(text.len() - at)];
            (at, path.trim_end_matches('.'))
        })
}

/// Resolves `..` by the text alone, so that a link cannot leave the checkout unseen.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        if component != Component::ParentDir || !normal.pop() {
            normal.push(component);
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Path, text, and what the rule must report of it.
    type Case<'a, T> = (&'a str, &'a str, &'a [T]);

    const CONTRACT: &str =
        "# 9. no\n## 1. What\n## 2. [Linked](page.md) **(v2)**\n## 3.\n### 4. deep\n## 12. More";

    fn text(path: &str, raw: &str) -> Text {
        Text::new(Path::new(path), raw.to_owned())
    }

    #[test]
    fn the_contract_has_the_sections_of_its_headings() {
        assert_eq!(sections(CONTRACT), BTreeSet::from([1, 2, 3, 12]));
    }

    #[test]
    fn a_reference_to_a_section_that_is_not_there_is_found_with_its_line() {
        // `§` stands for the word, since the rule reads this file too.
        let cases: [Case<'_, (usize, u32)>; 10] = [
            ("src/a.rs", "//! Owns (design.md § 1).", &[]),
            ("src/a.rs", "//! Owns.\n\n/// So it is (§ 4).", &[(3, 4)]),
            ("src/a.rs", "// design.md\n// §\n//   9", &[(2, 9)]),
            ("script/test", "a\n# §s 1 and 7", &[(2, 7)]),
            ("docs/a.md", "§s 1, 2, and 13: why", &[(1, 13)]),
            ("docs/a.md", "§s 1 to 5", &[(1, 4), (1, 5)]),
            ("docs/a.md", "§s 3 to\n> 4, 11 or 12", &[(1, 4), (1, 11)]),
            ("docs/a.md", "§ 2, 9 lives", &[(1, 9)]),
            ("docs/a.md", "RFC 3986 § 3.2.2, dis§ 8, in that § of 7", &[]),
            ("docs/a.md", "two §s, 8; §", &[]),
        ];
        let known = sections(CONTRACT);
        for (path, raw, expected) in cases {
            let raw = raw.replace('§', WORDS[1]);
            let complaint = |(line, number): &(usize, u32)| {
                format!("{path}:{line}: docs/design.md has no section {number}")
            };
            let expected: Vec<String> = expected.iter().map(complaint).collect();
            assert_eq!(references(&text(path, &raw), &known), expected, "{raw}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found_with_its_line() {
        let there = ["README.md", "docs/design.md", "cookbook/README.md"];
        let exists = |path: &Path| there.iter().any(|known| Path::new(known) == path);
        let cases: [Case<'_, &str>; 9] = [
            ("docs/a.md", "[x](design.md#1-what) [y](#here)", &[]),
            ("docs/a.md", "[x](../cookbook/README.md \"t\")", &[]),
            ("docs/a.md", "a\n[x](sight.md)", &["2: `sight.md`"]),
            (
                "docs/a.md",
                "[x](../../README.md)",
                &["1: `../../README.md`"],
            ),
            ("README.md", "[x](https://etcd.io/docs/v3.5/)", &[]),
            ("README.md", "[x](design.md)", &["1: `design.md`"]),
            ("README.md", "see `docs/design.md`.", &[]),
            (
                "README.md",
                "a\n\nsee docs/desing.md.",
                &["3: `docs/desing.md`"],
            ),
            ("README.md", "mydocs/a /usr/share/docs/b", &[]),
        ];
        for (path, raw, expected) in cases {
            let complaint = |at: &&str| format!("{path}:{at} leads to no file");
            let expected: Vec<String> = expected.iter().map(complaint).collect();
            assert_eq!(links(&text(path, raw), exists), expected, "{raw}");
        }
    }
}
