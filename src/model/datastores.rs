//! Values that no service announces: Chef's `node['configuration']` (design.md section 2).

use std::collections::BTreeMap;

use super::{
    findings::Findings,
    id::Id,
    json::{self, Member, Object},
    name::Name,
    problem::{Problems, Secret},
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
    /// Parses `configuration.json` as Chef writes `node['configuration']`: what stands at the top is the datastores
    /// of the federation `own`, and what `federations` says of it beats that, name by name.
    ///
    /// Other keys are anybody's, and ignored.
    ///
    /// # Errors
    /// The syntax error of a text that is not JSON; else every problem of what is ours, at its place.
    pub(crate) fn parse(path: &str, text: &str, own: &Id) -> Result<BTreeMap<Id, Self>, Problems> {
        let findings = Findings::new(path, "the datastores' configuration", text);
        let (mut findings, top) = json::parse(findings.hiding(Secret::Values))?;
        let mut all = BTreeMap::from([(own.clone(), scope(&mut findings, "", &top))]);
        for (label, member) in below(&mut findings, "", &top, "federations") {
            let federation = id(&mut findings, &label, member);
            let Some(object) = findings.object(&label, &member.node) else {
                continue;
            };
            let said = scope(&mut findings, &label, object);
            if let Some(federation) = federation {
                all.entry(federation).or_default().overlay(said);
            }
        }
        findings.finish(all)
    }

    /// Takes over everything that `other` says.
    fn overlay(&mut self, other: Self) {
        self.common.extend(other.common);
        for (region, values) in other.regions {
            self.regions.entry(region).or_default().extend(values);
        }
    }
}

/// `datastores` and `regions` of an object.
fn scope(findings: &mut Findings<'_>, within: &str, object: &Object) -> Datastores {
    let mut datastores = Datastores {
        common: values(findings, within, object),
        regions: BTreeMap::new(),
    };
    for (label, member) in below(findings, within, object, "regions") {
        let region = id(findings, &label, member);
        let Some(inner) = findings.object(&label, &member.node) else {
            continue;
        };
        let values = values(findings, &label, inner);
        if let Some(region) = region {
            datastores.regions.insert(region, values);
        }
    }
    datastores
}

/// The `datastores` of an object.
fn values(findings: &mut Findings<'_>, within: &str, object: &Object) -> Values {
    let mut values = Values::new();
    for (label, member) in below(findings, within, object, "datastores") {
        let value = findings.scalar(&label, &member.node);
        match (Name::parse(&member.key), value) {
            (Err(reason), _) => {
                findings.tell(member.start, format!("`{label}` {reason}"));
            }
            (Ok(name), Some(value)) => {
                values.insert(name, value);
            }
            (Ok(_), None) => {}
        }
    }
    values
}

/// The members of the object at `key`, each with its whole name.
fn below<'o>(
    findings: &mut Findings<'_>,
    within: &str,
    object: &'o Object,
    key: &str,
) -> Vec<(String, &'o Member)> {
    let label = match within {
        "" => key.to_owned(),
        within => format!("{within}.{key}"),
    };
    let node = object.get(key);
    let Some(inner) = node.and_then(|node| findings.object(&label, node)) else {
        return Vec::new();
    };
    let members = inner.members.iter();
    members
        .map(|member| (format!("{label}.{}", member.key), member))
        .collect()
}

fn id(findings: &mut Findings<'_>, label: &str, member: &Member) -> Option<Id> {
    match Id::parse(&member.key) {
        Ok(id) => Some(id),
        Err(reason) => {
            findings.tell(member.start, format!("`{label}` {reason}"));
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
            let told = problems.list.iter();
            told.map(|p| format!("{}:{} {}", p.line, p.column, p.message))
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
    fn the_top_belongs_to_the_own_federation_and_its_own_entry_beats_it() {
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
    fn an_empty_configuration_gives_the_own_federation_nothing() {
        assert_eq!(at(&parse("{}").unwrap(), "own"), &Datastores::default());
    }

    #[test]
    fn every_value_that_no_environment_can_carry_is_told() {
        let text = r#"{"datastores": {"A": null, "B": [], "C": {}, "D": "\u0000", "E-F": "x"},
"regions": {"u s": {}, "eu": 1}, "federations": {"x/y": {"datastores": 3}}}"#;
        let told = parse(text).unwrap_err();
        assert_eq!(
            told,
            [
                "1:22 `datastores.A` must be a string, a number or a boolean, not null",
                "1:33 `datastores.B` must be a string, a number or a boolean, not a list",
                "1:42 `datastores.C` must be a string, a number or a boolean, not an object",
                "1:52 `datastores.D` holds a NUL (`\\u0000`), which no environment can carry",
                "1:61 `datastores.E-F` is not a POSIX name: letters, digits and `_`, no digit first",
                "2:13 `regions.u s` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:30 `regions.eu` must be an object, not a number",
                "2:50 `federations.x/y` is not an id: 1 to 200 of `A-Z a-z 0-9 . _ -`, no leading `.`",
                "2:72 `federations.x/y.datastores` must be an object, not a number",
            ]
        );
    }
}
