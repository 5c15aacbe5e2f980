//! Why something was not taken: one word for scripts, one clause for people.

use std::time::SystemTime;

use super::{NotTakenRow, TakenRow};
use crate::{
    model::{
        announcement::Tombstone,
        id::Id,
        key::{Key, Kind},
        manifest::Requirement,
        name::Name,
        record::RecordError,
        settings::OnUnreachable,
    },
    report::{age::age_of, words::listed},
    resolve::{DatastoreUse, FallbackUnused, NameTrace, NotTaken, PassedOver, Trace, TraceOutcome},
};

/// What reasons depend on besides.
pub(crate) struct ReasonContext {
    /// The present time.
    pub now: SystemTime,
    /// The name that the rows are about.
    pub name: Name,
}

/// The row of an announcement that was not taken.
pub(crate) fn not_taken(context: &ReasonContext, key: &Key, why: &NotTaken) -> NotTakenRow {
    let (reason, text) = reason(context, key, why);
    let kind = match why {
        NotTaken::Withdrawn(_) => Kind::Withdrawn,
        _ => Kind::Provides,
    };
    let mut row = NotTakenRow::of_key(key, key.path(kind), reason, text);
    match why {
        NotTaken::Withdrawn(tombstone) => row.at = Some(tombstone.time().to_owned()),
        NotTaken::Expired(revision) if *revision > 0 => row.revision = Some(*revision),
        _ => {}
    }
    row
}

fn reason(context: &ReasonContext, key: &Key, why: &NotTaken) -> (&'static str, String) {
    let region = &key.region;
    match why {
        NotTaken::PassedOver(PassedOver::LaterRegion { first }) => {
            ("later-region", format!("{region}: {first} comes first"))
        }
        NotTaken::PassedOver(PassedOver::OtherShare { taken }) => (
            "other-share",
            format!("{region}: this node's share of the spread is {taken}"),
        ),
        NotTaken::PassedOver(PassedOver::Incomplete { lacks }) => (
            "incomplete",
            format!("{region}: it does not announce {}", listed(lacks)),
        ),
        NotTaken::OthersMissing(names) => ("others-missing", others_missing(&context.name, names)),
        NotTaken::RegionNotRead => (
            "region-not-read",
            format!("{region}: not among the regions of this node"),
        ),
        NotTaken::NotProvided => (
            "not-provided",
            "this node announced it, and no manifest here provides it now".to_owned(),
        ),
        NotTaken::Withdrawn(tombstone) => ("withdrawn", withdrawn(context.now, tombstone)),
        NotTaken::Expired(revision) if *revision > 0 => (
            "expired",
            format!("expired, last seen at revision {revision}"),
        ),
        NotTaken::Expired(_) => ("expired", "expired".to_owned()),
        NotTaken::Unread(then) => ("unread", unread(*then).to_owned()),
    }
}

/// `withdrawn by hand 2h ago`, and until when and why.
fn withdrawn(now: SystemTime, tombstone: &Tombstone) -> String {
    let ago = age_of(now, &tombstone.at).map(|age| format!(" {age} ago"));
    let ago = ago.unwrap_or_default();
    tombstone.withdrawn(&ago)
}

const fn unread(then: OnUnreachable) -> &'static str {
    match then {
        OnUnreachable::LastKnown => "the registry was not read",
        OnUnreachable::Datastores => {
            "the registry was not read, and `on_unreachable` `datastores` uses no last known value"
        }
        OnUnreachable::Fail => {
            "the registry was not read, and `on_unreachable` `fail` uses no other value"
        }
    }
}

/// `names` are those without which the requirement has no value.
fn others_missing(name: &Name, names: &[Name]) -> String {
    if names.contains(name) {
        return format!("no provider announces {} together", listed(names));
    }
    format!("not used, since {} has no value", listed(names))
}

/// The rows of the datastores of a name: those that are taken, and the others.
pub(crate) fn datastore_rows(names: &NameTrace) -> (Vec<TakenRow>, Vec<NotTakenRow>) {
    let (mut taken, mut not_taken) = (Vec::new(), Vec::new());
    for (region, used) in &names.datastores {
        if *used == DatastoreUse::Taken {
            taken.push(TakenRow {
                region: region.clone(),
                ..taken_row(&names.name, "datastores", place(region.as_ref()))
            });
            continue;
        }
        let (reason, why) = datastore_reason(&names.name, region.as_ref(), used);
        not_taken.push(NotTakenRow {
            region: region.clone(),
            ..NotTakenRow::new(Some(&names.name), "datastores", reason, why)
        });
    }
    (taken, not_taken)
}

fn place(region: Option<&Id>) -> String {
    match region {
        Some(region) => format!("those of region {region}"),
        None => "common to all regions".to_owned(),
    }
}

fn datastore_reason(
    name: &Name,
    region: Option<&Id>,
    used: &DatastoreUse,
) -> (&'static str, String) {
    match used {
        DatastoreUse::Taken => ("taken", String::new()),
        DatastoreUse::Announced => ("announced", "the registry has it".to_owned()),
        DatastoreUse::LastKnown => (
            "last-known",
            "its last known announcement comes first".to_owned(),
        ),
        DatastoreUse::Overridden => (
            "overridden",
            "the common one: this node's region has its own".to_owned(),
        ),
        DatastoreUse::OtherRegion => {
            let region = region.map_or("another region", Id::as_str);
            ("other-region", format!("{region}: another region's"))
        }
        DatastoreUse::Unusable(kind) => (
            "unusable",
            format!("it is {kind}, not a string, number or boolean"),
        ),
        DatastoreUse::Unread => (
            "unread",
            "the registry was not read, and may have it".to_owned(),
        ),
        DatastoreUse::OthersMissing(names) => ("others-missing", others_missing(name, names)),
    }
}

/// The rows of a requirement's `default` or `optional`.
pub(crate) fn fallback_rows(
    requirement: &Requirement,
    trace: &Trace,
) -> (Option<TakenRow>, Option<NotTakenRow>) {
    let fallback = if requirement.default.is_some() {
        "default"
    } else {
        "optional"
    };
    if let Some(unused) = trace.fallback {
        let (reason, why) = unused_reason(unused);
        let row = NotTakenRow::new(None, fallback, reason, why);
        return (None, Some(row));
    }
    let why = format!(
        "nothing that this node may use has {}",
        listed(&trace.missing)
    );
    let taken = match trace.outcome {
        _ if trace.missing.is_empty() => None,
        TraceOutcome::Value(_) => Some(unnamed_row(fallback, why)),
        TraceOutcome::LeftOut => Some(unnamed_row("nothing", format!("{fallback}: {why}"))),
        TraceOutcome::Unmet => None,
    };
    (taken, None)
}

fn unused_reason(unused: FallbackUnused) -> (&'static str, String) {
    let (reason, why) = match unused {
        FallbackUnused::Met => ("met", "it has a value"),
        FallbackUnused::Unread => ("unread", "the registry was not read, and may have it"),
        FallbackUnused::Unusable => ("unusable", "its datastore is set, to what cannot be used"),
    };
    (reason, why.to_owned())
}

/// The row of a record that cannot be read.
pub(crate) fn unreadable_row(name: &Name, path: &str, why: RecordError) -> NotTakenRow {
    let key = Key::parse(path).map(|(_, key)| key);
    let candidate = key.as_ref().map_or_else(|| path.to_owned(), Key::provider);
    NotTakenRow {
        region: key.map(|key| key.region),
        key: Some(path.to_owned()),
        ..NotTakenRow::new(
            Some(name),
            &candidate,
            "unreadable",
            format!("unreadable: {why}"),
        )
    }
}

fn taken_row(name: &Name, candidate: &str, detail: String) -> TakenRow {
    TakenRow {
        name: Some(name.clone()),
        ..unnamed_row(candidate, detail)
    }
}

fn unnamed_row(candidate: &str, detail: String) -> TakenRow {
    TakenRow {
        name: None,
        candidate: candidate.to_owned(),
        region: None,
        since: None,
        revision: None,
        key: None,
        detail,
    }
}
