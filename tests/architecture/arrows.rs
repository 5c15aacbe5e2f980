//! The arrows of ARCHITECTURE.md as a table, and the imports that are not in it, as `file:line: what`.

use super::{
    rules::{Text, starts},
    source,
};

/// What each layer may import. A layer is a file or folder right below `src/`; each may import itself.
const MAY_IMPORT: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("resolve", &["model"]),
    ("announce", &["model"]),
    ("render", &["model"]),
    ("provision", &["model"]),
    ("edge", &["model"]),
    ("cli", &["model"]),
    (
        "report",
        &[
            "model",
            "resolve",
            "announce",
            "render",
            "provision",
            "edge",
            "cli",
        ],
    ),
    (
        "commands",
        &[
            "model",
            "resolve",
            "announce",
            "render",
            "provision",
            "edge",
            "cli",
            "report",
        ],
    ),
    ("lib", &["model", "edge", "cli", "report", "commands"]),
    ("main", &["lib"]),
];

/// Every path to another layer is in the table.
pub(crate) fn imports(text: &Text) -> Vec<String> {
    let layer = text.modules()[0];
    let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == layer);
    let allowed = allowed.map_or(&[][..], |(_, allowed)| allowed);
    let found = absolute(text).chain(relative(text));
    // Lines are counted in the code: it has the same ones.
    found
        .filter(|(_, target)| target != layer && !allowed.contains(&target.as_str()))
        .map(|(at, target)| {
            let line = source::line(&text.code, at);
            format!("{}:{line}: `{layer}` must not import `{target}`", text.path)
        })
        .collect()
}

/// Where `crate::` or `reconf::` leads. What is no layer is an item of `lib`.
fn absolute(text: &Text) -> impl Iterator<Item = (usize, String)> {
    ["crate::", "reconf::"].into_iter().flat_map(move |prefix| {
        starts(&text.code, prefix).flat_map(move |at| {
            let heads = source::heads(&text.code[at + prefix.len()..]);
            heads.into_iter().map(move |head| {
                let target = if prefix == "reconf::" { "lib" } else { head };
                (at, layer_or_lib(target))
            })
        })
    })
}

/// Where `super::super::` leads when it leaves the layer. Inline tests have a module of their own: they are left out.
fn relative(text: &Text) -> impl Iterator<Item = (usize, String)> {
    let code = source::without_tests(&text.code);
    let depth = text.modules().len();
    starts(code, "super::").flat_map(move |at| {
        let (mut climbs, mut rest) = (0, &code[at..]);
        while let Some(after) = rest.strip_prefix("super::") {
            (climbs, rest) = (climbs + 1, after);
        }
        let heads = if climbs < depth {
            Vec::new()
        } else {
            source::heads(rest)
        };
        heads.into_iter().map(move |head| (at, layer_or_lib(head)))
    })
}

fn layer_or_lib(name: &str) -> String {
    let known = MAY_IMPORT.iter().any(|(layer, _)| *layer == name);
    if known { name } else { "lib" }.to_owned()
}

/// The file's layer is in the table.
pub(crate) fn rows(text: &Text) -> Vec<String> {
    let layer = text.modules()[0];
    let known = MAY_IMPORT.iter().any(|(name, _)| *name == layer);
    let complaint = text.at(0, &format!("the layer `{layer}` has no row in MAY_IMPORT"));
    if known { Vec::new() } else { vec![complaint] }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn text(path: &str, raw: &str) -> Text {
        Text::new(Path::new(path), raw.to_owned())
    }

    const FORBIDDEN: [(&str, &str, &str); 10] = [
        (
            "src/resolve/mod.rs",
            "use crate::edge::files;",
            "1: `resolve` must not import `edge`",
        ),
        (
            "src/resolve/pick.rs",
            "use crate::{model::id::Id, render};",
            "1: `resolve` must not import `render`",
        ),
        (
            "src/model/id.rs",
            "\n\nfn f() { crate::resolve::run() }",
            "3: `model` must not import `resolve`",
        ),
        (
            "src/model/id.rs",
            "use crate::run;",
            "1: `model` must not import `lib`",
        ),
        (
            "src/model/id.rs",
            "use crate::*;",
            "1: `model` must not import `lib`",
        ),
        (
            "src/model/id.rs",
            "use super::super::edge;",
            "1: `model` must not import `edge`",
        ),
        (
            "src/model/mod.rs",
            "use super::{edge, model};",
            "1: `model` must not import `edge`",
        ),
        (
            "src/edge/mod.rs",
            "pub use crate::report::Report;",
            "1: `edge` must not import `report`",
        ),
        (
            "src/edge/a/b.rs",
            "#[cfg(test)]\nmod tests {\n use crate::commands; }",
            "3: `edge` must not import `commands`",
        ),
        (
            "src/newcomer.rs",
            "use crate::model;",
            "1: `newcomer` must not import `model`",
        ),
    ];

    #[test]
    fn a_forbidden_import_is_found_with_its_line() {
        for (path, raw, expected) in FORBIDDEN {
            assert_eq!(
                imports(&text(path, raw)),
                [format!("{path}:{expected}")],
                "{raw}"
            );
        }
    }

    #[test]
    fn an_allowed_import_is_not() {
        let cases = [
            ("src/resolve/mod.rs", "use crate::model::{edge, render};"),
            (
                "src/resolve/pick.rs",
                "use super::edge; use super::super::model;",
            ),
            (
                "src/resolve/mod.rs",
                "// crate::edge\nconst A: &str = \"crate::edge\"; use mycrate::edge;",
            ),
            (
                "src/edge/registry/mod.rs",
                "use super::files; #[cfg(test)] mod tests { use super::super::super::x; }",
            ),
            ("src/main.rs", "fn main() { reconf::run() }"),
            ("src/lib.rs", "use crate::commands;"),
        ];
        for (path, raw) in cases {
            assert_eq!(imports(&text(path, raw)), [""; 0], "{raw}");
        }
    }

    #[test]
    fn a_layer_without_a_row_is_found() {
        assert_eq!(rows(&text("src/edge/files.rs", "")), [""; 0]);
        let found = rows(&text("src/util/mod.rs", ""));
        assert_eq!(
            found,
            ["src/util/mod.rs:1: the layer `util` has no row in MAY_IMPORT"]
        );
    }
}
