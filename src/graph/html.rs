//! A picture as one HTML file that loads nothing: SVG, style and script are in it.

use serde_json::{Value, json};

use super::{
    picture::{BoxKind, FederationPicture, Picture},
    svg::svg,
    text::{counted, xml},
};
use crate::model::escape::escape_line;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most faults that the page lists; the picture shows all.
const LISTED: usize = 40;

/// Draws a picture as a page.
pub(crate) fn html(picture: &Picture) -> String {
    // The page is split at its marks once, so that no text that is filled in is taken for one.
    PAGE.split("@@")
        .map(|part| match part {
            "STYLE" => STYLE.to_owned(),
            "SCRIPT" => SCRIPT.to_owned(),
            "SOURCE" => xml(&picture.source),
            "COUNTS" => counts(picture),
            "FEDERATIONS" => options(picture.federations.iter().map(|f| f.name.as_str())),
            "REGIONS" => options(regions(picture).into_iter()),
            "FAULTS" => faults(picture),
            "SVG" => svg(picture),
            "DATA" => data(picture),
            text => text.to_owned(),
        })
        .collect()
}

fn counts(picture: &Picture) -> String {
    let kinds = [
        (BoxKind::Service, "service", "services"),
        (BoxKind::Datastore, "datastore", "datastores"),
        (BoxKind::Unmet, "unmet", "unmet"),
    ];
    let federations = counted(picture.federations.len(), "federation", "federations");
    let counts = kinds.iter().filter_map(|(kind, one, more)| {
        let count = picture.box_count(*kind);
        (count > 0).then(|| counted(count, one, more))
    });
    counts.chain([federations]).collect::<Vec<_>>().join(", ")
}

fn regions(picture: &Picture) -> Vec<&str> {
    let boxes = picture
        .federations
        .iter()
        .flat_map(|federation| &federation.boxes);
    let mut regions: Vec<&str> = boxes.flat_map(|shown| shown.regions()).collect();
    regions.sort_unstable();
    regions.dedup();
    regions
}

fn options<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let option = |value: &str| format!("<option value=\"{0}\">{0}</option>", xml(value));
    values.map(option).collect()
}

fn faults(picture: &Picture) -> String {
    let faults = picture.faults();
    if faults.is_empty() {
        return String::new();
    }
    let title = counted(faults.len(), "need is unmet", "needs are unmet");
    let mut list = String::new();
    for fault in faults.iter().take(LISTED) {
        list += &format!("<li>{}</li>", xml(fault));
    }
    if faults.len() > LISTED {
        list += &format!("<li>and {} more</li>", faults.len() - LISTED);
    }
    format!("<details class=\"faults\" open><summary>{title}</summary><ul>{list}</ul></details>")
}

/// What the script needs, as JSON that ends no element.
fn data(picture: &Picture) -> String {
    let (mut boxes, mut arrows, mut first) = (Vec::new(), Vec::new(), 0);
    for federation in &picture.federations {
        boxes.extend(boxes_of(federation));
        arrows.extend(federation.arrows.iter().map(|arrow| {
            let names = arrow.names.iter();
            let names = names.map(|needed| json!([needed.name, needed.fault, needed.is_optional]));
            json!([
                first + arrow.from,
                first + arrow.to,
                names.collect::<Vec<_>>()
            ])
        }));
        first += federation.boxes.len();
    }
    let data = json!({"boxes": boxes, "arrows": arrows}).to_string();
    escape_line(&data)
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn boxes_of(federation: &FederationPicture) -> impl Iterator<Item = Value> {
    federation.boxes.iter().map(|shown| {
        json!({
            "kind": shown.kind,
            "label": shown.label,
            "federation": federation.name,
            "regions": shown.regions(),
            "nodes": shown.nodes,
            "provides": shown.provides,
            "public": shown.is_public,
            "subtitle": shown.subtitle(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::picture::{Arrow, NeededName, PictureBox, ServiceNode};

    const HOSTILE: &str = "</script><script>alert(1)</script><!--\"'&@@SVG@@\u{202e}";

    fn hostile() -> Picture {
        let shown = |kind| PictureBox {
            kind,
            label: HOSTILE.to_owned(),
            nodes: vec![ServiceNode {
                node: HOSTILE.to_owned(),
                region: Some(HOSTILE.to_owned()),
                state: HOSTILE.to_owned(),
            }],
            provides: vec![HOSTILE.to_owned()],
            is_public: true,
        };
        let kinds = [
            BoxKind::Service,
            BoxKind::Balancer,
            BoxKind::Datastore,
            BoxKind::Unmet,
        ];
        Picture {
            source: HOSTILE.to_owned(),
            federations: vec![FederationPicture {
                name: HOSTILE.to_owned(),
                boxes: kinds.map(shown).into(),
                arrows: vec![Arrow {
                    from: 0,
                    to: 3,
                    names: vec![NeededName {
                        name: HOSTILE.to_owned(),
                        fault: Some(HOSTILE.to_owned()),
                        is_optional: false,
                    }],
                }],
            }],
        }
    }

    #[test]
    fn no_name_ends_an_element_or_begins_one() {
        let page = html(&hostile());
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script").count(), 2);
        assert_eq!(page.matches("<svg id=\"picture\"").count(), 1);
        assert!(!page.contains("<!--") && !page.contains('\u{202e}'));
        let (_, data) = page.split_once("type=\"application/json\">").unwrap();
        let (data, _) = data.split_once("</script>").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["boxes"][0]["label"], HOSTILE);
    }

    #[test]
    fn a_page_names_nothing_to_load() {
        let page = html(&hostile());
        for word in [
            "src=", "href=", "@import", "url(http", "//cdn", "fetch(", "import(",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}
