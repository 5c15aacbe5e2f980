//! How much is kept of a name: whoever may announce may announce anything, and a state file is written whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{announcement::Announcement, id::Id, name::Name};

/// The most that is kept of a name, in bytes of the state file.
const LIMIT: usize = 1 << 20;

/// More than what the state file has around the texts of an announcement: its indentation, names and numbers.
const AROUND: usize = 512;

/// The announcements of a name, by region and provider, that do not fit. The smallest fit first, so that a few large ones
/// do not displace those of everybody else.
pub(super) fn beyond_limit<'a>(
    name: &Name,
    announcements: impl Iterator<Item = (&'a Id, &'a String, &'a Announcement)>,
) -> BTreeSet<(Id, String)> {
    let sized = announcements.map(|(region, provider, announcement)| {
        let around = AROUND + name.as_str().len() + region.as_str().len() + provider.len();
        (around + size(announcement), region, provider)
    });
    let mut sized: Vec<_> = sized.collect();
    if sized.iter().map(|(size, ..)| size).sum::<usize>() < LIMIT {
        return BTreeSet::new();
    }
    sized.sort();
    let mut total = 0;
    let beyond = sized.into_iter().filter(|(size, ..)| {
        total += size;
        total >= LIMIT
    });
    beyond
        .map(|(_, region, provider)| (region.clone(), provider.clone()))
        .collect()
}

fn size(announcement: &Announcement) -> usize {
    let Announcement {
        value,
        pattern,
        host,
        service,
        node,
        since,
        mode,
        health,
        hosts,
        ..
    } = announcement;
    let texts = [value, pattern, host, since];
    let texts = texts.iter().map(|text| length_in_json(text));
    let balancing = [mode, health, hosts].into_iter().flatten();
    let balancing = balancing.map(length_of_value);
    texts.sum::<usize>() + balancing.sum::<usize>() + service.as_str().len() + node.as_str().len()
}

/// What a value takes in the state file, at most: each element has a line of its own.
fn length_of_value(value: &Value) -> usize {
    const LINE: usize = 64;
    LINE + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => length_in_json(text),
        Value::Array(items) => items.iter().map(length_of_value).sum(),
        Value::Object(members) => {
            let member = |(key, value): (&String, _)| length_in_json(key) + length_of_value(value);
            members.iter().map(member).sum()
        }
    }
}

/// The length of a text as a JSON string, at most.
fn length_in_json(text: &str) -> usize {
    let length = |byte| match byte {
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}
