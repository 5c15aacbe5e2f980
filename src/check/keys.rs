//! Keys at the top of a manifest that look like ours and mean nothing.

use super::{
    diagnostic::{CheckRule, Diagnostic},
    items::{Item, Items},
};

/// Keys of other tools, with what a manifest has for them. Near misses of our own keys are errors already.
const MEANT: [(&str, &str); 28] = [
    ("cmd", "`command`"),
    ("dependencies", "`requires`"),
    ("depends", "`requires`"),
    ("depends_on", "`requires`"),
    ("drain", "`conf.drain`"),
    ("entrypoint", "`command`"),
    ("env", "`environment`"),
    ("exec", "`command`"),
    ("exports", "`provides`"),
    ("formats", "`conf.formats`"),
    ("group", "`conf.group`"),
    ("health", "`check`"),
    ("health_check", "`check`"),
    ("healthcheck", "`check`"),
    ("hosts", "`balance.hosts`"),
    ("links", "`requires`"),
    ("listen_port", "`PORT` in `environment`"),
    ("mode", "`conf.mode` or `balance.mode`"),
    ("needs", "`requires`"),
    ("offers", "`provides`"),
    ("owner", "`conf.owner`"),
    ("port", "`PORT` in `environment`, or `local_port`"),
    ("ports", "`PORT` in `environment`, or `local_port`"),
    ("private", "`public`"),
    ("uses", "`requires`"),
    ("variables", "`environment`"),
    ("vars", "`environment`"),
    ("wants", "`requires`"),
];

/// Warns of each such key.
pub(super) fn keys(items: &Items<'_>) -> Vec<Diagnostic> {
    items.good.iter().flat_map(of_item).collect()
}

fn of_item(item: &Item<'_>) -> Vec<Diagnostic> {
    // Most manifests have none of these words.
    let words = MEANT
        .iter()
        .filter(|(key, _)| item.file.text.contains(&format!("\"{key}\"")));
    let found = words.filter_map(|(key, meant)| {
        let place = item.file.place_of_key(key)?;
        let message = format!("the key `{key}` means nothing to reconf");
        let found = Diagnostic::warning(CheckRule::Key, place, message);
        let hint = format!("did you mean {meant}? custom keys can be named `x-{key}`");
        Some(found.service(&item.manifest.id).hint(hint))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{CheckedFiles, ManifestFile},
        model::{id::Id, source_file::SourceFile},
    };

    #[test]
    fn each_key_of_other_tools_is_a_warning_and_no_error() {
        for (key, _) in MEANT {
            let text = format!(r#"{{"id": "a", "environment": {{"{key}": 1}}, "{key}": 1}}"#);
            let file = SourceFile::new("a.json".to_owned(), text.clone());
            let id = Id::parse("a").unwrap();
            let files = CheckedFiles {
                manifests: vec![ManifestFile { id, file }],
                ..CheckedFiles::default()
            };
            let items = Items::parse(&files);
            let found = keys(&items);
            assert!(items.found.is_empty(), "{:?}", items.found);
            let columns = found
                .iter()
                .filter_map(|found| Some(found.place.as_ref()?.column));
            let expected = text.rfind(key).unwrap();
            assert_eq!(columns.collect::<Vec<_>>(), [expected], "{key}");
        }
    }
}
