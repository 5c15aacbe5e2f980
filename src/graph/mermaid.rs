//! A picture for mermaid, which wikis and code hosts draw.

use super::{
    picture::{Arrow, BoxKind, FederationPicture, Picture, PictureBox},
    text,
};

/// Draws a picture as a flowchart of mermaid.
pub(crate) fn mermaid(picture: &Picture) -> String {
    let mut drawn = String::from("flowchart LR\n");
    let mut faulty_arrows = Vec::new();
    let mut arrows = 0;
    for (number, federation) in picture.federations.iter().enumerate() {
        let label = text::mermaid(&federation.name);
        drawn += &format!("  subgraph f{number}[\"federation {label}\"]\n");
        for (index, shown) in federation.boxes.iter().enumerate() {
            drawn += &format!("    n{number}_{index}{}\n", shape(federation, index, shown));
        }
        for arrow in &federation.arrows {
            let (from, to) = (arrow.from, arrow.to);
            let line = if arrow.is_optional() { "-.->" } else { "-->" };
            let label = label_of(arrow);
            drawn += &format!("    n{number}_{from} {line}|\"{label}\"| n{number}_{to}\n");
            if arrow.is_faulty() {
                faulty_arrows.push(arrows.to_string());
            }
            arrows += 1;
        }
        drawn += "  end\n";
    }
    drawn +=
        "  classDef fault stroke:#b91c1c,stroke-width:2px,stroke-dasharray:5 3,color:#b91c1c\n";
    if !faulty_arrows.is_empty() {
        let list = faulty_arrows.join(",");
        drawn += &format!("  linkStyle {list} stroke:#b91c1c,stroke-dasharray:5 3,color:#b91c1c\n");
    }
    drawn
}

fn shape(federation: &FederationPicture, index: usize, shown: &PictureBox) -> String {
    let (label, subtitle) = (
        text::mermaid(&shown.label),
        text::mermaid(&shown.subtitle()),
    );
    let label = format!("\"{label}<br/>{subtitle}\"");
    let class = if federation.is_faulty(index) {
        ":::fault"
    } else {
        ""
    };
    match shown.kind {
        BoxKind::Datastore => format!("[({label})]"),
        BoxKind::Unmet => format!("{{{{{label}}}}}:::fault"),
        BoxKind::Balancer => format!("[/{label}/]{class}"),
        BoxKind::Service if shown.is_public => format!("[[{label}]]{class}"),
        BoxKind::Service => format!("({label}){class}"),
    }
}

fn label_of(arrow: &Arrow) -> String {
    let names = arrow.names.iter().map(|needed| {
        let fault = needed.fault.iter().map(|fault| format!(": {fault}"));
        text::mermaid(&format!("{}{}", needed.name, fault.collect::<String>()))
    });
    names.collect::<Vec<_>>().join("<br/>")
}
