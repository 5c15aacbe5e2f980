//! `render.directory` alone, for `exec`: validating the whole file takes longer than everything else that `exec` does,
//! and a mistake in another key should not keep a command from running.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::merge::{DIRECTORY, below};

#[derive(Deserialize)]
struct Top {
    render: Option<Render>,
}

#[derive(Deserialize)]
struct Render {
    directory: Option<PathBuf>,
}

/// The conf directory, from the text of `config.json`; `None` if the file needs full validation, which reports its
/// problems.
pub(crate) fn conf_directory(root: &Path, text: &str) -> Option<PathBuf> {
    let top: Top = serde_json::from_str(text).ok()?;
    match top.render.and_then(|render| render.directory) {
        Some(directory) if directory.is_absolute() => Some(below(root, &directory)),
        Some(_) => None,
        None => Some(below(root, Path::new(DIRECTORY))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_whatever_else_there_is() {
        for (text, expected) in [
            ("{}", Some("/r/etc/services.d")),
            (r#"{"render": null}"#, Some("/r/etc/services.d")),
            (
                r#"{"listen": 5, "render": {"mode": 1}}"#,
                Some("/r/etc/services.d"),
            ),
            (
                r#"{"render": {"directory": "/a\u0062"}, "x": []}"#,
                Some("/r/ab"),
            ),
            (r#"{"render": {"directory": "a"}}"#, None),
            (r#"{"render": {"directory": ""}}"#, None),
            (r#"{"render": {"directory": 5}}"#, None),
            (r#"{"render": []}"#, None),
            (r#"{"render": {}, "render": {}}"#, None),
            (r#"{"node": "a",}"#, None),
            ("", None),
        ] {
            let found = conf_directory(Path::new("/r"), text);
            assert_eq!(found.as_deref(), expected.map(Path::new), "{text}");
        }
    }
}
