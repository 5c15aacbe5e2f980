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
mod tests;
