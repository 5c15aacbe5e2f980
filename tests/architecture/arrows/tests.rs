//! A forbidden import is found with its line, and an allowed one is not.

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
