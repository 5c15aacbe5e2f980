//! Code is told from comments and literals, and imports are found whole.

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
    for kept in ["a\n#[cfg(test)]\nfn b() {}", "#[cfg(test)]\nmod tests;\na"] {
        assert_eq!(without_tests(kept), kept);
    }
}

#[test]
fn files_for_tests_are_declared_with_their_line() {
    let code = "#[cfg(test)]\nmod a;\n#[cfg(test)]\n#[path = ____]\npub(crate) mod b;\n#[cfg(test)]\nmod c {}\nmod d;";
    assert_eq!(test_declarations(code), [(2, "a"), (5, "b")]);
}

#[test]
fn imports_are_whole_paths_with_their_names() {
    let code = "pub(crate) use a::{b::{self, C as D}, e};\nfn f() -> crate::g::H { super::super::i(j::k) }";
    let found: Vec<_> = imports(code)
        .into_iter()
        .map(|import| (import.path.join("::"), import.name.unwrap_or("-")))
        .collect();
    let expected = [
        ("a::b", "b"),
        ("a::b::C", "D"),
        ("a::e", "e"),
        ("crate::g::H", "-"),
        ("super::super::i", "-"),
    ];
    assert_eq!(found, expected.map(|(path, name)| (path.to_owned(), name)));
}
