//! The arrows of ARCHITECTURE.md as a table, and the imports that are not in it, as `file:line: what`.

use super::{
    rules::{Text, starts},
    source,
};

/// What each room may import. A room is a file or folder right below `src/`; each may import itself.
const MAY_IMPORT: [(&str, &[&str]); 18] = [
    ("model", &[]),
    ("resolve", &["model"]),
    ("announce", &["model"]),
    ("render", &["model"]),
    ("provision", &["model"]),
    ("balance", &["model"]),
    ("fleet", &["model"]),
    ("check", &["model"]),
    ("graph", &["model"]),
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
            "balance",
            "fleet",
            "check",
            "graph",
            "edge",
            "cli",
        ],
    ),
    ("node", &["model", "edge", "report", "cli"]),
    (
        "operations",
        &[
            "model",
            "resolve",
            "announce",
            "render",
            "provision",
            "balance",
            "fleet",
            "check",
            "graph",
            "edge",
            "report",
            "node",
        ],
    ),
    (
        "listener",
        &[
            "model",
            "resolve",
            "announce",
            "render",
            "provision",
            "balance",
            "fleet",
            "check",
            "graph",
            "edge",
            "cli",
            "report",
            "node",
            "operations",
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
            "balance",
            "fleet",
            "check",
            "graph",
            "edge",
            "cli",
            "report",
            "node",
            "operations",
            "listener",
        ],
    ),
    (
        "lib",
        &["model", "edge", "cli", "report", "operations", "commands"],
    ),
    ("main", &["lib"]),
];

/// What every test inside the library may import besides: no other code can, for it is compiled for tests only.
const FOR_TESTS: &str = "harness";

/// Every path to another room is in the table.
pub(crate) fn imports(text: &Text) -> Vec<String> {
    let room = text.modules()[0];
    let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == room);
    let allowed = allowed.map_or(&[][..], |(_, allowed)| allowed);
    let found = absolute(text).chain(relative(text));
    // Lines are counted in the code: it has the same ones.
    found
        .filter(|(_, target)| ![room, FOR_TESTS].contains(&target.as_str()))
        .filter(|(_, target)| !allowed.contains(&target.as_str()))
        .map(|(at, target)| {
            let line = source::line(&text.code, at);
            format!("{}:{line}: `{room}` must not import `{target}`", text.path)
        })
        .collect()
}

/// Where `crate::` or `reconf::` leads. What is no room is an item of `lib`.
fn absolute(text: &Text) -> impl Iterator<Item = (usize, String)> {
    ["crate::", "reconf::"].into_iter().flat_map(move |prefix| {
        starts(&text.code, prefix).flat_map(move |at| {
            let heads = source::heads(&text.code[at + prefix.len()..]);
            heads.into_iter().map(move |head| {
                let target = if prefix == "reconf::" { "lib" } else { head };
                (at, room_or_lib(target))
            })
        })
    })
}

/// Where `super::super::` leads when it leaves the room. Inline tests have a module of their own: they are left out.
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
        heads.into_iter().map(move |head| (at, room_or_lib(head)))
    })
}

fn room_or_lib(name: &str) -> String {
    let known = MAY_IMPORT.iter().any(|(room, _)| *room == name);
    if known || name == FOR_TESTS {
        name
    } else {
        "lib"
    }
    .to_owned()
}

/// The file's room is in the table.
pub(crate) fn rows(text: &Text) -> Vec<String> {
    let room = text.modules()[0];
    let known = MAY_IMPORT.iter().any(|(name, _)| *name == room);
    let complaint = text.at(0, &format!("the room `{room}` has no row in MAY_IMPORT"));
    if known { Vec::new() } else { vec![complaint] }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn text(path: &str, raw: &str) -> Text {
        Text::new(Path::new(path), raw.to_owned())
    }

    const FORBIDDEN: [(&str, &str, &str); 16] = [
        (
            "src/fleet/users.rs",
            "use crate::edge::registry;",
            "1: `fleet` must not import `edge`",
        ),
        (
            "src/report/outcome.rs",
            "use crate::node::Node;",
            "1: `report` must not import `node`",
        ),
        (
            "src/balance/view.rs",
            "use crate::edge::haproxy;",
            "1: `balance` must not import `edge`",
        ),
        (
            "src/node/host.rs",
            "use crate::operations::inputs;",
            "1: `node` must not import `operations`",
        ),
        (
            "src/operations/commit.rs",
            "use crate::cli::Global;",
            "1: `operations` must not import `cli`",
        ),
        (
            "src/listener/daemon.rs",
            "use crate::commands::listen;",
            "1: `listener` must not import `commands`",
        ),
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
            ("src/render/tests/mod.rs", "use crate::harness::values;"),
            (
                "src/commands/apply.rs",
                "use crate::{listener, node::Node, operations};",
            ),
        ];
        for (path, raw) in cases {
            assert_eq!(imports(&text(path, raw)), [""; 0], "{raw}");
        }
    }

    #[test]
    fn a_room_without_a_row_is_found() {
        assert_eq!(rows(&text("src/edge/files.rs", "")), [""; 0]);
        let found = rows(&text("src/util/mod.rs", ""));
        assert_eq!(
            found,
            ["src/util/mod.rs:1: the room `util` has no row in MAY_IMPORT"]
        );
    }
}
