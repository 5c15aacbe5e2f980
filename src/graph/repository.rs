//! The picture of a repository: what its manifests need of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::picture::{Arrow, BoxKind, FederationPicture, NeededName, PictureBox};
use crate::model::{
    id::Id,
    manifest::{Manifest, Requirement},
    name::Name,
};

/// Draws the federations of these manifests. A name that none of them provides is taken for a datastore, unless one of
/// another federation provides it: a name never crosses a federation.
pub(crate) fn of_manifests(manifests: &[Manifest]) -> Vec<FederationPicture> {
    let federations: BTreeSet<&Id> = manifests
        .iter()
        .map(|manifest| &manifest.federation)
        .collect();
    federations
        .into_iter()
        .map(|federation| {
            let (own, others): (Vec<&Manifest>, Vec<&Manifest>) = manifests
                .iter()
                .partition(|manifest| manifest.federation == *federation);
            let mut drawing = Drawing::new(federation, &own, &others);
            for (index, manifest) in own.iter().enumerate() {
                for requirement in manifest.requires.values() {
                    drawing.add(index, requirement);
                }
            }
            drawing.finish()
        })
        .collect()
}

/// A federation as it is being drawn.
struct Drawing<'m> {
    federation: &'m Id,
    boxes: Vec<PictureBox>,
    /// Who provides a name.
    providers: BTreeMap<&'m Name, Vec<usize>>,
    /// The federations of those who provide a name elsewhere.
    elsewhere: BTreeMap<&'m Name, BTreeSet<&'m Id>>,
    /// The boxes of names that no service here provides.
    others: BTreeMap<&'m Name, usize>,
    needs: BTreeMap<(usize, usize), BTreeSet<NeededName>>,
}

impl<'m> Drawing<'m> {
    fn new(federation: &'m Id, own: &[&'m Manifest], others: &[&'m Manifest]) -> Self {
        let mut providers: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
        for (index, manifest) in own.iter().enumerate() {
            for name in manifest.provides.keys() {
                providers.entry(name).or_default().push(index);
            }
        }
        let mut elsewhere: BTreeMap<&Name, BTreeSet<&Id>> = BTreeMap::new();
        for manifest in others {
            for name in manifest.provides.keys() {
                elsewhere
                    .entry(name)
                    .or_default()
                    .insert(&manifest.federation);
            }
        }
        Self {
            federation,
            boxes: own.iter().map(|manifest| service(manifest)).collect(),
            providers,
            elsewhere,
            others: BTreeMap::new(),
            needs: BTreeMap::new(),
        }
    }

    /// Adds what a service needs for one variable.
    fn add(&mut self, from: usize, requirement: &'m Requirement) {
        let is_optional = requirement.optional || requirement.default.is_some();
        for name in requirement.pattern.holes() {
            let providers = self.providers.get(name).cloned();
            let is_missing = providers.is_none();
            let fault = self
                .elsewhere
                .get(name)
                .filter(|_| is_missing && !is_optional);
            let fault = fault.map(|federations| {
                let federations: Vec<&str> = federations.iter().map(|id| id.as_str()).collect();
                format!("unmet: only federation {} has it", federations.join(", "))
            });
            let targets = providers.unwrap_or_else(|| vec![self.other(name, fault.is_some())]);
            for to in targets {
                self.needs
                    .entry((from, to))
                    .or_default()
                    .insert(NeededName {
                        name: name.to_string(),
                        fault: fault.clone(),
                        is_optional,
                    });
            }
        }
    }

    /// The box of a name that no service here provides.
    fn other(&mut self, name: &'m Name, is_unmet: bool) -> usize {
        let index = *self.others.entry(name).or_insert(self.boxes.len());
        if index == self.boxes.len() {
            self.boxes.push(PictureBox {
                kind: BoxKind::Datastore,
                label: name.to_string(),
                nodes: Vec::new(),
                provides: Vec::new(),
                is_public: false,
            });
        }
        if is_unmet {
            self.boxes[index].kind = BoxKind::Unmet;
        }
        index
    }

    fn finish(self) -> FederationPicture {
        let arrow = |((from, to), names): (_, BTreeSet<NeededName>)| Arrow {
            from,
            to,
            names: names.into_iter().collect(),
        };
        FederationPicture {
            name: self.federation.to_string(),
            boxes: self.boxes,
            arrows: self.needs.into_iter().map(arrow).collect(),
        }
    }
}

fn service(manifest: &Manifest) -> PictureBox {
    PictureBox {
        kind: BoxKind::Service,
        label: manifest.id.to_string(),
        nodes: Vec::new(),
        provides: manifest.provides.keys().map(ToString::to_string).collect(),
        is_public: manifest.provides.values().any(|provided| provided.public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, text: &str) -> Manifest {
        let home = Id::default_scope();
        Manifest::parse("m.json", text, &Id::parse(id).unwrap(), &home).unwrap()
    }

    /// The picture of two federations.
    fn drawn() -> Vec<FederationPicture> {
        of_manifests(&[
            manifest(
                "api",
                r#"{"id": "api", "provides": {"API": "{NODE}"}, "requires": {"D": "{DB}"}}"#,
            ),
            manifest("api2", r#"{"id": "api2", "provides": {"API": "{NODE}"}}"#),
            manifest(
                "far",
                r#"{"id": "far", "federation": "other", "provides": {"FAR": "{NODE}", "DIM": "{NODE}"}}"#,
            ),
            manifest(
                "www",
                r#"{"id": "www", "requires": {"A": "{API}", "F": "{FAR}", "B": "{DB}{API}",
                    "O": {"value": "{DIM}", "optional": true}, "P": {"value": "{DB}", "default": "x"}}}"#,
            ),
        ])
    }

    #[test]
    fn a_name_is_a_services_a_datastore_or_unmet() {
        let federations = drawn();
        let names: Vec<&str> = federations.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["default", "other"]);
        let boxes = federations[0].boxes.iter();
        let boxes: Vec<String> = boxes
            .map(|shown| format!("{:?} {}", shown.kind, shown.label))
            .collect();
        assert_eq!(
            boxes,
            [
                "Service api",
                "Service api2",
                "Service www",
                "Datastore DB",
                "Unmet FAR",
                "Datastore DIM"
            ]
        );
    }

    #[test]
    fn an_arrow_leads_to_every_provider_of_a_name() {
        let arrows = drawn().swap_remove(0).arrows.into_iter().map(|arrow| {
            let names = arrow.names.iter().map(|needed| {
                let optional = if needed.is_optional { "?" } else { "" };
                format!(
                    "{}{optional} {}",
                    needed.name,
                    needed.fault.as_deref().unwrap_or_default()
                )
            });
            (arrow.from, arrow.to, names.collect::<Vec<_>>().join(","))
        });
        let arrows: Vec<(usize, usize, String)> = arrows.collect();
        let arrow = |from, to, names: &str| (from, to, names.to_owned());
        assert_eq!(
            arrows,
            [
                arrow(0, 3, "DB "),
                arrow(2, 0, "API "),
                arrow(2, 1, "API "),
                arrow(2, 3, "DB ,DB? "),
                arrow(2, 4, "FAR unmet: only federation other has it"),
                arrow(2, 5, "DIM? "),
            ]
        );
    }
}
