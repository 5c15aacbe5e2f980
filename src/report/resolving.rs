//! Texts about references: those without a value, and those whose value may be out of date.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{code::Code, failure::Failure, table::table, this_machine, words::counted};
use crate::{
    model::{
        datastores::Datastores, id::Id, manifest::Manifest, name::Name, record::RecordError,
        settings::OnUnreachable, suggest,
    },
    resolve::{Reference, RegistryState, Resolution, ResolveInput, UnmetReason, explain},
};

/// How many unreadable records are named.
const UNREADABLE_NAMED: usize = 10;

/// How much of a key is shown, in characters: more than any has that reconf writes for usual names.
const KEY_SHOWN: usize = 240;

/// All unmet requirements of a service: what is needed, where it was looked for, and what may help. `missing_file` is the
/// datastores' file, if there is none.
pub(crate) fn unmet(
    input: &ResolveInput,
    missing: &[Reference],
    names: &BTreeSet<Name>,
    embedded: bool,
    missing_file: Option<&Path>,
) -> Failure {
    let reason = |reference| match input.registry {
        RegistryState::Available(snapshot) => Some(explain(input, snapshot, reference, names)),
        RegistryState::Unavailable(_) => None,
    };
    let reasons: Vec<Option<UnmetReason>> = missing.iter().map(reason).collect();
    let row = |(reference, reason): (&Reference, &Option<UnmetReason>)| {
        let reason = reason.as_ref().map(ToString::to_string);
        let (variable, name) = (reference.variable.to_string(), &reference.name);
        [
            variable,
            format!("needs {name}"),
            reason.unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 3]> = missing.iter().zip(&reasons).map(row).collect();
    let any = |is: fn(&UnmetReason) -> bool| reasons.iter().flatten().any(is);
    let code = if any(|reason| matches!(reason, UnmetReason::Unusable { .. })) {
        Code::Configuration
    } else {
        Code::Unmet
    };
    let mut failure = Failure::new(code, unmet_message(input, missing.len()))
        .facts(table(&rows, None))
        .hint("`reconf ls` lists the names that are available");
    let is_unknown = any(|r| matches!(r, UnmetReason::Near(_) | UnmetReason::Nothing));
    if let Some(path) = missing_file.filter(|_| is_unknown) {
        let path = path.display();
        failure = failure.note(format!("there are no datastores, since there is no {path}"));
    }
    if let RegistryState::Available(snapshot) = input.registry {
        let names: BTreeSet<&Name> = missing.iter().map(|reference| &reference.name).collect();
        let federation = &input.manifest.federation;
        let records = names.into_iter();
        let records = records.flat_map(|name| snapshot.unreadable_of(federation, name));
        failure = failure.facts(unreadable(records));
    }
    if embedded {
        failure = failure.note(this_machine::NOTE);
    }
    failure
}

/// Adds to the failure of unmet requirements what helps a service of a federation that is not `own`, the node's: where its
/// names are listed, and that the datastores of the node's federation are not for it.
pub(crate) fn unmet_in_other_federation(
    failure: Failure,
    input: &ResolveInput,
    missing: &[Reference],
    own: &Id,
    datastores: &BTreeMap<Id, Datastores>,
) -> Failure {
    let federation = &input.manifest.federation;
    if federation == own {
        return failure;
    }
    let hint =
        format!("`reconf ls --federation {federation}` lists the names that are available there");
    let failure = failure.hint(hint);
    let of_own = datastores.get(own);
    let is_stored = |r: &Reference| {
        of_own
            .and_then(|own| own.get(input.region, &r.name))
            .is_some()
    };
    if !missing.iter().any(is_stored) {
        return failure;
    }
    failure.note(format!(
        "the datastores at the top of configuration.json belong to federation `{own}`; those of `{federation}` are in `federations.{federation}.datastores`"
    ))
}

/// Lines about records that cannot be read, each with its key. Anybody may make many, so not all are named.
pub(crate) fn unreadable<'a>(
    records: impl Iterator<Item = (&'a String, RecordError)>,
) -> Vec<String> {
    let mut records = records.fuse();
    let named = records.by_ref().take(UNREADABLE_NAMED);
    let mut lines: Vec<String> = named
        .map(|(key, why)| format!("`{}` is not used: {why}", shortened(key)))
        .collect();
    let others = records.count();
    if others > 0 {
        lines.push(format!("{others} more records are not used"));
    }
    lines
}

/// A key as messages show it: one that nobody should write may be as long as a book.
fn shortened(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(KEY_SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &key[..end])),
        None => Cow::Borrowed(key),
    }
}

fn unmet_message(input: &ResolveInput, count: usize) -> String {
    let manifest = input.manifest;
    format!(
        "`{}` has {} in federation `{}`, {}",
        manifest.id,
        counted(count, "unmet requirement"),
        manifest.federation,
        regions(input.regions)
    )
}

/// The failure of a list that has nothing of some of the names that were asked for; `known` is every name of the scope.
pub(crate) fn no_such_names(
    federation: &Id,
    names: &[&Name],
    known: &BTreeSet<Name>,
    embedded: bool,
) -> Failure {
    let row = |name: &&Name| {
        let near = suggest::near_name(name.as_str(), known.iter().map(Name::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        [name.to_string(), hint.unwrap_or_default()]
    };
    let rows: Vec<[String; 2]> = names.iter().map(row).collect();
    let message = format!("nothing provides these in federation `{federation}`");
    let mut failure = Failure::new(Code::NoInput, message)
        .facts(table(&rows, None))
        .hint("`reconf ls` lists every name");
    if embedded {
        failure = failure.note(this_machine::NOTE);
    }
    failure
}

/// The failure of variables that a manifest does not set, with near misses; `None` if it sets them all.
pub(crate) fn no_such_variables(manifest: &Manifest, variables: &[Name]) -> Option<Failure> {
    let known: BTreeSet<&Name> = manifest
        .environment
        .keys()
        .chain(manifest.requires.keys())
        .collect();
    let row = |name: &&Name| {
        let near = suggest::near_name(name.as_str(), known.iter().map(|name| name.as_str()));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        [name.to_string(), hint.unwrap_or_default()]
    };
    let unknown: Vec<&Name> = variables
        .iter()
        .filter(|name| !known.contains(name))
        .collect();
    let rows: Vec<[String; 2]> = unknown.iter().map(row).collect();
    let message = format!(
        "the manifest of `{}` does not set these variables",
        manifest.id
    );
    (!rows.is_empty()).then(|| {
        Failure::new(Code::NoInput, message)
            .facts(table(&rows, None))
            .hint(format!(
                "`reconf why {}` explains all that it sets",
                manifest.id
            ))
    })
}

/// The failure of a service whose registry could not be read, with what it needs of it.
pub(crate) fn unread(
    failure: &Failure,
    id: &Id,
    missing: &[Reference],
    then: OnUnreachable,
) -> Failure {
    let why = match then {
        OnUnreachable::LastKnown => "no last known value of it exists",
        OnUnreachable::Datastores => {
            "with `on_unreachable` `datastores` only names that the registry never had come from datastores"
        }
        OnUnreachable::Fail => "with `on_unreachable` `fail` no other value is used",
    };
    let needs = |r: &Reference| format!("`{id}` needs {} for {}; {why}", r.name, r.variable);
    failure.clone().facts(missing.iter().map(needs))
}

/// The line of a service that is rendered again when the registry changes.
pub(crate) fn waiting_line(id: &Id, failure: &Failure, limit: Duration) -> String {
    let limit = humantime::format_duration(limit);
    format!("{id}: waiting {limit} at most: {}", failure.in_short())
}

/// Warnings about a conf that was rendered; `unread` is why the registry was not read, which it was last at `last_read`.
pub(crate) fn warnings(
    unread: Option<&Failure>,
    last_read: Option<&str>,
    id: &Id,
    resolution: &Resolution,
    left: &[PathBuf],
) -> Vec<String> {
    let away = unread.map(|failure| {
        let why = failure.in_short();
        let since = last_read.map(|time| format!(" (the registry was last read at {time})"));
        let since = since.unwrap_or_default();
        format!("`{id}`: using last known values and datastores{since}: {why}")
    });
    let expired = resolution.expired.iter().map(|reference| {
        let Reference { variable, name } = reference;
        format!(
            "{name} has expired (not withdrawn): `{id}` keeps the last known value of {variable}"
        )
    });
    let line_breaks = resolution.line_breaks.iter().map(|reference| {
        let Reference { variable, name } = reference;
        format!("the datastore {name} ends in a line break: `{id}` gets it in {variable}")
    });
    let left = left_over(left);
    let resolved = expired.chain(line_breaks);
    away.into_iter().chain(resolved).chain(left).collect()
}

/// Warnings about files that no render updates any more.
pub(crate) fn left_over(paths: &[PathBuf]) -> impl Iterator<Item = String> {
    paths.iter().map(|path| {
        format!(
            "`{}` is left from an earlier render and no longer updated: remove it",
            path.display()
        )
    })
}

fn regions(regions: &[Id]) -> String {
    let quoted: Vec<String> = regions.iter().map(|region| format!("`{region}`")).collect();
    let plural = if regions.len() == 1 { "" } else { "s" };
    format!("region{plural} {}", quoted.join(", "))
}
