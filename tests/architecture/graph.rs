//! The rules over the import graph of all files: no circles, and verbs and procedures that stay apart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{Module, Modules};

/// In these rooms, the modules named (all of them, if none is) do not import each other.
const APART: [(&str, &[&str]); 2] = [
    ("commands", &[]),
    ("operations", &["announce", "render", "withdraw"]),
];

/// Reports the shortest circle of every knot of files that import each other.
pub(crate) fn circles(modules: &Modules) -> Vec<String> {
    let graph = modules.graph();
    let found = graph.keys().filter_map(|start| {
        let circle = circle(&graph, start)?;
        // Each circle is reported from its first file.
        (circle.iter().min() == Some(&start)).then_some(circle)
    });
    found
        .map(|circle| shown(modules, &graph, &circle))
        .collect()
}

type Graph = BTreeMap<Module, BTreeMap<Module, usize>>;

/// The shortest way from a module back to itself.
fn circle<'a>(graph: &'a Graph, start: &'a Module) -> Option<Vec<&'a Module>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![start]]);
    while let Some(way) = ways.pop_front() {
        for next in graph.get(*way.last()?)?.keys() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

fn shown(modules: &Modules, graph: &Graph, circle: &[&Module]) -> String {
    let next = circle.iter().cycle().skip(1);
    let step = |(from, to): (&&Module, &&Module)| {
        let line = graph[*from][*to];
        format!("{}:{line}", modules.path(from))
    };
    let steps: Vec<_> = circle.iter().zip(next).map(step).collect();
    format!(
        "{}: files import each other in a circle",
        steps.join(" -> ")
    )
}

/// Reports every import between modules that [`APART`] separates.
pub(crate) fn apart(modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    for (from, targets) in modules.graph() {
        for (to, line) in targets {
            if let (Some(one), Some(other)) = (separate(&from), separate(&to))
                && from[0] == to[0]
                && one != other
            {
                let (path, room) = (modules.path(&from), &from[0]);
                found.push(format!(
                    "{path}:{line}: `{one}` must not import `{other}` of `{room}`"
                ));
            }
        }
    }
    found
}

/// The name under which a module is kept apart from others of its room.
fn separate(module: &[String]) -> Option<&str> {
    let [room, name, ..] = module else {
        return None;
    };
    let (_, names) = APART.iter().find(|(known, _)| known == room)?;
    (names.is_empty() || names.contains(&name.as_str())).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::rules::Text, *};

    fn check(rule: fn(&Modules) -> Vec<String>, files: &[(&str, &str)], expected: &[&str]) {
        let text = |(path, raw): &(&str, &str)| Text::new(Path::new(path), (*raw).to_owned());
        let texts: Vec<Text> = files.iter().map(text).collect();
        assert_eq!(rule(&Modules::of(&texts)), expected);
    }

    #[test]
    fn a_circle_of_files_is_found_with_its_imports() {
        check(
            circles,
            &[
                ("src/a/mod.rs", "pub(crate) use one::One;"),
                ("src/a/one.rs", "use super::two::Two;"),
                ("src/a/two.rs", "\nuse crate::b::Three;"),
                ("src/b.rs", "\n\nfn f() { crate::a::One }"),
                ("src/c.rs", "use crate::b::Three;"),
            ],
            &[
                "src/a/one.rs:1 -> src/a/two.rs:2 -> src/b.rs:3: files import each other in a circle",
            ],
        );
    }

    #[test]
    fn a_folder_and_its_files_are_no_circle() {
        check(
            circles,
            &[
                ("src/lib.rs", "use a::A; use b::B;"),
                ("src/a/mod.rs", "use one::One; pub(crate) struct A;"),
                ("src/a/one.rs", "use super::A; use crate::b::B;"),
                ("src/b.rs", "#[cfg(test)] mod tests { use crate::a::A; }"),
            ],
            &[],
        );
    }

    #[test]
    fn verbs_and_procedures_stay_apart() {
        check(
            apart,
            &[
                ("src/commands/mod.rs", "mod ls; mod apply; use ls::run;"),
                (
                    "src/commands/ls.rs",
                    "use super::apply::run; use crate::operations::render::x;",
                ),
                ("src/commands/apply.rs", "use super::Shared;"),
                (
                    "src/operations/render/mod.rs",
                    "use super::commit; use super::{withdraw::{self, wait}};",
                ),
                ("src/operations/render/files.rs", "use super::Own;"),
                ("src/operations/withdraw/mod.rs", ""),
                ("src/operations/commit.rs", "use super::withdraw;"),
            ],
            &[
                "src/commands/ls.rs:1: `ls` must not import `apply` of `commands`",
                "src/operations/render/mod.rs:1: `render` must not import `withdraw` of `operations`",
            ],
        );
    }
}
