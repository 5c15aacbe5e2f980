//! A picture for Graphviz.

use super::{
    picture::{Arrow, BoxKind, FederationPicture, Picture, PictureBox},
    text,
};

/// Draws a picture in the language of `dot`.
pub(crate) fn dot(picture: &Picture) -> String {
    let mut drawn = String::from(
        "digraph reconf {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=9];\n",
    );
    drawn += &format!("  label=\"{}\";\n", text::dot(&picture.source));
    for (number, federation) in picture.federations.iter().enumerate() {
        drawn += &format!("  subgraph \"cluster_{number}\" {{\n");
        drawn += &format!(
            "    label=\"federation {}\";\n",
            text::dot(&federation.name)
        );
        for (index, shown) in federation.boxes.iter().enumerate() {
            let attributes = attributes(federation, index, shown);
            drawn += &format!("    \"{number}.{index}\" [{attributes}];\n");
        }
        for arrow in &federation.arrows {
            let attributes = arrow_attributes(arrow);
            let (from, to) = (arrow.from, arrow.to);
            drawn += &format!("    \"{number}.{from}\" -> \"{number}.{to}\" [{attributes}];\n");
        }
        drawn += "  }\n";
    }
    drawn + "}\n"
}

fn attributes(federation: &FederationPicture, index: usize, shown: &PictureBox) -> String {
    let (label, subtitle) = (text::dot(&shown.label), text::dot(&shown.subtitle()));
    let label = format!("label=\"{label}\\n{subtitle}\"");
    match shown.kind {
        BoxKind::Datastore => format!("{label}, shape=cylinder, style=filled"),
        BoxKind::Unmet => {
            format!(
                "{label}, shape=hexagon, style=dashed, color=\"#b91c1c\", fontcolor=\"#b91c1c\""
            )
        }
        BoxKind::Balancer => format!("{label}, shape=parallelogram, style=filled"),
        BoxKind::Service if federation.is_faulty(index) => {
            format!("{label}, style=\"rounded,dashed\", color=\"#b91c1c\", penwidth=2")
        }
        BoxKind::Service if shown.is_public => format!("{label}, peripheries=2"),
        BoxKind::Service => label,
    }
}

fn arrow_attributes(arrow: &Arrow) -> String {
    let names = arrow.names.iter().map(|needed| {
        let fault = needed.fault.iter().map(|fault| format!(": {fault}"));
        let note = if needed.is_optional {
            " (optional)"
        } else {
            ""
        };
        text::dot(&format!(
            "{}{note}{}",
            needed.name,
            fault.collect::<String>()
        ))
    });
    let label = names.collect::<Vec<_>>().join("\\n");
    let style = match (arrow.is_faulty(), arrow.is_optional()) {
        (true, _) => ", style=dashed, color=\"#b91c1c\", fontcolor=\"#b91c1c\"",
        (false, true) => ", style=dotted",
        (false, false) => "",
    };
    format!("label=\"{label}\"{style}")
}
