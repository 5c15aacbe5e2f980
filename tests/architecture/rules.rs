//! The rules for single files. Each gives what is wrong in one file, as `file:line: what`.

use std::path::{Component, Path};

use super::source;

/// Where clippy's ban on the outside may be lifted: for all of `edge`, and for `main`, which reads the arguments.
const MAY_TOUCH: [&str; 2] = ["src/edge/mod.rs", "src/main.rs"];

/// The most lines of code that a file may have in a folder, its tests included; the first folder that fits counts.
const LONGEST: [(&str, usize); 2] = [("src/commands/", 130), ("", 250)];

/// One file.
pub(crate) struct Text {
    /// From the checkout, with `/`.
    pub(crate) path: String,
    /// As it is.
    pub(crate) raw: String,
    /// What is neither comment nor literal; the same lines as the file, empty if it is not Rust.
    pub(crate) code: String,
}

impl Text {
    /// A file at `path` from the checkout.
    pub(crate) fn new(path: &Path, raw: String) -> Self {
        let path = path.display().to_string();
        let rust = Path::new(&path).extension().is_some_and(|end| end == "rs");
        let code = if rust {
            source::code(&raw)
        } else {
            String::new()
        };
        Self { path, raw, code }
    }

    /// The layer, and below it the modules, in which the file's items are.
    pub(crate) fn modules(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut modules: Vec<_> = inside.split('/').collect();
        if modules.len() > 1 && modules.last() == Some(&"mod") {
            modules.pop();
        }
        modules
    }

    /// A complaint about the line of byte `byte`.
    pub(crate) fn at(&self, byte: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, source::line(&self.raw, byte))
    }
}

/// Where a path begins with `prefix`: not in the middle of a longer word or path.
pub(crate) fn starts<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.match_indices(prefix)
        .map(|(at, _)| at)
        .filter(move |at| !code[..*at].ends_with(inner))
}

/// A file of Rust has no more lines of code than its folder allows; comments and blank lines do not count.
pub(crate) fn length(text: &Text) -> Vec<String> {
    let most = LONGEST
        .iter()
        .find(|(folder, _)| text.path.starts_with(folder));
    let lines = text
        .code
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count();
    let too_long = most.filter(|(_, most)| lines > *most);
    too_long
        .map(|(_, most)| text.at(0, &format!("{lines} lines of code are more than {most}")))
        .into_iter()
        .collect()
}

/// A file begins with what it owns.
pub(crate) fn owns(text: &Text) -> Vec<String> {
    let silent = !text.code.is_empty() && !text.raw.starts_with("//! ");
    let complaint = || text.at(0, "does not begin with what it owns (`//!`)");
    silent.then(complaint).into_iter().collect()
}

/// Clippy's ban is lifted nowhere else.
pub(crate) fn outside(text: &Text) -> Vec<String> {
    if MAY_TOUCH.contains(&text.path.as_str()) {
        return Vec::new();
    }
    let lifted = starts(&text.code, "clippy::disallowed_methods");
    lifted
        .map(|at| {
            let line = source::line(&text.code, at);
            format!("{}:{line}: only `edge` may touch the outside", text.path)
        })
        .collect()
}

/// What follows the attribute that leaves a test to `script/prove`, the only way to switch one off.
const LONG: &str = " = \"long: script/prove\"]";

/// No work is left for later, and only long tests are switched off.
pub(crate) fn words(text: &Text) -> Vec<String> {
    // Put together here: this file is read as well.
    let forbidden = [
        concat!("to", "do"),
        concat!("fix", "me"),
        concat!("xx", "x"),
    ];
    let verbatim = [concat!("db", "g!"), concat!("#[", "ignore")];
    let lower = text.raw.to_ascii_lowercase();
    let whole = |word: &&str, at: usize| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !lower[..at].ends_with(inner) && !lower[at + word.len()..].starts_with(inner)
    };
    let words = forbidden.iter().flat_map(|word| {
        let paths = lower.match_indices(word).map(|(at, _)| at);
        paths
            .filter(move |at| whole(word, *at))
            .map(move |at| (at, *word))
    });
    let calls = verbatim
        .iter()
        .flat_map(|call| text.raw.match_indices(call).map(|(at, _)| (at, *call)))
        .filter(|(at, call)| !text.raw[at + call.len()..].starts_with(LONG));
    words
        .chain(calls)
        .map(|(at, word)| text.at(at, &format!("`{word}` must not stay")))
        .collect()
}

/// Nothing names the checkout, the folder it is in, or somebody's home.
pub(crate) fn machine(text: &Text, checkout: &Path) -> Vec<String> {
    let shared = [
        "/", "/tmp", "/var/tmp", "/usr/src", "/opt", "/srv", "/home", "/mnt", "/root", "/app",
        "/src", "/build",
    ];
    let around = checkout.parent().unwrap_or(checkout);
    let mut forbidden = vec![
        concat!("/ho", "me/").to_owned(),
        concat!("/Us", "ers/").to_owned(),
    ];
    for folder in [checkout, around] {
        let deep = folder
            .components()
            .filter(|c| matches!(c, Component::Normal(_)))
            .count()
            > 0;
        let name = folder.display().to_string();
        if deep && !shared.contains(&name.as_str()) {
            forbidden.push(format!("{name}/"));
        }
    }
    let inner = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let found = forbidden.iter().flat_map(|path| {
        let paths = text.raw.match_indices(path.as_str()).map(|(at, _)| at);
        paths
            .filter(|at| !text.raw[..*at].ends_with(inner))
            .map(move |at| (at, path))
    });
    found
        .map(|(at, path)| text.at(at, &format!("`{path}` is a path of one machine")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, raw: &str) -> Text {
        Text::new(Path::new(path), raw.to_owned())
    }

    #[test]
    fn a_file_that_is_too_long_for_its_folder_is_found() {
        let tests = "#[cfg(test)]\nmod tests {\n}\n";
        for (path, most) in [
            ("src/commands/a.rs", 130),
            ("src/a.rs", 250),
            ("tests/a/b.rs", 250),
            ("build.rs", 250),
        ] {
            let calls = "x();\n".repeat(most - 3);
            let longest = format!("//! Owns.\n{calls}// said\n\n/* so\n   on */\n{tests}");
            assert_eq!(length(&text(path, &longest)), [""; 0]);
            let found = length(&text(path, &format!("{longest}y();")));
            let lines = most + 1;
            let expected = format!("{path}:1: {lines} lines of code are more than {most}");
            assert_eq!(found, [expected]);
        }
        assert_eq!(length(&text("a.md", &"x\n".repeat(251))), [""; 0]);
    }

    #[test]
    fn a_file_that_does_not_say_what_it_owns_is_found() {
        assert_eq!(owns(&text("src/a.rs", "//! Owns.\nuse x;")), [""; 0]);
        let found = owns(&text("src/a.rs", "use x;"));
        assert_eq!(
            found,
            ["src/a.rs:1: does not begin with what it owns (`//!`)"]
        );
    }

    #[test]
    fn the_ban_is_lifted_only_in_edge() {
        let lifted = "//! A\n#![expect(clippy::disallowed_methods, reason = \"\")]";
        assert_eq!(outside(&text("src/edge/mod.rs", lifted)), [""; 0]);
        assert_eq!(
            outside(&text("src/edge/files.rs", lifted)),
            ["src/edge/files.rs:2: only `edge` may touch the outside"]
        );
    }

    #[test]
    fn work_left_for_later_is_found() {
        let later = concat!(
            "a\n// TO",
            "DO: b\n/* fix",
            "me */ db",
            "g!(x)\n#[ign",
            "ore]"
        );
        assert_eq!(words(&text("src/a.rs", later)).len(), 4);
        assert_eq!(
            words(&text("src/a.rs", later))[0],
            concat!("src/a.rs:2: `to", "do` must not stay")
        );
        for fine in [
            "mastodon, fixmeter, ignore",
            concat!("#[ign", "ore = \"long: script/prove\"]"),
        ] {
            assert_eq!(words(&text("src/a.rs", fine)), [""; 0]);
        }
        for reason in [" = \"later\"]", " = \"long: script/prove, later\"]"] {
            let ignored = format!("{}{reason}", concat!("#[ign", "ore"));
            assert_eq!(words(&text("src/a.rs", &ignored)).len(), 1, "{ignored}");
        }
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let checkout = Path::new("/data/me/reconf");
        for bad in [
            "see /data/me/reconf/src",
            "/data/me/shared/x",
            concat!("/ho", "me/me/x"),
        ] {
            assert_eq!(
                machine(&text("README.md", bad), checkout).len(),
                1 + usize::from(bad.contains("reconf")),
                "{bad}"
            );
        }
        for good in [
            "/var/lib/reconf/x",
            "/tmp/x",
            "usr/data/me/x",
            "target/release",
        ] {
            assert_eq!(
                machine(&text("README.md", good), checkout),
                [""; 0],
                "{good}"
            );
        }
        assert_eq!(
            machine(&text("a", "/tmp/x"), Path::new("/tmp/reconf")),
            [""; 0]
        );
    }
}
