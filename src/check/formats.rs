//! Values that the formats of a conf cannot carry (section 7), as far as manifests and datastores alone decide them.

use std::collections::BTreeMap;

use super::{
    diagnostic::{CheckRule, Diagnostic},
    files::CheckedFiles,
    items::{Item, Items},
    needs::ScopedNeed,
    source::NeedSource,
};
use crate::model::{
    datastores::StoredValue,
    format::{Format, OTHER_VALUE},
    id::Id,
    name::Name,
    pattern::Hole,
};

/// The needs of one variable in one place.
type PlaceNeeds<'n, 'r> = Vec<&'n ScopedNeed<'r>>;

/// The values of `environment` and the defaults of `requires`, which are the same on every node.
pub(super) fn fixed(files: &CheckedFiles, items: &Items<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in items.good.iter().filter(|item| item.manifest.has_conf) {
        let formats = formats(files, item);
        for (name, value) in &item.manifest.environment {
            let clauses = files.refuses.0(name, value, &formats).into_iter();
            found.extend(clauses.map(|clause| diagnostic(item, "environment", name, clause)));
        }
        for (name, requirement) in &item.manifest.requires {
            let Some(value) = &requirement.default else {
                continue;
            };
            let clauses = files.refuses.0(name, value, &formats).into_iter();
            let clauses = clauses.map(|clause| format!("with its default, {clause}"));
            found.extend(clauses.map(|clause| diagnostic(item, "requires", name, clause)));
        }
    }
    found
}

/// The values of `requires` that are made of datastores alone.
pub(super) fn stored(files: &CheckedFiles, needs: &[ScopedNeed<'_>]) -> Vec<Diagnostic> {
    let mut places: BTreeMap<(&Id, &Name, &Id, &Id), PlaceNeeds<'_, '_>> = BTreeMap::new();
    for need in needs.iter().filter(|need| need.item.manifest.has_conf) {
        let service = &need.item.manifest.id;
        let key = (service, need.variable, &need.federation.id, need.region);
        places.entry(key).or_default().push(need);
    }
    let mut refused: BTreeMap<(&Id, &Name, String), PlaceNeeds<'_, '_>> = BTreeMap::new();
    for ((service, variable, ..), needs) in &places {
        let Some((value, need)) = value(needs).zip(needs.first()) else {
            continue;
        };
        for clause in files.refuses.0(variable, &value, &formats(files, need.item)) {
            let key = (*service, *variable, clause);
            refused.entry(key).or_default().push(need);
        }
    }
    let all = |service: &Id, variable: &Name| {
        let of = |(id, name, ..): &&(&Id, &Name, &Id, &Id)| *id == service && *name == variable;
        places.keys().filter(of).count()
    };
    let found = refused
        .into_iter()
        .map(|((service, variable, clause), needs)| {
            let scopes = if needs.len() == all(service, variable) {
                String::new()
            } else {
                let scopes = needs.iter().map(|need| need.federation.scope(need.region));
                format!(" (in {})", scopes.collect::<Vec<_>>().join("; "))
            };
            diagnostic(needs[0].item, "requires", variable, clause + &scopes)
        });
    found.collect()
}

/// The value of a requirement in one place, if datastores alone decide it.
fn value(needs: &[&ScopedNeed<'_>]) -> Option<String> {
    let first = needs.first()?;
    let is_stored =
        |need: &&ScopedNeed<'_>| matches!(need.source, NeedSource::Regional | NeedSource::Common);
    if !needs.iter().all(is_stored) {
        return None;
    }
    let fill = |hole: &Hole| match first.federation.datastores.get(first.region, &hole.name)? {
        StoredValue::Text(text) => Some(hole.filter.apply(text)),
        StoredValue::Unusable { .. } => None,
    };
    first.requirement.pattern.fill(fill).ok()
}

/// The formats of a service, as far as its manifest and `config.json` say.
fn formats(files: &CheckedFiles, item: &Item<'_>) -> Vec<Format> {
    let settings = files.settings();
    let by_default = settings.map_or(&[][..], |settings| &settings.render.formats);
    item.manifest.conf.formats(by_default)
}

fn diagnostic(item: &Item<'_>, section: &str, name: &Name, message: String) -> Diagnostic {
    let place = item.file.place_of(&[section, name.as_str()]);
    let found = Diagnostic::error(CheckRule::Format, place, message);
    found.service(&item.manifest.id).hint(OTHER_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{AnnouncedNames, FormatRule, ManifestFile, check_repository},
        model::source_file::SourceFile,
    };

    /// What is found of a rule by which docker carries no line feed, in a repository with these services.
    fn found(manifests: &[&str], datastores: &str) -> Vec<String> {
        let file = |path: &str, text: &str| SourceFile::new(path.to_owned(), text.to_owned());
        let manifests = manifests.iter().zip(["a", "b"]).map(|(text, id)| {
            let text = format!(r#"{{"id": "{id}", {text}}}"#);
            let (file, id) = (file(&format!("{id}.json"), &text), Id::parse(id).unwrap());
            ManifestFile { id, file }
        });
        let files = CheckedFiles {
            manifests: manifests.collect(),
            datastores: Some(file("c.json", datastores)),
            refuses: FormatRule(|name, value, formats| {
                let is_refused = value.contains('\n') && formats.contains(&Format::Docker);
                is_refused.then(|| name.to_string()).into_iter().collect()
            }),
            ..CheckedFiles::default()
        };
        let items = Items::parse(&files);
        let all = check_repository(&files, &items, &AnnouncedNames::default()).found;
        let found = all.into_iter().filter(|one| one.rule == CheckRule::Format);
        found.map(|one| one.message).collect()
    }

    #[test]
    fn a_value_is_judged_where_manifests_and_datastores_alone_decide_it() {
        let docker = r#""conf": {"formats": ["docker"]}, "requires": {"V": "-{X}"}"#;
        let by_default = r#""conf": {"formats": ["docker"]}, "requires": {"V": {"value": "{X}", "default": "\n"}}"#;
        let plain = r#""requires": {"V": "-{X}"}"#;
        let both =
            r#"{"regions": {"eu": {"datastores": {"X": "x"}}, "us": {"datastores": {"X": "\n"}}}}"#;
        let common = r#"{"datastores": {"X": "\n"}}"#;
        let offered = r#""provides": {"X": "\n"}"#;
        for (manifests, datastores, expected) in [
            (&[docker][..], common, &["V"][..]),
            (&[docker], both, &["V (in region `us`)"]),
            (&[plain], common, &[]),
            (&[docker, offered], common, &[]),
            (&[docker], r#"{"datastores": {"X": "x"}}"#, &[]),
            (
                &[by_default],
                r#"{"datastores": {"X": "x"}}"#,
                &["with its default, V"],
            ),
        ] {
            assert_eq!(
                found(manifests, datastores),
                expected,
                "{manifests:?} {datastores}"
            );
        }
    }
}
