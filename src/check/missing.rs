//! References that nothing provides, by region and federation.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diagnostic::{CheckRule, Diagnostic, Severity},
    files::ManifestFile,
    needs::ScopedNeed,
    repository::Repository,
    source::NeedSource,
};
use crate::model::{
    id::Id,
    name::Name,
    source_file::{SourceFile, SourcePlace},
    suggest,
    unfit_datastores::{UnfitDatastore, unfit_datastores},
};

/// The needs of one reference of a service: one for each federation and region.
type ScopedNeeds<'n, 'r> = Vec<&'n ScopedNeed<'r>>;

/// What services need and have nowhere, or not in every place.
pub(super) fn missing(
    repository: &Repository<'_>,
    datastores: Option<&SourceFile>,
    needs: &[ScopedNeed<'_>],
) -> Vec<Diagnostic> {
    let mut references: BTreeMap<(&Id, &Name, &Name), ScopedNeeds<'_, '_>> = BTreeMap::new();
    for need in needs {
        let key = (&need.item.manifest.id, need.variable, need.name);
        references.entry(key).or_default().push(need);
    }
    let references = references.values();
    let found = references.flat_map(|needs| of_reference(repository, datastores, needs));
    found.chain(taken(repository, needs)).collect()
}

/// The diagnostics of one reference: one for each reason, with the places that have it in common.
fn of_reference(
    repository: &Repository<'_>,
    datastores: Option<&SourceFile>,
    needs: &ScopedNeeds<'_, '_>,
) -> Vec<Diagnostic> {
    let unmet = needs.iter().filter(|need| need.is_unmet());
    let unmet = unmet.filter(|need| !is_taken(repository, need) && !is_repeated(need));
    let (elsewhere, nothing): (ScopedNeeds<'_, '_>, ScopedNeeds<'_, '_>) =
        unmet.partition(|need| need.source == NeedSource::Elsewhere);
    let all = needs.len();
    let mut found = Vec::new();
    if let [first, ..] = elsewhere[..] {
        found.push(of_others(repository, first, &scopes(&elsewhere, all)));
    }
    if let [first, ..] = nothing[..] {
        found.push(nowhere(
            repository,
            datastores,
            first,
            &scopes(&nothing, all),
        ));
    }
    found
}

/// The places of these needs, ` in …`; nothing if these are all the places of the reference.
fn scopes(needs: &[&ScopedNeed<'_>], all: usize) -> String {
    if needs.len() == all {
        return String::new();
    }
    let scopes: Vec<String> = needs
        .iter()
        .map(|need| need.federation.scope(need.region))
        .collect();
    format!(" in {}", scopes.join("; "))
}

fn place(need: &ScopedNeed<'_>) -> SourcePlace {
    let variable = need.variable.as_str();
    let file = need.item.file;
    file.place_of_hole(&["requires", variable], need.name)
}

fn of_others(repository: &Repository<'_>, need: &ScopedNeed<'_>, scopes: &str) -> Diagnostic {
    let others = repository.elsewhere(need.federation, need.name);
    let whose: BTreeSet<String> = others
        .iter()
        .map(|(federation, item)| {
            let id = &item.manifest.id;
            if federation.is_named {
                format!("`{id}` of federation `{}`", federation.id)
            } else {
                format!("`{id}` (which names no federation)")
            }
        })
        .collect();
    let whose: Vec<String> = whose.into_iter().collect();
    let (name, own) = (need.name, &need.federation.id);
    let message = format!(
        "only {} provides `{name}`, and a name never crosses a federation{scopes}",
        whose.join(", ")
    );
    let is_own_named = !need.item.manifest.follows_node;
    let follows = others.iter().any(|(_, item)| item.manifest.follows_node);
    let hint = if is_own_named && follows {
        format!("what names no federation is checked as one of `{own}` with `--federations {own}`")
    } else {
        "let both name the same federation, or none: then both follow their node".to_owned()
    };
    let found = Diagnostic::error(CheckRule::OtherFederation, place(need), message);
    found.service(&need.item.manifest.id).hint(hint)
}

fn nowhere(
    repository: &Repository<'_>,
    datastores: Option<&SourceFile>,
    need: &ScopedNeed<'_>,
    scopes: &str,
) -> Diagnostic {
    let name = need.name;
    let path = datastores.map(|file| &file.path[..]).unwrap_or_default();
    let message = match need.source {
        NeedSource::Unusable(kind, line) => {
            format!("the datastore `{name}` is {kind} ({path}:{line}){scopes}")
        }
        NeedSource::Apart(ref names, _) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("no service provides {} together{scopes}", names.join(", "))
        }
        _ => match null_line(datastores, need) {
            Some(line) => format!("the datastore `{name}` is null ({path}:{line}){scopes}"),
            None => format!("nothing provides `{name}`{scopes}"),
        },
    };
    let mut found = Diagnostic::error(CheckRule::Missing, place(need), message);
    if let Some(encrypted) = repository.items.encrypted.first() {
        // What an encrypted item provides is not known.
        found.severity = Severity::Warning;
        let message = &found.message;
        found.message = format!("{message}, unless the encrypted `{}` does", encrypted.id);
    }
    let known = need.federation.names();
    let hint = match (&need.source, suggest::near_name(name.as_str(), known)) {
        (NeedSource::Apart(..), _) => {
            "let one service provide them, or require each in a variable of its own".to_owned()
        }
        (NeedSource::Unusable(..), _) => "give it a string, a number or a boolean".to_owned(),
        (_, Some(near)) => format!("did you mean `{near}`?"),
        (_, None) => format!(
            "let a manifest provide it, or add it to the datastores; `optional` or `default` let `{}` do without",
            need.item.manifest.id
        ),
    };
    found.service(&need.item.manifest.id).hint(hint)
}

/// The line at which a datastore of that name and place is null.
fn null_line(datastores: Option<&SourceFile>, need: &ScopedNeed<'_>) -> Option<usize> {
    let (file, federation) = (datastores?, &need.federation.id);
    let is_it = |unfit: &UnfitDatastore| {
        let own = |id: &Id| id == federation;
        let here = |region: &Id| region == need.region;
        unfit.name == *need.name
            && unfit.federation.as_ref().is_none_or(own)
            && unfit.region.as_ref().is_none_or(here)
    };
    let unfit = unfit_datastores(&file.text).into_iter().find(is_it)?;
    Some(file.place(unfit.offset).line)
}

/// Whether another name of its pattern says the same.
fn is_repeated(need: &ScopedNeed<'_>) -> bool {
    matches!(&need.source, NeedSource::Apart(names, _) if names[0] != need.name)
}

/// Whether a name may be known where nobody looked: datastores that are not given, and manifests that cannot be read.
fn is_taken(repository: &Repository<'_>, need: &ScopedNeed<'_>) -> bool {
    if need.source != NeedSource::Nothing {
        return false;
    }
    let quoted = format!("\"{}\"", need.name);
    let mentions = |bad: &&ManifestFile| bad.file.text.contains(&quoted);
    !repository.has_datastores || repository.items.bad.iter().any(mentions)
}

/// The names that nothing provides and that no datastores were given for, all in one.
fn taken(repository: &Repository<'_>, needs: &[ScopedNeed<'_>]) -> Option<Diagnostic> {
    if repository.has_datastores {
        return None;
    }
    let nothing = needs
        .iter()
        .filter(|need| need.source == NeedSource::Nothing);
    let names: BTreeSet<&Name> = nothing.map(|need| need.name).collect();
    let names: Vec<String> = names.into_iter().map(Name::to_string).collect();
    let message = format!("taken for datastores: {}", names.join(", "));
    let note = Diagnostic::note(CheckRule::Taken, message);
    (!names.is_empty()).then(|| note.hint("`--datastores FILE` checks them too"))
}
