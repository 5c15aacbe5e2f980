//! Values that no service announces: Chef's `node['configuration']` (design.md section 2).

use std::collections::BTreeMap;

use super::{
    document_reader::DocumentReader,
    id::Id,
    json::{self, JsonMember, JsonObject},
    name::Name,
    problem::Problems,
    redaction::Redaction,
};

/// NAME -> value.
pub(crate) type Values = BTreeMap<Name, String>;

/// The datastores of one federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Datastores {
    /// Values for every region that has none of its own.
    pub common: Values,
    /// Values of one region.
    pub regions: BTreeMap<Id, Values>,
}

impl Datastores {
    /// Parses `configuration.json` as Chef writes `node['configuration']`. The keys at the top are the datastores of the
    /// federation `own`; its entry below `federations` overrides them name by name.
    ///
    /// Ignores all other keys, which belong to others.
    ///
    /// # Errors
    /// The syntax error of a text that is not JSON, or else every problem in the keys above.
    pub(crate) fn parse(path: &str, text: &str, own: &Id) -> Result<BTreeMap<Id, Self>, Problems> {
        let reader = DocumentReader::new(path, "the datastores' configuration", text);
        let (mut reader, top) = json::parse(reader.redacting(Redaction::Values))?;
        let mut all = BTreeMap::from([(own.clone(), scope(&mut reader, "", &top))]);
        for (label, member) in members_of(&mut reader, "", &top, "federations") {
            let federation = id(&mut reader, &label, member);
            let Some(object) = reader.object(&label, &member.node) else {
                continue;
            };
            let overrides = scope(&mut reader, &label, object);
            if let Some(federation) = federation {
                all.entry(federation).or_default().extend(overrides);
            }
        }
        reader.finish(all)
    }

    /// Overwrites values with those of `other`.
    fn extend(&mut self, other: Self) {
        self.common.extend(other.common);
        for (region, values) in other.regions {
            self.regions.entry(region).or_default().extend(values);
        }
    }
}

/// Reads `datastores` and `regions` of an object.
fn scope(reader: &mut DocumentReader<'_>, within: &str, object: &JsonObject) -> Datastores {
    let mut datastores = Datastores {
        common: values(reader, within, object),
        regions: BTreeMap::new(),
    };
    for (label, member) in members_of(reader, within, object, "regions") {
        let region = id(reader, &label, member);
        let Some(inner) = reader.object(&label, &member.node) else {
            continue;
        };
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
        let value = reader.scalar(&label, &member.node);
        match (Name::parse(&member.key), value) {
            (Err(reason), _) => {
                reader.report(member.start, format!("`{label}` {reason}"));
            }
            (Ok(name), Some(value)) => {
                values.insert(name, value);
            }
            (Ok(_), None) => {}
        }
    }
    values
}

/// The members of the object at `key`, each with its full name.
fn members_of<'o>(
    reader: &mut DocumentReader<'_>,
    within: &str,
    object: &'o JsonObject,
    key: &str,
) -> Vec<(String, &'o JsonMember)> {
    let label = match within {
        "" => key.to_owned(),
        within => format!("{within}.{key}"),
    };
    let node = object.get(key);
    let Some(inner) = node.and_then(|node| reader.object(&label, node)) else {
        return Vec::new();
    };
    let members = inner.members.iter();
    members
        .map(|member| (format!("{label}.{}", member.key), member))
        .collect()
}

fn id(reader: &mut DocumentReader<'_>, label: &str, member: &JsonMember) -> Option<Id> {
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

    fn parse(text: &str) -> Result<BTreeMap<Id, Datastores>, Vec<String>> {
        let own = Id::parse("own").unwrap();
        Datastores::parse("configuration.json", text, &own).map_err(|problems| {
            let list = problems.list.iter();
            list.map(|p| format!("{}:{} {}", p.line, p.column, p.message))
                .collect()
        })
    }

    fn at<'d>(all: &'d BTreeMap<Id, Datastores>, federation: &str) -> &'d Datastores {
        &all[&Id::parse(federation).unwrap()]
    }

    fn value<'v>(values: &'v Values, name: &str) -> Option<&'v str> {
        values.get(&Name::parse(name).unwrap()).map(String::as_str)
    }

    #[test]
    fn the_entry_of_the_own_federation_overrides_the_top() {
        let all = parse(
            r#"{"datastores": {"A": "top", "B": 1.50}, "regions": {"us": {"datastores": {"R": "top", "S": true}}},
            "federations": {"own": {"datastores": {"A": "own"}, "regions": {"us": {"datastores": {"R": "own"}}}},
                            "other": {"datastores": {"A": "other"}}},
            "listeners": {"datastores": null}}"#,
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
    fn every_value_that_an_environment_cannot_hold_is_reported() {
        let text = r#"{"datastores": {"A": null, "B": [], "C": {}, "D": "\u0000", "E-F": "x"},
"regions": {"u s": {}, "eu": 1}, "federations": {"x/y": {"datastores": 3}}}"#;
        let problems = parse(text).unwrap_err();
        assert_eq!(
            problems,
            [
                "1:22 `datastores.A` must be a string, a number or a boolean, not null",
                "1:33 `datastores.B` must be a string, a number or a boolean, not a list",
                "1:42 `datastores.C` must be a string, a number or a boolean, not an object",
                "1:52 `datastores.D` contains a NUL (`\\u0000`), which an environment cannot hold",
                "1:61 `datastores.E-F` is not a POSIX name: letters, digits and `_`, no digit first",
                "2:13 `regions.u s` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:30 `regions.eu` must be an object, not a number",
                "2:50 `federations.x/y` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:72 `federations.x/y.datastores` must be an object, not a number",
            ]
        );
    }
}
