//! The module tree of `src`: which file is which module, which files are tests, and to which file a path leads.

use std::collections::BTreeMap;

use super::{
    rules::Text,
    source::{self, Import},
};

/// How many re-exports a path may go through.
const LONGEST_CHAIN: usize = 8;

/// The path of a module from the crate's root, which is empty.
pub(crate) type Module = Vec<String>;

/// One file of the crate, without its inline tests.
struct File<'a> {
    text: &'a Text,
    imports: Vec<Import<'a>>,
}

/// The files of the crate by their modules.
pub(crate) struct Modules<'a>(BTreeMap<Module, File<'a>>);

impl<'a> Modules<'a> {
    /// Reads the tree from the files of the library; `main.rs` is another crate.
    pub(crate) fn of(texts: impl IntoIterator<Item = &'a Text>) -> Self {
        let library = texts.into_iter().filter(|text| text.path != "src/main.rs");
        let file = |text: &'a Text| {
            let imports = source::imports(source::without_tests(&text.code));
            (module(text), File { text, imports })
        };
        Self(library.map(file).collect())
    }

    /// Lists every module with the modules that it imports from, and the line of the first import from each.
    ///
    /// A folder's `mod.rs` is the face of the files below it: what it takes from those is no import.
    pub(crate) fn graph(&self) -> BTreeMap<Module, BTreeMap<Module, usize>> {
        let mut graph = BTreeMap::new();
        for (from, file) in &self.0 {
            let targets: &mut BTreeMap<Module, usize> = graph.entry(from.clone()).or_default();
            for import in &file.imports {
                let line = source::line(&file.text.code, import.at);
                if let Some(to) = self.resolve(from, &import.path, LONGEST_CHAIN)
                    && !to.starts_with(from)
                {
                    targets.entry(to).or_insert(line);
                }
            }
        }
        graph
    }

    /// The path of a module's file.
    pub(crate) fn path(&self, module: &[String]) -> &str {
        self.0.get(module).map_or("?", |file| &file.text.path)
    }

    /// Finds the module that defines what a path names, through re-exports; nothing if it is not of this crate.
    fn resolve(&self, from: &[String], path: &[&str], chain: usize) -> Option<Module> {
        let mut rest = path;
        let mut at = match rest.first()? {
            &"crate" => Vec::new(),
            _ => from.to_vec(),
        };
        while let Some((first @ (&"crate" | &"self" | &"super"), after)) = rest.split_first() {
            if *first == "super" {
                at.pop()?;
            }
            rest = after;
        }
        let is_relative = rest.len() == path.len();
        while let Some((first, after)) = rest.split_first() {
            let below = [at.as_slice(), &[(*first).to_owned()]].concat();
            if !self.0.contains_key(&below) {
                break;
            }
            (at, rest) = (below, after);
        }
        if is_relative && rest.len() == path.len() {
            return None;
        }
        let Some(item) = rest.first() else {
            return Some(at);
        };
        let imports = &self.0.get(&at)?.imports;
        let through = imports.iter().find(|import| import.name == Some(item));
        let further =
            through.and_then(|import| self.resolve(&at, &import.path, chain.checked_sub(1)?));
        Some(further.unwrap_or(at))
    }
}

/// The module that a file is.
pub(crate) fn module(text: &Text) -> Module {
    let modules = text.modules();
    let modules = if modules == ["lib"] {
        Vec::new()
    } else {
        modules
    };
    modules.into_iter().map(str::to_owned).collect()
}

/// Leaves out the files that `#[cfg(test)] mod name;` declares, and those below them.
pub(crate) fn product(texts: &[Text]) -> Vec<&Text> {
    let declared: Vec<Module> = texts.iter().flat_map(test_modules).collect();
    let is_test = |text: &&Text| {
        let module = module(text);
        declared.iter().any(|test| module.starts_with(test))
    };
    texts.iter().filter(|text| !is_test(text)).collect()
}

/// The modules that a file declares for tests only.
fn test_modules(text: &Text) -> Vec<Module> {
    let own = module(text);
    let declared = source::test_declarations(&text.code).into_iter();
    let at_path = |line: usize| {
        let attribute = text.raw.lines().nth(line - 1)?;
        let path = attribute.split_once("#[path = \"")?.1.split('"').next()?;
        let stem = path.trim_end_matches(".rs").to_owned();
        let folder = own.split_last().map_or(&[][..], |(_, folder)| folder);
        Some([folder, &[stem]].concat())
    };
    declared
        .map(|(line, name)| {
            at_path(line - 1).unwrap_or_else(|| [own.as_slice(), &[name.to_owned()]].concat())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<Text> {
        let text = |(path, raw): &(&str, &str)| Text::new(Path::new(path), (*raw).to_owned());
        files.iter().map(text).collect()
    }

    #[test]
    fn a_path_leads_to_the_file_that_defines_what_it_names() {
        let texts = texts(&[
            ("src/lib.rs", "mod a; mod b;"),
            (
                "src/a/mod.rs",
                "mod c; pub use c::Made as Known; use crate::b::Other; struct Own;",
            ),
            ("src/a/c.rs", "struct Made;"),
            ("src/b.rs", "struct Other;"),
            ("src/a/d.rs", ""),
        ]);
        let modules = Modules::of(&texts);
        for (from, path, expected) in [
            ("a::d", "crate::a::Known", "src/a/c.rs"),
            ("a::d", "super::Own", "src/a/mod.rs"),
            ("a::d", "super::Other", "src/b.rs"),
            ("a::d", "super::super::b::Other::new", "src/b.rs"),
            ("a", "c::Made", "src/a/c.rs"),
            ("a", "self::c", "src/a/c.rs"),
            ("b", "crate::a::c::*", "src/a/c.rs"),
            ("b", "crate::run", "src/lib.rs"),
            ("b", "std::fs", "?"),
        ] {
            let from: Module = from.split("::").map(str::to_owned).collect();
            let path: Vec<&str> = path.split("::").collect();
            let found = modules.resolve(&from, &path, LONGEST_CHAIN);
            let found = found.map_or("?", |module| modules.path(&module));
            assert_eq!(found, expected, "{path:?} in {from:?}");
        }
    }

    #[test]
    fn files_for_tests_are_no_product() {
        let texts = texts(&[
            ("src/a/mod.rs", "#[cfg(test)]\nmod tests;\nmod b;"),
            (
                "src/a/b.rs",
                "#[cfg(test)]\n#[path = \"b_model.rs\"]\nmod model;\n#[cfg(test)]\nmod tests { }",
            ),
            ("src/a/b_model.rs", ""),
            ("src/a/tests/mod.rs", ""),
            ("src/a/tests/more.rs", ""),
            ("src/c.rs", "#[cfg(test)]\npub(crate) mod sample;"),
            ("src/c/sample.rs", ""),
        ]);
        let product: Vec<_> = product(&texts)
            .iter()
            .map(|text| text.path.clone())
            .collect();
        assert_eq!(product, ["src/a/mod.rs", "src/a/b.rs", "src/c.rs"]);
    }
}
