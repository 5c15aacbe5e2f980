//! The rules for names: words that the code no longer uses, and types that are defined twice.

use std::collections::BTreeMap;

use super::{rules::Text, source};

/// Private words, with the terms that replaced them.
const GIVEN_UP: [(&str, &str); 11] = [
    ("Told", "`ProblemBuilder`, `Signal`, `LastSeen`"),
    ("Teller", "`Output`"),
    ("Telling", "`StatusWriter`"),
    ("Aim", "`Desired`"),
    ("Standing", "`Baseline`"),
    ("Strangers", "`ignored`"),
    ("grave", "`tombstone_lease`"),
    ("BREATH", "`STATUS_DEBOUNCE`"),
    ("PATIENCE", "`SLOT_BACKOFF`"),
    ("until_told", "`retry_on_conflict`"),
    ("in_use", "`applied`"),
];

/// The keywords that define a type.
const DEFINE: [&str; 4] = ["struct", "enum", "trait", "type"];

/// Reports every word that the code has given up, in comments and texts too.
pub(crate) fn given_up(text: &Text) -> Vec<String> {
    let found = source::words(&text.raw).filter_map(|(at, word)| {
        let (_, instead) = GIVEN_UP.iter().find(|(given_up, _)| *given_up == word)?;
        Some(text.at(at, &format!("`{word}` was given up for {instead}")))
    });
    found.collect()
}

/// Reports every type, at the level of items, whose name another file or another item has as well.
pub(crate) fn twice<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Vec<String> {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = Vec::new();
    for text in texts {
        for (number, name) in types(source::without_tests(&text.code)) {
            let place = format!("{}:{number}", text.path);
            if let Some(other) = first.get(name) {
                found.push(format!("{place}: `{name}` is defined in {other} too"));
            } else {
                first.insert(name, place);
            }
        }
    }
    found
}

/// The types that code defines, with their lines. Those of a trait or an `impl` are indented: they are left out.
fn types(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().filter_map(|(number, line)| {
        let item = line.strip_prefix("pub").map_or(line, |rest| {
            let scope = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            scope.map_or(rest, |(_, rest)| rest).trim_start()
        });
        let (keyword, rest) = item.split_once(' ')?;
        let (_, name) = source::words(rest).next()?;
        DEFINE.contains(&keyword).then_some((number + 1, name))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn text(path: &str, raw: &str) -> Text {
        Text::new(Path::new(path), raw.to_owned())
    }

    #[test]
    fn a_word_that_was_given_up_is_found() {
        for (raw, expected) in [
            (
                "struct Told;",
                &["src/a.rs:1: `Told` was given up for `ProblemBuilder`, `Signal`, `LastSeen`"][..],
            ),
            (
                "//! The\n//! grave of a key.",
                &["src/a.rs:2: `grave` was given up for `tombstone_lease`"],
            ),
            (
                "f(\"in_use\")",
                &["src/a.rs:1: `in_use` was given up for `applied`"],
            ),
            (
                "told Tolder graveyard Outstanding not_in_use PATIENCES Aims",
                &[],
            ),
        ] {
            assert_eq!(given_up(&text("src/a.rs", raw)), expected, "{raw}");
        }
    }

    #[test]
    fn a_type_that_is_defined_twice_is_found() {
        let texts = [
            text(
                "src/a.rs",
                "pub(crate) struct One<T>(T);\nimpl X for One {\n    type Error = ();\n}",
            ),
            text(
                "src/b.rs",
                "// struct One\nenum Two {\n    One,\n}\npub(in crate::a) type One = u8;",
            ),
            text(
                "src/c.rs",
                "trait Two {\n    type Error;\n}\nfn One() {}\nuse One;\n#[cfg(test)]\nmod tests {\nstruct One;\n}",
            ),
        ];
        let expected = [
            "src/b.rs:5: `One` is defined in src/a.rs:1 too",
            "src/c.rs:1: `Two` is defined in src/b.rs:2 too",
        ];
        assert_eq!(twice(&texts), expected);
    }
}
