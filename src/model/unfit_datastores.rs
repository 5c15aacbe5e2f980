//! Datastores whose values no environment can hold, each with its place in `configuration.json`.

use super::{
    document_reader::DocumentReader,
    id::Id,
    json::{self, JsonMember, JsonObject, JsonValue},
    name::Name,
};

/// A datastore that has a key and no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnfitDatastore {
    /// The federation; `None`: that of the node.
    pub federation: Option<Id>,
    /// The region; `None`: all of them.
    pub region: Option<Id>,
    /// Its name.
    pub name: Name,
    /// What it is instead of a value.
    pub kind: &'static str,
    /// The byte of the text at which its value begins.
    pub offset: usize,
}

/// Where datastores are.
struct Within<'t> {
    federation: Option<Id>,
    region: Option<Id>,
    object: &'t JsonObject,
}

/// The datastores of a `configuration.json` that are null, a list, an object or a string with a NUL. Places that are not as
/// they should be have none: they are problems of the file.
pub(crate) fn unfit_datastores(text: &str) -> Vec<UnfitDatastore> {
    let Ok((_, top)) = json::parse(DocumentReader::new("", "", text)) else {
        return Vec::new();
    };
    let mut scopes = of_federation(None, &top);
    for (federation, object) in objects(&top, "federations") {
        scopes.extend(of_federation(Some(&federation), object));
    }
    scopes.iter().flat_map(Within::unfit).collect()
}

/// The object of a federation, and those of its regions.
fn of_federation<'t>(federation: Option<&Id>, object: &'t JsonObject) -> Vec<Within<'t>> {
    let within = |region, object| Within {
        federation: federation.cloned(),
        region,
        object,
    };
    let regions = objects(object, "regions");
    let regions = regions.map(|(region, object)| within(Some(region), object));
    std::iter::once(within(None, object))
        .chain(regions)
        .collect()
}

/// The objects at the ids in the object at `key`.
fn objects<'t>(within: &'t JsonObject, key: &str) -> impl Iterator<Item = (Id, &'t JsonObject)> {
    members(within, key).filter_map(|member| match &member.node.value {
        JsonValue::Object(object) => Some((Id::parse(&member.key).ok()?, object)),
        _ => None,
    })
}

/// The members of the object at `key`.
fn members<'t>(within: &'t JsonObject, key: &str) -> impl Iterator<Item = &'t JsonMember> {
    let members = match within.get(key).map(|node| &node.value) {
        Some(JsonValue::Object(object)) => &object.members[..],
        _ => &[],
    };
    members.iter()
}

impl Within<'_> {
    fn unfit(&self) -> Vec<UnfitDatastore> {
        let unfit = members(self.object, "datastores").filter_map(|member| {
            let value = &member.node.value;
            let kind = match value {
                JsonValue::Null | JsonValue::List(_) | JsonValue::Object(_) => value.kind(),
                JsonValue::Text(text) if text.contains('\0') => "a string with a NUL",
                _ => return None,
            };
            Some(UnfitDatastore {
                federation: self.federation.clone(),
                region: self.region.clone(),
                name: Name::parse(&member.key).ok()?,
                kind,
                offset: member.node.start,
            })
        });
        unfit.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_is_none_is_found_in_every_scope() {
        let text = r#"{"datastores": {"A": null, "B": "x", "C": ["x"], "D": "\u0000", "E": {}, "F": 1},
            "regions": {"us": {"datastores": {"B": null}}, "x y": {"datastores": {"B": null}}, "eu": null},
            "federations": {"p": {"datastores": {"A": []}, "regions": {"us": {"datastores": {"A": null}}}}}}"#;
        let found = unfit_datastores(text).into_iter().map(|unfit| {
            let id = |id: Option<Id>| id.map_or("-".to_owned(), |id| id.to_string());
            let at = &text[unfit.offset..=unfit.offset];
            let (federation, region) = (id(unfit.federation), id(unfit.region));
            format!("{federation} {region} {} {} {at}", unfit.name, unfit.kind)
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                "- - A null n",
                "- - C a list [",
                "- - D a string with a NUL \"",
                "- - E an object {",
                "- us B null n",
                "p - A a list [",
                "p us A null n",
            ]
        );
        assert!(unfit_datastores("{").is_empty());
    }
}
