//! Values that no service announces: Chef's `node['configuration']` (design.md section 2).

use std::collections::BTreeMap;

use super::{
    document_reader::DocumentReader,
    id::Id,
    json::{JsonMember, JsonObject, JsonValue},
    name::Name,
    suggest,
};

/// NAME -> value.
pub(crate) type Values = BTreeMap<Name, StoredValue>;

/// The value of a datastore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredValue {
    /// A string, or a number or a boolean as it was written.
    Text(String),
    /// What no environment can hold. Only the services that need it fail.
    Unusable {
        /// What it is instead.
        kind: &'static str,
        /// Its line in `configuration.json`, from 1.
        line: usize,
    },
}

/// The key of a region.
const REGION: [&str; 1] = ["datastores"];

/// The datastores of one federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Datastores {
    /// Values of every region, where it has no other of that name.
    pub common: Values,
    /// Values of one region, which override the common ones.
    pub regions: BTreeMap<Id, Values>,
}

impl Datastores {
    /// Overwrites values with those of `other`.
    pub(super) fn extend(&mut self, other: Self) {
        self.common.extend(other.common);
        for (region, values) in other.regions {
            self.regions.entry(region).or_default().extend(values);
        }
    }

    /// The value of a name in a region. A name that is only set for other regions has none: another region's database
    /// would be wrong.
    pub(crate) fn get(&self, region: &Id, name: &Name) -> Option<&StoredValue> {
        let regional = self.regions.get(region).and_then(|values| values.get(name));
        regional.or_else(|| self.common.get(name))
    }
}

/// Reads `datastores` and `regions` of an object.
pub(super) fn scope(
    reader: &mut DocumentReader<'_>,
    within: &str,
    object: &JsonObject,
) -> Datastores {
    let mut datastores = Datastores {
        common: values(reader, within, object),
        regions: BTreeMap::new(),
    };
    for (label, member) in members_of(reader, within, object, "regions") {
        let region = id(reader, &label, member);
        let Some(inner) = reader.object(&label, &member.node) else {
            continue;
        };
        reject_misplaced(reader, &label, inner, &REGION);
        let values = values(reader, &label, inner);
        if let Some(region) = region {
            datastores.regions.insert(region, values);
        }
    }
    datastores
}

/// Reads `datastores` of an object.
fn values(reader: &mut DocumentReader<'_>, within: &str, object: &JsonObject) -> Values {
    let mut values = Values::new();
    for (label, member) in members_of(reader, within, object, "datastores") {
        match Name::parse(&member.key) {
            Err(reason) => {
                reader.report(member.start, format!("`{label}` {reason}"));
            }
            Ok(name) => values.extend(value(reader, member).map(|value| (name, value))),
        }
    }
    values
}

/// The value of a datastore; `None` for null.
fn value(reader: &DocumentReader<'_>, member: &JsonMember) -> Option<StoredValue> {
    let unusable = |kind| StoredValue::Unusable {
        kind,
        line: reader.line(member.node.start),
    };
    let value = &member.node.value;
    Some(match value {
        JsonValue::Null => return None,
        JsonValue::Text(text) if text.contains('\0') => unusable("a string with a NUL"),
        JsonValue::Text(text) => StoredValue::Text(text.clone()),
        JsonValue::Number(written) => StoredValue::Text(written.clone()),
        JsonValue::Boolean(value) => StoredValue::Text(value.to_string()),
        JsonValue::List(_) | JsonValue::Object(_) => unusable(value.kind()),
    })
}

/// Reports keys that are misspelt, and datastores that stand beside the object that they belong in.
pub(super) fn reject_misplaced(
    reader: &mut DocumentReader<'_>,
    within: &str,
    object: &JsonObject,
    known: &[&str],
) {
    for member in &object.members {
        let key = &member.key[..];
        let label = labelled(within, key);
        if known.contains(&key) || key.starts_with("x-") {
            continue;
        }
        if let Some(meant) = suggest::near_miss(key, known.iter().copied()) {
            reader
                .report(member.start, format!("unknown key `{label}`"))
                .hint(format!("did you mean `{meant}`?"));
        } else if looks_like_datastore(member) {
            reader
                .report(member.start, format!("`{label}` is outside `datastores`"))
                .hint(format!("move it into `{}`", labelled(within, "datastores")));
        }
    }
}

/// Whether a member has a name as datastores have it, in capitals, and a value as they have it.
fn looks_like_datastore(member: &JsonMember) -> bool {
    let is_value = !matches!(member.node.value, JsonValue::List(_) | JsonValue::Object(_));
    let is_capital = !member.key.contains(|c: char| c.is_lowercase());
    is_value && is_capital && Name::parse(&member.key).is_ok()
}

fn labelled(within: &str, key: &str) -> String {
    match within {
        "" => key.to_owned(),
        within => format!("{within}.{key}"),
    }
}

/// The members of the object at `key`, each with its full name.
pub(super) fn members_of<'o>(
    reader: &mut DocumentReader<'_>,
    within: &str,
    object: &'o JsonObject,
    key: &str,
) -> Vec<(String, &'o JsonMember)> {
    let label = labelled(within, key);
    let node = object.get_non_null(key);
    let Some(inner) = node.and_then(|node| reader.object(&label, node)) else {
        return Vec::new();
    };
    let members = inner.members.iter();
    members
        .map(|member| (format!("{label}.{}", member.key), member))
        .collect()
}

pub(super) fn id(reader: &mut DocumentReader<'_>, label: &str, member: &JsonMember) -> Option<Id> {
    match Id::parse(&member.key) {
        Ok(id) => Some(id),
        Err(reason) => {
            reader.report(member.start, format!("`{label}` {reason}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::configuration::Configuration;

    fn parse(text: &str) -> Result<BTreeMap<Id, Datastores>, Vec<String>> {
        let own = Id::parse("own").unwrap();
        let parsed = Configuration::parse("configuration.json", text, &own);
        parsed.map(|parsed| parsed.datastores).map_err(|problems| {
            let list = problems.list.iter();
            list.map(|p| format!("{}:{} {}", p.line, p.column, p.message))
                .collect()
        })
    }

    fn at<'d>(all: &'d BTreeMap<Id, Datastores>, federation: &str) -> &'d Datastores {
        &all[&Id::parse(federation).unwrap()]
    }

    fn value<'v>(values: &'v Values, name: &str) -> Option<&'v str> {
        match values.get(&Name::parse(name).unwrap())? {
            StoredValue::Text(text) => Some(text),
            StoredValue::Unusable { kind, .. } => Some(kind),
        }
    }

    #[test]
    fn the_entry_of_the_own_federation_overrides_the_top() {
        let all = parse(
            r#"{"datastores": {"A": "top", "B": 1.50}, "regions": {"us": {"datastores": {"R": "top", "S": true}}},
            "federations": {"own": {"datastores": {"A": "own"}, "regions": {"us": {"datastores": {"R": "own"}}}},
                            "other": {"datastores": {"A": "other"}}},
            "listeners": {"datastores": null}, "version": "1", "X": [], "x_url": "x"}"#,
        )
        .unwrap();
        let own = at(&all, "own");
        assert_eq!(value(&own.common, "A"), Some("own"));
        assert_eq!(value(&own.common, "B"), Some("1.50"));
        let us = &own.regions[&Id::parse("us").unwrap()];
        assert_eq!(value(us, "R"), Some("own"));
        assert_eq!(value(us, "S"), Some("true"));
        let other = at(&all, "other");
        assert_eq!(value(&other.common, "A"), Some("other"));
        assert_eq!(value(&other.common, "B"), None);
        assert!(other.regions.is_empty());
    }

    #[test]
    fn an_empty_configuration_is_an_empty_own_federation() {
        assert_eq!(at(&parse("{}").unwrap(), "own"), &Datastores::default());
    }

    #[test]
    fn what_no_environment_can_hold_is_for_those_who_need_it_and_null_is_nothing() {
        let text = r#"{"datastores": {"A": null, "B": [],
            "C": {}, "D": "\u0000", "E": "x"}, "regions": {"us": {"datastores": {"E": null, "B": 1}}, "eu": {"datastores": null}},
            "federations": {"own": {"datastores": {"E": null}}}}"#;
        let all = parse(text).unwrap();
        let own = at(&all, "own");
        let get = |region: &str, name: &str| {
            own.get(&Id::parse(region).unwrap(), &Name::parse(name).unwrap())
        };
        let unusable = |kind, line| Some(StoredValue::Unusable { kind, line });
        let text = |text: &str| Some(StoredValue::Text(text.to_owned()));
        for (region, name, expected) in [
            ("us", "A", None),
            ("eu", "B", unusable("a list", 1)),
            ("us", "B", text("1")),
            ("us", "C", unusable("an object", 2)),
            ("us", "D", unusable("a string with a NUL", 2)),
            ("us", "E", text("x")),
            ("eu", "E", text("x")),
        ] {
            assert_eq!(get(region, name), expected.as_ref(), "{region} {name}");
        }
    }

    #[test]
    fn what_is_outside_datastores_is_reported() {
        let text = r#"{"datastore": {}, "DB_URL": "x", "regions": {"us": {"Datastores": {}, "DB_URL": 1}},
"federations": {"a": {"region": {}, "DB_URL": null}}}"#;
        assert_eq!(
            parse(text).unwrap_err(),
            [
                "1:2 unknown key `datastore`",
                "1:19 `DB_URL` is outside `datastores`",
                "1:53 unknown key `regions.us.Datastores`",
                "1:71 `regions.us.DB_URL` is outside `datastores`",
                "2:23 unknown key `federations.a.region`",
                "2:37 `federations.a.DB_URL` is outside `datastores`",
            ]
        );
    }

    #[test]
    fn every_place_that_is_not_as_the_contract_has_it_is_reported() {
        let text = r#"{"datastores": {"E-F": "x"},
"regions": {"u s": {}, "eu": 1}, "federations": {"x/y": {"datastores": 3}}}"#;
        let problems = parse(text).unwrap_err();
        assert_eq!(
            problems,
            [
                "1:17 `datastores.E-F` is not a POSIX name: letters, digits and `_`, no digit first",
                "2:13 `regions.u s` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:30 `regions.eu` must be an object, not a number",
                "2:50 `federations.x/y` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:72 `federations.x/y.datastores` must be an object, not a number",
            ]
        );
    }
}
